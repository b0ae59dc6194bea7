/** What MySQL holds is known by ranges of this number of ids: those of several sites and help desks lie far apart. */
export const ARCHIVED_RANGE = 100_000

/** A range of ids: those from `from` to `to`. */
export interface IdRange { from: number, to: number }

/** The range that the id is in. */
export function rangeOf (ticketId: number): IdRange {
  const from = Math.floor(ticketId / ARCHIVED_RANGE) * ARCHIVED_RANGE
  return { from, to: from + ARCHIVED_RANGE - 1 }
}

/**
 * The only place that spells a Redis key. The names after the prefix are those of the article that this
 * service began with, so that any client can read `ticket:{id}`.
 * @param keyPrefix KEY_PREFIX
 * @param tag the hash tag of a Cluster's partition, `{7}`, which keeps its keys in one slot
 */
export function createKeys (keyPrefix: string, tag = '') {
  const prefix = keyPrefix + tag
  return {
    /** What all keys begin with. */
    prefix,
    /** What stands before a ticket's id, for the scripts that find ids in the due index. */
    ticketPrefix: `${prefix}ticket:`,
    /** What stands before CALLER:KEY, an Idempotency-Key of a caller. */
    idempotencyPrefix: `${prefix}idem:`,
    ticket: (id: number) => `${prefix}ticket:${id}`,
    due: `${prefix}tickets:due`,
    /** What is known of the ids that MySQL holds, by range of ids. */
    archived: `${prefix}tickets:archived`,
    /** By buckets of ids, a stamp that changes when MySQL has received something new of them. */
    acknowledged: `${prefix}tickets:acknowledged`,
    /** The server on which this data was last known to be in step with MySQL, and when. */
    checkpoint: `${prefix}tickets:attested`,
    /** What is recorded of the tickets that MySQL has taken, with a name that goes with the data. */
    synced: `${prefix}tickets:synced`,
    /** How far the comparison of all tickets with MySQL is. */
    resync: `${prefix}tickets:resync`,
    /** The fields of a ticket that some version of the service has known. */
    fields: `${prefix}tickets:fields`,
    /** How the tickets of a Cluster are divided into partitions. */
    partitions: `${prefix}tickets:partitions`,
    /** The indexes of the unsynced tickets; their other keys begin with it. */
    index: `${prefix}tickets:index`,
    /** The change log. */
    changes: `${prefix}tickets:changes`,
    failures: `${prefix}tickets:failures`,
    dead: `${prefix}tickets:dead`,
    /** What is known of a webhook's target, and its deliveries: those that wait, their texts, and those that were given up. */
    webhook: (target: string) => {
      const state = `${prefix}webhook:${target}`
      return [state, `${state}:waiting`, `${state}:deliveries`, `${state}:dead`] as const
    },
    /** Requests of a caller, or of an address, in the present window. */
    limit: (bucket: string) => `${prefix}limit:${bucket}`,
  }
}

export type Keys = ReturnType<typeof createKeys>
