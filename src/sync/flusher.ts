import { EventEmitter } from 'node:events'
import type { FastifyBaseLogger } from 'fastify'
import { Problem, storeUnavailable } from '../errors.ts'
import type { TicketArchive } from '../database/database.ts'
import type { Partitions } from '../shards/partitions.ts'
import { inLanes } from './in-parallel.ts'
import { fullPace, type Pace } from './pace.ts'
import { createPush, type FlushCounts } from './push.ts'
import { createQueue } from './queue.ts'
import type { Batch, createSweep } from './claim-batches.ts'

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
  pace: Pace
  leaseMs: number
  log: FastifyBaseLogger
  /** Ends a running pass after its present batch. */
  stopping: AbortSignal
}

/** Batches in flight: while MySQL writes one, Redis gives the next or settles the last. */
const LANES = 2

/** What a flush takes: what is due, every unsynced ticket, or these. */
export type Scope = 'due' | 'all' | { ids: readonly number[] }

/** Pushes tickets from Redis to MySQL: claim, upsert, settle. */
export function createFlusher ({ partitions, archive, batchSize, pace, leaseMs, log, stopping }: FlusherOptions) {
  const events = new EventEmitter<{ pushed: [counts: FlushCounts], flushed: [flush: LastFlush] }>()
  let last: LastFlush | null = null
  // A MySQL that is too slow for a whole batch in time gets less at once, until it keeps up.
  let size = batchSize
  const { drift } = partitions
  const { push, relearn } = createPush({ partitions, archive, log })

  /** Batches until a short one, and adds up what becomes of them. */
  async function pushAll (claim: ReturnType<typeof createSweep>, pace: Pace, counts: FlushCounts, signal: AbortSignal): Promise<void> {
    let claimed: Batch | undefined
    const failed = new AbortController()

    async function pushOne (batch: Batch, asked: number) {
      try {
        const pushed = await push(batch, failed)
        for (const name of ['claimed', 'synced', 'retried', 'dead'] as const) counts[name] += pushed[name]
        events.emit('pushed', pushed)
        if (!failed.signal.aborted) size = Math.min(size * 2, batchSize)
      } catch (error) {
        size = Math.min(size, Math.ceil(asked / 2))
        throw error
      }
    }

    await inLanes(LANES, async () => {
      if (claimed && (!claimed.hasMore || signal.aborted)) return undefined
      const asked = pace(size, claimed?.ageMs ?? 0)
      const isWhole = asked === size
      const batch = await claim(leaseMs, asked)
      claimed = batch
      if (isWhole) return () => pushOne(batch, asked)
      // Beside requests one at a time: the next is not claimed before.
      await pushOne(batch, asked)
      return async () => {}
    })
  }

  /** What was due when it began. */
  async function pass (scope: Scope, pace: Pace, signal: AbortSignal): Promise<FlushReport> {
    const startedAt = performance.now()
    const counts: FlushCounts = { claimed: 0, synced: 0, retried: 0, dead: 0 }
    const durationMs = () => Math.round(performance.now() - startedAt)
    let failure: Error | undefined
    try {
      await drift.check(signal).catch((error: unknown) => { log.warn({ err: error }, 'Redis could not be compared with MySQL; the next flush tries again') })
      if (scope === 'all') await partitions.expediteAll()
      await pushAll(partitions.sweep(typeof scope === 'string' ? undefined : scope.ids), pace, counts, signal)
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

  async function run (scope: Scope): Promise<FlushReport> {
    if (stopping.aborted) throw storeUnavailable(new Error('the service is stopping'))
    return pass(scope, pace, stopping)
  }

  // A caller who names tickets does not wait for a backlog. That both may take the same ticket is what other instances do too.
  const sweeps = createQueue<Scope, FlushReport>(run)
  const named = createQueue<Scope, FlushReport>(run)

  return {
    /** `pushed`: a batch has been brought to MySQL. `flushed`: a pass has ended, well or not. */
    on: events.on.bind(events),
    /** @throws {Problem} overloaded when too many flushes wait for the one that is running */
    flush: (scope: Scope): Promise<FlushReport> => (typeof scope === 'string' ? sweeps : named).add(scope),
    /** The pass of a service that is stopping, after those that are running. Nobody is being served any more. */
    async flushLast (signal: AbortSignal): Promise<FlushReport> {
      await Promise.all([sweeps.ended(), named.ended()])
      return pass('due', fullPace, signal)
    },
    lastFlush: () => last,
    /** To be called when Redis may have changed: the next pass asks MySQL again for the highest id. */
    relearn,
  }
}

export type Flusher = ReturnType<typeof createFlusher>
