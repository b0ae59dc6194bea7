import type { Keys } from '../tickets/keys.ts'
import { toFailure } from './dead-letters.ts'
import type { Scripts } from './scripts.ts'

/** none: MySQL has it, or there is no such ticket; open: not due until it is closed; claimed: a flush is bringing it to MySQL. */
export const MARKS = ['none', 'open', 'scheduled', 'due', 'claimed', 'dead'] as const

/** How a ticket stands on its way to MySQL. Times are Unix seconds. */
export interface TicketPush {
  mark: typeof MARKS[number]
  /** Since when it is due, or when it will be; null: none, claimed or dead. */
  dueAt: number | null
  /** Since when it is a dead letter. */
  diedAt: number | null
  /** Attempts that MySQL has refused, and what it said at the last. */
  failure: { attempts: number, reason: string } | null
  /** undefined: Redis holds no such ticket. */
  version?: number
  /** undefined: MySQL has never had it, as far as Redis knows. */
  syncedVersion?: number
  isDeleted: boolean
  /** The key is no hash, or what it holds is no version. */
  isForeign: boolean
}

const toSeconds = (ms: string) => ms === '' ? null : Math.floor(Number(ms) / 1000)

/**
 * Looks at one ticket of a shard. May be repeated.
 * @param horizonMs what is due further ahead of now is due now
 */
export const createTicketPush = (scripts: Scripts, keys: Keys, horizonMs: number) => async (id: number): Promise<TicketPush> => {
  const [mark, due, died, failure, version, synced, deleted] = await scripts.inspect([keys.due, keys.dead, keys.failures], [keys.ticketPrefix, id, horizonMs]) as [TicketPush['mark'], string, string, string, string, string, string]
  return {
    mark,
    dueAt: toSeconds(due),
    diedAt: toSeconds(died),
    failure: failure === '' ? null : toFailure(failure),
    ...(/^\d+$/.test(version) && { version: Number(version) }),
    ...(/^\d+$/.test(synced) && { syncedVersion: Number(synced) }),
    isDeleted: deleted !== '',
    isForeign: version !== '' && !/^\d+$/.test(version),
  }
}
