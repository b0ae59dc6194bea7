/**
 * The only place that spells a Redis key. `prefix` is KEY_PREFIX; the names after it are those of
 * the article that this service began with, so that any client can read `ticket:{id}`.
 */
export function createKeys (prefix: string) {
  return {
    /** What stands before a ticket's id, for the scripts that find ids in the due index. */
    ticketPrefix: `${prefix}ticket:`,
    /** What stands before an Idempotency-Key. */
    idempotencyPrefix: `${prefix}idem:`,
    ticket: (id: number) => `${prefix}ticket:${id}`,
    due: `${prefix}tickets:due`,
    archivedMax: `${prefix}tickets:archived_max`,
    /** Which server this data was last known to be in step with MySQL on, and when. */
    attested: `${prefix}tickets:attested`,
    failures: `${prefix}tickets:failures`,
    dead: `${prefix}tickets:dead`,
  }
}

export type Keys = ReturnType<typeof createKeys>
