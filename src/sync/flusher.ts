import { EventEmitter } from 'node:events'
import type { FastifyBaseLogger } from 'fastify'
import { Problem, storeUnavailable } from '../errors.js'
import type { TicketArchive } from '../tickets/archive.js'
import type { Failure } from '../tickets/due-index.js'
import type { Partitions } from '../tickets/partitions.js'
import type { Batch, createSweep } from './sweep.js'

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

export interface FlushReport extends FlushCounts {
  /** Unsynced tickets that wait for a push after this flush. */
  remaining: number
  duration_ms: number
}

/** `error` is the code of the problem that ended the pass. */
export type LastFlush = FlushCounts & { finished_at: number, duration_ms: number, error: string | null }

export interface FlusherOptions {
  partitions: Partitions
  archive: TicketArchive
  batchSize: number
  leaseMs: number
  log: FastifyBaseLogger
  /** Ends a running pass after its present batch. */
  stopping: AbortSignal
}

/** Flushes that may wait for the one that is running. */
const WAITING_MAX = 10

/** What a flush takes: what is due, every unsynced ticket, or these. */
export type Scope = 'due' | 'all' | { ids: readonly number[] }

/** Pushes tickets from Redis to MySQL: claim, upsert, settle. */
export function createFlusher ({ partitions, archive, batchSize, leaseMs, log, stopping }: FlusherOptions) {
  const events = new EventEmitter<{ flushed: [flush: LastFlush] }>()
  let last: LastFlush | null = null
  let highestIdKnown = false
  let running: Promise<unknown> = Promise.resolve()
  const waiting = new Map<Scope, Promise<FlushReport>>()
  let waitingCount = 0
  // A MySQL that is too slow for a whole batch in time gets less at once, until it keeps up.
  let size = batchSize
  const { drift } = partitions

  /**
   * One batch. Every step may be repeated, and a crash after any of them costs a repetition at most.
   * @throws when Redis or MySQL cannot be used; the claims have been given back, or come back by themselves
   */
  async function flushOnce (claim: ReturnType<typeof createSweep>): Promise<FlushCounts & Pick<Batch, 'hasMore'>> {
    const batch = await claim(leaseMs, size)
    for (const id of batch.vanished) log.error({ member: id }, 'an unsynced ticket has vanished from Redis: another program deleted its hash, or marked what is no ticket')
    const refused = batch.corrupt.map(({ ticketId, message }) => ({ ticketId, reason: message }))
    let outdated: number[] = []
    let loaded = 0
    try {
      if (!highestIdKnown || !batch.archivedMaxKnown) {
        await partitions.raiseArchivedMax(await archive.highestId())
        highestIdKnown = true
      }
      if (batch.tickets.length > 0) {
        const unwritten = await archive.upsert(batch.tickets)
        refused.push(...unwritten.refused)
        outdated = unwritten.outdated
      }
      if (outdated.length > 0) {
        const drifted = await drift.load(outdated)
        refused.push(...drifted.failures)
        loaded = drifted.loaded
      }
      size = Math.min(size * 2, batchSize)
    } catch (error) {
      size = Math.ceil(size / 2)
      await batch.release().catch((failed: unknown) => {
        log.warn({ err: failed }, 'claims could not be given back; they come back when their lease ends')
      })
      throw error
    }
    const unwritten = new Set([...outdated, ...refused.map(({ ticketId }) => ticketId)])
    const written = batch.tickets.filter(ticket => !unwritten.has(ticket.ticket_id))
    if (written.length > 0) await batch.settle(written)
    const { retried, dead } = refused.length > 0 ? await putOff(batch, refused) : { retried: 0, dead: 0 }
    return {
      claimed: batch.tickets.length + batch.corrupt.length,
      synced: written.length + loaded,
      retried,
      dead,
      hasMore: batch.hasMore,
    }
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
    return { retried: attempts.filter(count => count > 0).length, dead: attempts.filter(count => count < 0).length }
  }

  /** Batches until a short one, of what was due when the pass began. */
  async function pass (scope: Scope, signal: AbortSignal): Promise<FlushReport> {
    const startedAt = performance.now()
    const counts: FlushCounts = { claimed: 0, synced: 0, retried: 0, dead: 0 }
    const durationMs = () => Math.round(performance.now() - startedAt)
    let failure: Error | undefined
    try {
      await drift.check(signal).catch((error: unknown) => { log.warn({ err: error }, 'Redis could not be compared with MySQL; the next flush tries again') })
      if (scope === 'all') await partitions.expediteAll()
      const claim = partitions.sweep(typeof scope === 'string' ? undefined : scope.ids)
      let hasMore: boolean
      do {
        const batch = await flushOnce(claim)
        for (const name of ['claimed', 'synced', 'retried', 'dead'] as const) counts[name] += batch[name]
        hasMore = batch.hasMore
      } while (hasMore && !signal.aborted)
      const { waiting } = await partitions.backlog()
      return { ...counts, remaining: waiting, duration_ms: durationMs() }
    } catch (error) {
      failure = error as Error
      throw error
    } finally {
      // A pass that found nothing is not worth a line, and one that failed gets its line from whoever asked for it.
      if (counts.claimed > 0) log.info({ ...counts, duration_ms: durationMs() }, 'tickets were flushed')
      last = { ...counts, finished_at: Math.floor(Date.now() / 1000), duration_ms: durationMs(), error: failure instanceof Problem ? failure.code : failure ? 'internal_error' : null }
      events.emit('flushed', last)
    }
  }

  return {
    /** `flushed`: a pass has ended, well or not. */
    on: events.on.bind(events),
    /**
     * Runs a pass when the one that is running, if any, has ended. Those who wait for the same share one.
     * @throws {Problem} overloaded when too many wait
     */
    flush (scope: Scope): Promise<FlushReport> {
      const shared = waiting.get(scope)
      if (shared) return shared
      if (waitingCount === WAITING_MAX) return Promise.reject(new Problem('overloaded', 'Too many flushes are waiting. Repeat the request after the seconds in Retry-After.'))
      waitingCount += 1
      const next = running.then(() => {
        waitingCount -= 1
        waiting.delete(scope)
        if (stopping.aborted) throw storeUnavailable(new Error('the service is stopping'))
        return pass(scope, stopping)
      })
      waiting.set(scope, next)
      running = next.catch(() => {})
      return next
    },
    /** The pass of a service that is stopping, after the one that is running. */
    flushLast: (signal: AbortSignal): Promise<FlushReport> => running.then(() => pass('due', signal)),
    lastFlush: () => last,
    /** To be called when Redis may have changed: the next pass asks MySQL again for the highest id. */
    relearn () { highestIdKnown = false },
  }
}

export type Flusher = ReturnType<typeof createFlusher>
