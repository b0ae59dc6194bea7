import { EventEmitter } from 'node:events'
import type { FastifyBaseLogger } from 'fastify'
import type { TicketDatabase } from '../database/ticket-database.ts'
import { Problem, storeUnavailable } from '../errors.ts'
import { failureKind as databaseFailureKind } from '../mysql/failure.ts'
import { readBacklog } from '../shards/backlog.ts'
import type { Shards } from '../shards/shards.ts'
import { claimBatches, type Batch } from './claim-batches.ts'
import { toFlushFailure, type FlushFailure } from './flush-failure.ts'
import { createBacklogPasses, createNamedPasses, type FlushReport, type NamedPass } from './passes.ts'
import { createPush, type FlushCounts, type Outcome } from './push.ts'
import type { Resync } from './resync.ts'
import type { TicketShard } from './shard.ts'
import { allEnded } from '../util/async.ts'
import { fullPace, type Pace } from '../util/pace.ts'

/** `error` is the code of the problem that ended the pass, `failure` what a store has said. */
export type LastFlush = FlushCounts & { finished_at: number, duration_ms: number, error: string | null, failure: FlushFailure | null }

export interface FlusherOptions {
  shards: Shards<TicketShard>
  database: TicketDatabase
  resync: Pick<Resync, 'check' | 'compare'>
  /** This number of unsynced tickets is gone from Redis. */
  onVanished: (tickets: number) => void
  batchSize: number
  pace: Pace
  leaseMs: number
  log: FastifyBaseLogger
  /** Ends a running pass after its present batch. */
  stopping: AbortSignal
}

/** What a flush takes: what is due, every unsynced ticket, or these. */
export type Scope = 'due' | 'all' | { ids: readonly number[] }

/** From nothing to a whole batch, where MySQL was too slow for more. */
const STEPS = 50

/** What a pass adds up; by ticket only where some are named, because a backlog may be millions. */
interface Tally { counts: FlushCounts, outcomes?: Map<number, Outcome> }

interface InFlight { written: Promise<unknown>, ended: Promise<void> }

const NOTHING: InFlight = { written: Promise.resolve(), ended: Promise.resolve() }

