import type { FastifyBaseLogger } from 'fastify'
import pLimit from 'p-limit'
import type { Failure, TicketDatabase } from '../database/ticket-database.ts'
import type { Shards } from '../shards/shards.ts'
import type { Batch } from './claim-batches.ts'
import { loadNewer } from './reconcile.ts'
import type { TicketShard } from './shard.ts'

export interface FlushCounts {
  /** Tickets taken from the due index. */
  claimed: number
  /** Tickets that MySQL holds in their claimed version now, or whose newer row was loaded from it. */
  synced: number
  /** Tickets put off: they could not be read, or MySQL refused them. */
  retried: number
  /** Tickets given up until a new write or an operator brings them back. */
  dead: number
}

/** What became of a ticket that was taken. `changed`: it is newer by now, and due again. */
export type Outcome = 'synced' | 'retried' | 'dead' | 'changed'

export interface Pushed extends FlushCounts { outcomes: Map<number, Outcome> }

export interface PushOptions {
  shards: Shards<TicketShard>
  /** This number of unsynced tickets is gone from Redis. */
  onVanished: (tickets: number) => void
  database: TicketDatabase
  log: FastifyBaseLogger
}

/** Brings claimed tickets to MySQL. Every step may be repeated, and a crash after any of them costs a repetition at most. */
export function createPush ({ shards, onVanished, database, log }: PushOptions) {
  // Two statements at a time would wait for each other's locks, and now and then in a circle.
  const oneAtATime = pLimit(1)

  /** Resolves with what MySQL did not take, and how many newer rows were loaded from it. */
  async function write ({ tickets, firstVersions }: Batch) {
    if (tickets.length === 0) return { refused: [], outdated: [], loaded: 0 }
    const { refused, outdated } = await oneAtATime(() => database.upsert(tickets, firstVersions))
    if (outdated.length === 0) return { refused, outdated, loaded: 0 }
    const { loaded, failures, newer } = await loadNewer(shards, outdated)
    // Their claims come back when their lease ends.
    warnOfNewer(newer.length)
    return { refused: [...refused, ...failures], outdated, loaded }
  }

  /** Redis has lost what it gave, and MySQL has it. Resolves with how many are in step again. */
  async function restore (ids: readonly number[]): Promise<number> {
    const { loaded, failures, newer } = await loadNewer(shards, ids)
    warnOfNewer(newer.length)
    for (const { ticketId, reason } of failures) log.error({ ticket_id: ticketId, reason }, 'a ticket could not be loaded into Redis')
    return loaded
  }

  async function putOff (batch: Batch, failures: readonly Failure[]) {
    const attempts = await batch.retry(failures)
    failures.forEach(({ ticketId, reason }, i) => {
      const count = attempts[i]!
      // It has changed since the claim: what was refused is of no interest any more.
      if (count === 0) return
      log.error({ ticket_id: ticketId, reason, attempts: Math.abs(count) }, count < 0
        ? 'a ticket could not be written to MySQL; it is a dead letter until it changes or is retried'
        : 'a ticket could not be written to MySQL; it will be tried again')
    })
    return attempts
  }

  async function release (batch: Batch) {
    await batch.release().catch((error: unknown) => {
      log.warn({ err: error }, 'claims could not be given back; they come back when their lease ends')
    })
  }

  function warnOfNewer (tickets: number) {
    if (tickets > 0) log.warn({ tickets }, 'tickets have fields that this version of the service does not know: an instance of a newer version keeps them in step')
  }

  function warn ({ vanished, newer }: Batch) {
    for (const id of vanished) log.error({ member: id }, 'an unsynced ticket has vanished from Redis: another program deleted its hash, or marked what is no ticket')
    const tickets = vanished.filter(id => /^[1-9]\d{0,15}$/.test(id)).length
    if (tickets > 0) onVanished(tickets)
    warnOfNewer(newer)
  }

  async function record (batch: Batch, outdated: readonly number[], loaded: number, unwritten: readonly Failure[]): Promise<Pushed> {
    const refused = [...batch.corrupt.map(({ ticketId, message }) => ({ ticketId, reason: message })), ...unwritten]
    const others = new Set([...outdated, ...refused.map(({ ticketId }) => ticketId)])
    const written = batch.tickets.filter(ticket => !others.has(ticket.ticket_id))
    const older = written.length > 0 ? await batch.acknowledge(written) : []
    const attempts = refused.length > 0 ? await putOff(batch, refused) : []
    const restored = older.length > 0 ? await restore(older) : 0
    const outcomes = new Map<number, Outcome>()
    for (const { ticket_id: id } of batch.tickets) outcomes.set(id, 'synced')
    if (restored < older.length) for (const id of older) outcomes.set(id, 'changed')
    refused.forEach(({ ticketId }, i) => { outcomes.set(ticketId, attempts[i]! > 0 ? 'retried' : attempts[i]! < 0 ? 'dead' : 'changed') })
    return {
      claimed: batch.tickets.length + batch.corrupt.length,
      synced: written.length - older.length + restored + loaded,
      retried: attempts.filter(count => count > 0).length,
      dead: attempts.filter(count => count < 0).length,
      outcomes,
    }
  }

  return {
    release,

    /**
     * Resolves when MySQL holds what it takes of the batch, with a function that records that in Redis and resolves with what became of it.
     * @throws (both) when Redis or MySQL cannot be used; the claims have been given back, or come back by themselves
     */
    async push (batch: Batch): Promise<() => Promise<Pushed>> {
      warn(batch)
      const { outdated, loaded, ...unwritten } = await write(batch).catch(async (error: unknown) => {
        await release(batch)
        throw error
      })
      return () => record(batch, outdated, loaded, unwritten.refused)
    },
  }
}
