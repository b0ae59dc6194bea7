import type { Problem } from '../errors.ts'
import type { CorruptTicketError } from '../tickets/codec.ts'
import type { Ticket } from '../tickets/fields.ts'
import type { Filters, GroupField, Listed, Query } from '../tickets/query.ts'
import type { IdRange } from '../tickets/keys.ts'
import { UNDIVIDED, type Partitioning } from '../tickets/partitioning.ts'

/** A caller waits for a look-up, so it has no more time than a write to Redis. */
export const FIND_TIMEOUT_MS = 1000

/** A ticket that could not be written. `version`: the one that was refused; none when the ticket could not be read. */
export interface Failure {
  ticketId: number
  version?: number
  reason: string
  /** No later attempt can be any better: somebody has to decide. */
  isFinal?: boolean
}

/** What an upsert left undone. */
export interface Unwritten {
  /** MySQL refuses them for what is in them. */
  refused: Failure[]
  /** MySQL holds a newer version, which Redis does not know: Redis has come back with older data, or its clock was set back. */
  outdated: number[]
}

/** The versions that tickets were created with, by id. */
export type FirstVersions = ReadonlyMap<number, number>

/** Why a ticket is not written over a row that MySQL holds in this version. */
export const refuseForeign = (ticketId: number, version: number, heldVersion: number): Failure => ({
  ticketId,
  version,
  isFinal: true,
  reason: `MySQL holds ticket ${ticketId} in version ${heldVersion}, which is older than the ticket: another program wrote it. It was not replaced. Keep one of the two: see "A row that the service did not write" in the runbooks`,
})

/** One of the parts that all tickets are divided into. */
export interface Partition extends Partitioning { index: number }

export const WHOLE: Partition = { index: 0, ...UNDIVIDED }

/** Of MySQL, whether an id is of the partition; the values are those of `partitionValues`. */
export const isOfPartition = (column: string): string => `MOD(${column} DIV ?, ?) = ?`

export const partitionValues = ({ index, count, block }: Partition): number[] => [block, count, index]

/**
 * The MySQL side, which reports and other programs read: a table of the tickets, or the posts of a
 * WordPress site. Every function may throw DatabaseUnavailable; the same call may succeed later.
 */
export interface TicketDatabase {
  /**
   * The versions of those among `ids` that MySQL holds.
   * @param timeoutMs default: that of the statements of a flush
   */
  versions (ids: readonly number[], timeoutMs?: number): Promise<Map<number, number>>

  /**
   * Writes the tickets where they are newer than what MySQL holds, and looks whether it is newer than they.
   * A tombstone takes the place of the ticket.
   * All that is not in the answer is committed. When it rejects, any of them may be.
   *
   * @param firstVersions of those that MySQL has not taken yet, the versions that they were created with, by id. What MySQL
   * holds in an older version is another program's, and is not replaced
   */
  upsert (tickets: readonly Ticket[], firstVersions?: FirstVersions): Promise<Unwritten>

  /**
   * The tickets, and tombstones, among `ids` that MySQL holds, as far as an answer of bounded size goes: it has not been asked for those that are
   * `left`. The first id is never among them.
   * @param timeoutMs of a statement; default: for a caller who waits
   */
  find (ids: readonly number[], timeoutMs?: number): Promise<{ found: Map<number, Ticket | CorruptTicketError>, left: Set<number> }>

  /** The tickets (of the partition) that were last changed at `since` (Unix seconds) or later and their versions, in pages. */
  changedSince (since: number, partition?: Partition): AsyncIterable<Map<number, number>>

  /** The statuses that the tickets have, byte by byte, as far as they can be told cheaply. */
  statuses (): Promise<string[]>

  /** Why it cannot list so, or count by a field; undefined: it can. */
  refusal (asked: Pick<Query, 'filters' | 'sort'> | { by: GroupField }): Problem | undefined

  /**
   * Where the tickets that fit stand, beyond a position.
   * @throws {Problem} not_supported
   */
  list (query: Query): Promise<Listed>

  /**
   * How many tickets fit at one moment, by a field, as text ('': they have none, of assigned_to '0'); without those among `except`, whose rows are outdated.
   * @param isCurrent asked after that moment: whether `except` is what it was
   * @returns undefined: it is not
   * @throws {Problem} not_supported
   */
  count (filters: Filters, by: GroupField, except: readonly number[], isCurrent: () => Promise<boolean>, timeoutMs: number): Promise<Map<string, number> | undefined>

  /** For each of the ranges the highest id that MySQL may hold, or a higher one of the range; 0 when it holds none. */
  highestIds (ranges: readonly IdRange[]): Promise<number[]>

  /** A page of the ids of the customer's tickets, in their order: those after `after`; of the last page `limit` are not there. */
  ofCustomer (customerId: number, after: number, limit: number): Promise<number[]>

  /** Removes some of the tombstones that have expired. Resolves with their number; 0: there are no more. */
  purgeTombstones (): Promise<number>

  /** Asks MySQL for an answer, and whether the tables that the target needs are there. */
  ping (): Promise<void>
}
