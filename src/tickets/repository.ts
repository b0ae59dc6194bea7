import type { Problem } from '../errors.ts'
import type { CreateTicket, PatchTicket, Ticket } from './ticket.ts'

/** Makes an operation one that is applied once, however often it is sent. */
export interface Idempotency {
  /** The request's Idempotency-Key. */
  key: string
  /** The same for the same request; a key stands for one request. */
  fingerprint: string
  /** Which of the request's operations this is, from 0. */
  index: number
}

interface OnTicket {
  ticket_id: number
  /** Somebody has looked: MySQL does not hold the id. */
  absentFromArchive?: boolean
  idempotency?: Idempotency
  /** For many operations: the answer holds the version alone. */
  answer?: 'version'
  /**
   * For an operation that comes late: when it was accepted, ms of Redis's clock. It is refused
   * (version_conflict) when it would change what others have changed since. Needs `idempotency`.
   */
  asOf?: number
}

/** Creates the ticket; refused when it exists. */
export interface Create extends OnTicket { op: 'create', fields: CreateTicket }

/** Changes the ticket; refused when it does not exist or none of `ifMatch` is its version. */
export interface Update extends OnTicket {
  op: 'update'
  fields: PatchTicket
  /** Versions of which one must be the ticket's; undefined: any. */
  ifMatch?: readonly string[]
}

/** Puts what MySQL holds back into Redis, unless the ticket is there. */
export interface Restore extends OnTicket { op: 'restore', ticket: Ticket }

export type Operation = Create | Update | Restore

export interface Written {
  version: number
  /** The ticket as it was written, unless the version alone was asked for. */
  ticket?: Ticket
  /** It was written by an earlier request with the same Idempotency-Key. */
  replayed: boolean
}

/** Accepted, and to be made when Redis is back. */
export interface Journaled {
  journaled: true
  /** By an earlier request with the same Idempotency-Key. */
  replayed: boolean
}

export interface Found {
  ticket: Ticket
  source: 'redis' | 'archive'
  /** Changes that were accepted and are not part of the version yet, though of the ticket as it is shown. */
  pending?: number
}

/**
 * What routes call, at every depth of the composition: the Redis store, read-through around it, the journal around that.
 * A layer knows only the one below and its own database.
 * Answers stand in the order of what was asked. A failure is a value, so that one does not hide the others.
 */
export interface TicketRepository<Answer = Written> {
  /** Operations on one ticket are applied in their order. */
  write (operations: readonly Operation[]): Promise<(Answer | Problem)[]>
  /** null: there is no such ticket. */
  read (ids: readonly number[]): Promise<(Found | Problem | null)[]>
}
