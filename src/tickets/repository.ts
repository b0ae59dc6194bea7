import type { Problem } from '../errors.ts'
import type { Ticket } from './fields.ts'
import type { Operation } from './operation.ts'

export interface Written {
  version: number
  /** What the ticket had before the operation, where the version alone was asked for; undefined: there was none, or an older service has kept the answer. */
  previous?: Pick<Ticket, 'version' | 'updated_at'>
  /** The ticket as it was written, unless the version alone was asked for. */
  ticket?: Ticket
  /** It was written by an earlier request with the same Idempotency-Key. */
  replayed: boolean
}

/** Accepted, and to be applied when Redis is back. */
export interface Journaled {
  journaled: true
  /** By an earlier request with the same Idempotency-Key. */
  replayed: boolean
}

export interface Found {
  ticket: Ticket
  source: 'redis' | 'mysql'
  /** Changes that were accepted and are not part of the version yet, though of the ticket as it is shown. */
  pending?: number
  /** Redis could not be asked: it may hold a newer version, and `synced_version` is null. */
  isStale?: true
}

/** On whose behalf. */
export interface CallOptions {
  /** The name of the API key, of which work is bounded; default: the service itself. */
  caller?: string
  /** What is asked for it. Default: all is begun with. */
  answer?: Answer
}

/** An answer of bounded size that is being put together. */
export interface Answer {
  /** Whether nothing more is to be begun with for it; what is left is NotRead: surely not applied. */
  isFull: () => boolean
  /** A ticket that was read for it. @returns the same ticket, as it is kept until the answer is sent */
  add: (ticket: Ticket) => Ticket
}

export interface ReadOptions extends CallOptions {
  /** What MySQL answers may be put back into Redis for a while, because it is likely to be asked for again. Default: not. */
  keep?: boolean
  /** What Redis has just said of some of the tickets: it is not asked for these again. */
  told?: ReadonlyMap<number, Found | Problem>
}

/**
 * What routes call, at every depth of the composition: the Redis store, read-through around it, the journal around that.
 * A layer knows only the one below and its own database.
 * Answers stand in the order of what was asked. A failure is a value, so that one does not hide the others.
 */
export interface TicketRepository<Answer = Written> {
  /** Operations on one ticket are applied in their order. */
  write (operations: readonly Operation[], options?: CallOptions): Promise<(Answer | Problem)[]>
  /** null: there is no such ticket. */
  read (ids: readonly number[], options?: ReadOptions): Promise<(Found | Problem | null)[]>
}
