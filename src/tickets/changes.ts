import type { Ticket } from './fields.ts'

/** A place in the change log of one shard. */
export interface LogPosition {
  /** Of the Redis that gave it. */
  epoch: string
  /** The last entry that was told whole, MS-SEQ. */
  entry: string
  /** Ids of the next entry that were told, too. */
  told: number
}

/**
 * How far a snapshot is. `all`, `mysql`: the id up to which the tickets, or MySQL's rows, were told. `redis`: how far the keys of a shard were
 * walked through, and unsynced tickets that were found and have not been told. Where there are no indexes `redis` comes first, then `mysql`.
 */
export type SnapshotPosition =
  { of: 'all' | 'mysql', after: number } |
  { of: 'redis', shard: number, cursor: string, left: number[] }

/** How far a consumer is. */
export interface ChangeCursor {
  /** One for each shard. */
  positions: LogPosition[]
  /** In the snapshot, which ends where the log at `positions` goes on. */
  snapshot?: SnapshotPosition
}

/** A ticket as it is now; none: it was deleted. */
export interface Change { ticketId: number, version: number, ticket?: Ticket }
