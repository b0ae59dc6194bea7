import type { CorruptTicketError } from '../tickets/codec.ts'
import type { Ticket } from '../tickets/fields.ts'

/** A caller waits for a look-up, so it has no more time than a write to Redis. */
export const FIND_TIMEOUT_MS = 1000

/** A ticket that could not be written. `version`: the one that was refused; none when the ticket could not be read. */
export interface Failure { ticketId: number, version?: number, reason: string }

/** What an upsert left undone. */
export interface Unwritten {
  /** MySQL refuses them for what is in them. */
  refused: Failure[]
  /** MySQL holds a newer version, which Redis does not know: Redis has come back with older data, or its clock was set back. */
  outdated: number[]
}

/** One of `count` parts of all tickets: those whose id, divided by `count`, leaves `index`. */
export interface Partition { index: number, count: number }

/**
 * The MySQL side, which reports and other programs read: a table of the tickets, or the posts of a
 * WordPress site. Every function may throw DatabaseUnavailable; the same call may succeed later.
 */
export interface TicketDatabase {
  /** The versions of those among `ids` that MySQL holds. */
  versions (ids: readonly number[]): Promise<Map<number, number>>

  /**
   * Writes the tickets where they are newer than what MySQL holds, and looks whether it is newer than they.
   * All that is not in the answer is committed. When it rejects, any of them may be.
   */
  upsert (tickets: readonly Ticket[]): Promise<Unwritten>

  /**
   * The tickets among `ids` that MySQL holds.
   * @param timeoutMs default: for a caller who waits
   */
  find (ids: readonly number[], timeoutMs?: number): Promise<Map<number, Ticket | CorruptTicketError>>

  /** The tickets (of the partition) that were last changed at `since` (Unix seconds) or later and their versions, in pages. */
  changedSince (since: number, partition?: Partition): AsyncIterable<Map<number, number>>

  /** The statuses that the tickets have, as far as they can be told cheaply. */
  statuses (): Promise<string[]>

  /** The highest id that MySQL holds; 0 when it holds none. */
  highestId (): Promise<number>

  /** Asks MySQL for an answer, and whether the tables that the target needs are there. */
  ping (): Promise<void>
}