/** Pushes tickets from Redis to MySQL: claim, upsert, acknowledge. */
export function createFlusher ({ shards, database, resync, onVanished, batchSize, pace, leaseMs, log, stopping }: FlusherOptions) {
  const events = new EventEmitter<{ pushed: [counts: FlushCounts], flushed: [flush: LastFlush] }>()
  let last: LastFlush | null = null
  // A MySQL that is too slow for a whole batch in time gets less at once, until it keeps up. What it was too slow for
  // is not tried again at once: up to half of that the size doubles, and from there it grows by small steps.
  let size = batchSize
  let provenSize = batchSize
  const { push, release } = createPush({ shards, onVanished, database, log })

  /** `written` when MySQL holds what it takes of the batch, `ended` when Redis knows; neither has to be looked at. */
  function pushOne (batch: Batch, asked: number, tally: Tally): InFlight {
    const written = push(batch)
    const ended = recordOne(written, asked, tally)
    for (const promise of [written, ended]) promise.catch(() => {})
    return { written, ended }
  }

  async function recordOne (written: ReturnType<typeof push>, asked: number, { counts, outcomes }: Tally) {
    try {
      const record = await written
      const pushed = await record()
      for (const name of ['claimed', 'synced', 'retried', 'dead'] as const) counts[name] += pushed[name]
      if (outcomes) for (const [id, outcome] of pushed.outcomes) outcomes.set(id, outcome)
      events.emit('pushed', pushed)
      size = Math.min(size < provenSize ? Math.min(size * 2, provenSize) : size + Math.ceil(batchSize / STEPS), batchSize)
    } catch (error) {
      size = Math.min(size, Math.ceil(asked / 2))
      provenSize = databaseFailureKind(error) === 'timeout' ? size : batchSize
      throw error
    }
  }

  /** Batches until a short one, and adds up what becomes of them. While MySQL writes one, the last is acknowledged and the next is claimed. */
  async function pushAll (claim: ReturnType<typeof claimBatches>, pace: Pace, tally: Tally, signal: AbortSignal): Promise<void> {
    let last: InFlight = NOTHING
    let beforeLast: InFlight = NOTHING
    let batch: Batch | undefined
    try {
      while (!batch || (batch.hasMore && !signal.aborted)) {
        const asked = pace(size, batch?.ageMs ?? 0)
        const isWhole = asked === size
        const claimed = await claim(leaseMs, asked)
        await Promise.all([beforeLast.ended, last.written]).catch(async (error: unknown) => {
          await release(claimed)
          throw error
        })
        beforeLast = last
        last = pushOne(claimed, asked, tally)
        batch = claimed
        // Beside requests one at a time: the next is not claimed before.
        if (!isWhole) await last.ended
      }
    } finally {
      await allEnded([beforeLast.ended, last.ended])
    }
  }

  /** Who names tickets is told that MySQL holds them: it is asked, and gets again what it has lost. */
  async function pushNamed (ids: readonly number[], pushOf: (ids: readonly number[]) => Promise<void>): Promise<void> {
    await pushOf(ids)
    const lost = (await resync.compare(ids)).filter(({ state }) => state === 'marked').map(({ id }) => id)
    if (lost.length > 0) await pushOf(lost)
  }

  /** What was due when it began. */
  async function pass (scope: Scope, pace: Pace, signal: AbortSignal, outcomes?: Map<number, Outcome>): Promise<FlushReport> {
    const startedAt = performance.now()
    const counts: FlushCounts = { claimed: 0, synced: 0, retried: 0, dead: 0 }
    const durationMs = () => Math.round(performance.now() - startedAt)
    let failure: Error | undefined
    try {
      await shards.each(({ reconcile }) => reconcile.check(signal)).catch((error: unknown) => { log.warn({ err: error }, 'Redis could not be compared with MySQL; the next flush tries again') })
      // Before anything else is acknowledged: what is recorded of MySQL is what it is held against.
      await resync.check()
      if (scope === 'all') await shards.reachable(({ dueIndex }) => dueIndex.expediteAll())
      const pushOf = (ids?: readonly number[]) => pushAll(claimBatches(shards, ids), pace, { counts, outcomes }, signal)
      await (typeof scope === 'string' ? pushOf() : pushNamed(scope.ids, pushOf))
      const { waiting } = await readBacklog(shards)
      return { ...counts, remaining: waiting, duration_ms: durationMs() }
    } catch (error) {
      failure = error as Error
      throw error
    } finally {
      // A pass that found nothing is not worth a line, and one that failed gets its line from whoever asked for it.
      if (counts.claimed > 0) log.info({ ...counts, duration_ms: durationMs() }, 'tickets were flushed')
      last = { ...counts, finished_at: Math.floor(Date.now() / 1000), duration_ms: durationMs(), error: failure instanceof Problem ? failure.code : failure ? 'internal_error' : null, failure: failure ? toFlushFailure(failure) : null }
      events.emit('flushed', last)
    }
  }

  async function run (scope: Scope, outcomes?: Map<number, Outcome>): Promise<FlushReport> {
    if (stopping.aborted) throw storeUnavailable(new Error('the service is stopping'))
    return pass(scope, pace, stopping, outcomes)
  }

  // A caller who names tickets does not wait for a backlog. That both may take the same ticket is what other instances do, too.
  const backlogPasses = createBacklogPasses((scope: 'due' | 'all') => run(scope))
  const namedPasses = createNamedPasses(async (ids): Promise<NamedPass> => {
    const outcomes = new Map<number, Outcome>()
    return { report: await run({ ids }, outcomes), outcomes }
  })

  return {
    /** `pushed`: a batch has been brought to MySQL. `flushed`: a pass has ended, well or not. */
    on: events.on.bind(events),
    /** @throws {Problem} overloaded when too many tickets that were named wait */
    flush: (scope: Scope): Promise<FlushReport> => typeof scope === 'string' ? backlogPasses.add(scope) : namedPasses.add(scope.ids),
    /** The pass of a service that is stopping, after those that are running. Nobody is being served any more. */
    async flushLast (signal: AbortSignal): Promise<FlushReport> {
      await Promise.all([backlogPasses.ended(), namedPasses.ended()])
      return await pass('due', fullPace, signal)
    },
    lastFlush: () => last,
  }
}
