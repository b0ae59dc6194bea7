import { EventEmitter } from 'node:events'
import type { Refusal } from '../util/budget.ts'

/** What became of journal entries. */
export interface Replayed { applied: number, conflicts: number }

/** What the layers of the repository tell. */
export type TicketEvents = EventEmitter<{
  /** A script call has applied this number of operations. */
  write: [operations: number]
  /** Work was refused, because too much of it waits. */
  refused: [refusal: Refusal]
  /** Redis can be written to again. */
  trusted: []
  /** This number of operations was accepted for the journal. */
  journaled: [operations: number]
  /** There was no room for one in the journal: its ticket, its caller or all have as much there as there may be. */
  journalFull: [reason: 'ticket' | 'caller' | 'total']
  replayed: [replayed: Replayed]
  /** This number of unsynced tickets is gone from Redis. */
  vanished: [tickets: number]
  /** The indexes of the unsynced tickets of a shard were built anew, or could not be. */
  indexed: [outcome: 'built' | 'failed']
  /** MySQL does not hold what it had acknowledged. */
  mysqlLost: []
  /** An erasure has made tombstones of this number of tickets. */
  erased: [tickets: number]
  /** Tickets were compared with MySQL. */
  compared: [counts: { compared: number, marked: number, loaded: number }]
}>

export const createTicketEvents = (): TicketEvents => new EventEmitter()
