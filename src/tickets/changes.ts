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

/** How far a consumer is. */
export interface ChangeCursor {
  /** One for each shard. */
  positions: LogPosition[]
  /** In the snapshot: the id up to which tickets were told. It ends where the log at `positions` goes on. */
  snapshotAfter?: number
}

/** A ticket as it is now; none: it was deleted. */
export interface Change { ticketId: number, version: number, ticket?: Ticket }
