import { toHash } from '../tickets/codec.ts'
import type { Keys } from '../tickets/keys.ts'
import type { Checkpoint } from './checkpoint.ts'
import { KNOWN_FIELDS, type Scripts } from './scripts.ts'
import type { Ticket } from '../tickets/fields.ts'

/** Marks that one call looks at, so that none occupies Redis for long. */
const SCAN_COUNT = 500

export interface ReconcileStoreOptions {
  /** A ticket that MySQL holds stays in Redis this long. */
  retentionSeconds: number
  /** A change stays in the change log this long; 0: there is none. */
  changesSeconds: number
  checkpoint: Checkpoint
}

/** The Redis side of reconciling with MySQL. Every call may be repeated. */
export function createReconcileStore (scripts: Scripts, keys: Keys, { retentionSeconds, changesSeconds, checkpoint }: ReconcileStoreOptions) {
  /** What is unsynced, in parts. One that is unsynced during the whole scan is given at least once. */
  async function * scan (): AsyncGenerator<{ id: number, version: number, status: string }[]> {
    let cursor = '0'
    do {
      const [next, ...flat] = await scripts.scan([keys.due], [keys.ticketPrefix, cursor, SCAN_COUNT]) as string[]
      const page: { id: number, version: number, status: string }[] = []
      for (let i = 0; i < flat.length; i += 3) page.push({ id: Number(flat[i]), version: Number(flat[i + 1]), status: flat[i + 2]! })
      if (page.length > 0) yield page
      cursor = next!
    } while (cursor !== '0')
  }

  return {
    /**
     * Records that this server's data is in step with MySQL, if it was already; undefined: it was. Else
     * the time (ms) up to which it was known to be, on another server or before a restart; 0: never.
     */
    async checkpoint (): Promise<number | undefined> {
      const atMs = await checkpoint.record(0)
      return atMs < 0 ? undefined : atMs
    },

    /** Records it after a comparison. */
    checkpointCompared: async (): Promise<void> => { await checkpoint.record(1) },

    /** Has creates ask MySQL again which ids it holds. */
    forgetArchived: async (): Promise<void> => { await scripts.forget([keys.archived], []) },

    /** The unsynced tickets and their versions, in parts. */
    async * unsynced (): AsyncGenerator<Map<number, number>> {
      for await (const page of scan()) yield new Map(page.map(({ id, version }) => [id, version]))
    },

    /** The statuses of the unsynced tickets, in parts. */
    async * unsyncedStatuses (): AsyncGenerator<string[]> {
      for await (const page of scan()) yield page.flatMap(({ status }) => status === '' ? [] : [status])
    },

    /** The versions of those among `ids` that Redis holds. */
    async versions (ids: readonly number[]): Promise<Map<number, number>> {
      const versions = await scripts.versions(ids.map(keys.ticket), []) as string[]
      return new Map(ids.flatMap((id, i) => versions[i] === '' ? [] : [[id, Number(versions[i])] as const]))
    },

    /**
     * Replaces what is older. Resolves with the versions that were replaced, undefined where there was nothing to do;
     * 'newer': nothing was replaced, and an instance of a newer version of the service does it.
     */
    async repair (tickets: readonly Ticket[]): Promise<(number | undefined)[] | 'newer'> {
      const rows = tickets.map(ticket => [String(ticket.ticket_id), String(ticket.version), toHash(ticket)])
      const replaced = await scripts.repair([keys.due, keys.dead, keys.failures, keys.fields, keys.acknowledged, keys.synced, keys.index, keys.changes], [keys.ticketPrefix, retentionSeconds, JSON.stringify(rows), KNOWN_FIELDS, changesSeconds]) as string[] | number
      if (typeof replaced === 'number') return 'newer'
      return replaced.map(version => version === '' ? undefined : Number(version))
    },
  }
}

export type ReconcileStore = ReturnType<typeof createReconcileStore>
