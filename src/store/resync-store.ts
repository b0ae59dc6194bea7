import type { Keys } from '../tickets/keys.ts'
import type { Reply } from '../redis/scripts.ts'
import type { Scripts } from './scripts.ts'

/** Keys that one call looks at, so that none occupies Redis for long. */
const WALK_COUNT = 500

/** An instance that has not renewed its lease in this time has ended, or hangs. Another one goes on. */
const LEASE_MS = 30_000

/** How a ticket stands in Redis. */
export interface Standing {
  id: number
  /** undefined: Redis holds no such ticket. */
  version?: number
  /** undefined: MySQL has never had it, as far as Redis knows. */
  syncedVersion?: number
  isMarked: boolean
  /** The key is no hash, or what it holds is no version. */
  isForeign: boolean
}

/** MySQL holds less of a ticket than it had acknowledged. */
export interface Outdated {
  id: number
  /** What Redis took MySQL to hold. */
  syncedVersion?: number
  /** What it holds. */
  heldVersion?: number
}

export const RESYNC_REASONS = ['requested', 'mysql_lost'] as const

export type ResyncReason = typeof RESYNC_REASONS[number]

/** What another program has put there is none of them. */
export const toReason = (text: string | undefined): ResyncReason => RESYNC_REASONS.find(reason => reason === text) ?? 'requested'

/** Tickets. */
export interface ResyncCounts {
  compared: number
  /** That were made due, because MySQL does not hold them as it did. */
  marked: number
  /** That MySQL held in a newer version, which was loaded into Redis. */
  loaded: number
}

export interface ResyncState extends ResyncCounts {
  state: 'idle' | 'needed' | 'running'
  /** Counts the resyncs. */
  number: number
  reason: ResyncReason | null
  /** Unix seconds. */
  started_at: number | null
  finished_at: number | null
}

/** The Redis side of a resync: the tickets of a shard, and who compares them. Every call may be repeated. */
export function createResyncStore (scripts: Scripts, keys: Keys) {
  const pattern = `${keys.ticketPrefix.replaceAll(/[\\*?[\]]/g, '\\$&')}*`

  /**
   * The part of the walk at a cursor of Redis, '0' for the first; or these tickets.
   * @returns the cursor of the next part, '0' when that was the last
   */
  async function walkOn (cursor: string, ids: readonly number[] = [], keysMax = WALK_COUNT): Promise<[string, Standing[]]> {
    const [next, ...flat] = await scripts.walk([keys.due, keys.dead], [keys.ticketPrefix, cursor, keysMax, pattern, ...ids]) as [string, ...(string | number)[]]
    const standings: Standing[] = []
    for (let i = 0; i < flat.length; i += 4) standings.push(toStanding(flat.slice(i, i + 4) as [string, string, string, number]))
    return [next, standings]
  }

  const act = async (action: string, args: readonly (string | number)[] = []) => toState(await scripts.resync([keys.resync, keys.synced], [action, ...args]) as Reply[])

  const countsOf = ({ compared, marked, loaded }: ResyncCounts) => [compared, marked, loaded]

  return {
    walkOn,

    /** All tickets that Redis holds, in parts. */
    async * walk (): AsyncGenerator<Standing[]> {
      let cursor = '0'
      do {
        const [next, standings] = await walkOn(cursor)
        yield standings
        cursor = next
      } while (cursor !== '0')
    },

    /** These, in their order. */
    standings: async (ids: readonly number[]): Promise<Standing[]> => (await walkOn('0', ids))[1],

    /** Records what MySQL holds of these and makes them due, where they are still as they were compared. Resolves with the ids of those. */
    async outdate (tickets: readonly Outdated[]): Promise<number[]> {
      const ids = await scripts.outdate([keys.due, keys.dead, keys.index], [keys.ticketPrefix, ...tickets.flatMap(({ id, syncedVersion = '', heldVersion = '' }) => [id, syncedVersion, heldVersion])]) as string[]
      return ids.map(Number)
    },

    read: async (): Promise<ResyncState> => (await act('read')).state,
    /** Not done when one is open, or when another one has been since `known`. */
    need: (reason: ResyncReason, known?: number) => act('need', [reason, known ?? '']),
    /** Not done when another owner works on it. */
    begin: (owner: string) => act('begin', [owner, LEASE_MS]),
    /** Not done when it is somebody else's now. */
    renew: (owner: string, counts: ResyncCounts) => act('renew', [owner, LEASE_MS, ...countsOf(counts)]),
    finish: (owner: string, counts: ResyncCounts) => act('finish', [owner, LEASE_MS, ...countsOf(counts)]),
    /** Lets another one go on at once. */
    leave: (owner: string, counts: ResyncCounts) => act('renew', [owner, 0, ...countsOf(counts)]),
  }
}

export type ResyncStore = ReturnType<typeof createResyncStore>

function toStanding ([id, version, synced, mark]: [string, string, string, number]): Standing {
  return {
    id: Number(id),
    ...(version !== '' && { version: Number(version) }),
    ...(synced !== '' && { syncedVersion: Number(synced) }),
    isMarked: mark === 1,
    isForeign: mark === -1 || !/^\d*$/.test(version) || !/^\d*$/.test(synced),
  }
}

function toState ([done, ...flat]: Reply[]): { isDone: boolean, state: ResyncState } {
  const fields: Partial<Record<string, string>> = {}
  for (let i = 0; i < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
  const state = fields.state === 'needed' || fields.state === 'running' ? fields.state : 'idle'
  const timeOf = (text?: string) => text === undefined ? null : Number(text)
  return {
    isDone: done === 1,
    state: {
      state,
      number: Number(fields.number ?? 0),
      reason: fields.reason === undefined ? null : toReason(fields.reason),
      started_at: timeOf(fields.started_at),
      finished_at: timeOf(fields.finished_at),
      compared: Number(fields.compared ?? 0),
      marked: Number(fields.marked ?? 0),
      loaded: Number(fields.loaded ?? 0),
    },
  }
}
