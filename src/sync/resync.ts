import { randomUUID } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import pLimit from 'p-limit'
import type { TicketDatabase } from '../database/ticket-database.ts'
import { DatabaseUnavailable, RowsRefused } from '../mysql/failure.ts'
import type { Shards } from '../shards/shards.ts'
import { RESYNC_REASONS, type ResyncReason, type ResyncState } from '../store/resync-store.ts'
import type { TicketEvents } from '../tickets/events.ts'
import { allEnded } from '../util/async.ts'
import type { Compared } from './compare.ts'
import type { ShardResync } from './shard-resync.ts'

/** Two missing witnesses are a loss. A single one may be a row that another program deleted. */
const MISSING_MIN = 2

export interface ResyncOptions {
  shards: Shards<{ resync: ShardResync, isUsable: () => boolean }>
  database: Pick<TicketDatabase, 'versions'>
  events: TicketEvents
  log: FastifyBaseLogger
  stopping: AbortSignal
  /** A resync has made tickets due. */
  onMarked: () => void
}

/** The resyncs of all shards as one. */
export type ResyncStatus = Omit<ResyncState, 'number'> & { unreachable: number }

/**
 * For a MySQL that holds less than it had acknowledged: it was restored from a backup, its table was emptied or is another one, or
 * a failover lost what was committed. Redis's record of it says what is missing, and that is pushed again.
 */
export function createResync ({ shards, database, events, log, stopping, onMarked }: ResyncOptions) {
  const owner = randomUUID()
  // One shard at a time, so that a Cluster's are no more load than a single Redis.
  const oneAtATime = pLimit(1)
  const working = new Map<ShardResync, Promise<void>>()
  let isUnasked = false
  // Witnesses that MySQL does not hold any more, and of which that has been said.
  let gone = new Set<number>()

  async function work (resync: ShardResync) {
    const done = await resync.work(owner, stopping, counts => { events.emit('compared', counts) })
    if (!done) return
    const { reason, compared, marked, loaded } = done
    log[reason === 'mysql_lost' ? 'warn' : 'info']({ reason, compared, marked, loaded, ...partitionOf(resync) }, 'all tickets in Redis were compared with MySQL: those that it lacks are due, those that it holds in a newer version were loaded')
    if (marked > 0) onMarked()
  }

  const partitionOf = ({ index }: ShardResync) => shards.all.length > 1 ? { partition: index } : {}

  /** Goes on with what is open. What fails is tried again at the next pass. */
  function workOnAll () {
    for (const { resync, isUsable } of shards.all) {
      if (stopping.aborted || working.has(resync) || !resync.openFor() || !isUsable()) continue
      working.set(resync, oneAtATime(() => work(resync))
        .catch((error: unknown) => { if (!stopping.aborted) log.warn({ err: error, ...partitionOf(resync) }, 'the comparison of all tickets with MySQL was interrupted; the next flush begins it again') })
        .finally(() => { working.delete(resync) }))
    }
  }

  const compare = (ids: readonly number[]): Promise<Compared[]> => shards.spread(ids, id => id, ({ resync }, part) => resync.compare(part))

  /** undefined: MySQL cannot be asked now, which says nothing of what it holds. */
  async function ask (ids: readonly number[]): Promise<Map<number, number> | undefined> {
    try {
      const held = await database.versions(ids)
      isUnasked = false
      return held
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable || error instanceof RowsRefused)) throw error
      log[isUnasked ? 'debug' : 'warn']({ err: error }, 'MySQL could not be asked whether it still holds what it had acknowledged; the next flush asks again')
      isUnasked = true
      return undefined
    }
  }

  /** Another program has deleted a row, or it was the last that a failover lost. */
  async function restore (ids: readonly number[]) {
    log.warn({ ticket_ids: ids }, 'MySQL does not hold a ticket any more that it had acknowledged; if Redis still holds it, it is pushed again')
    await compare(ids)
    for (const id of ids) gone.add(id)
  }

  async function tellLoss (loss: { missing: number[], older: number[], asked: number }) {
    const begun = await allEnded(shards.all.filter(({ isUsable }) => isUsable()).map(({ resync }) => resync.tellLoss()))
    // Another instance has said it.
    if (!begun.includes(true)) return
    events.emit('mysqlLost')
    log.error({ asked: loss.asked, missing: loss.missing.length, older: loss.older.length, ticket_ids: [...loss.missing, ...loss.older].slice(0, 10) },
      'MySQL does not hold what it had acknowledged: it was restored from a backup, its table was emptied or is another one, or a failover lost writes. All tickets in Redis are compared with it, and pushed again where it lacks them')
  }

  async function lookAtWitnesses () {
    const witnesses = shards.all.filter(({ isUsable }) => isUsable()).map(({ resync }) => [resync, resync.witnesses()] as const).filter(([, { size }]) => size > 0)
    const all = witnesses.flatMap(([, each]) => [...each])
    gone = new Set(all.map(([id]) => id).filter(id => gone.has(id)))
    const asked = all.filter(([id]) => !gone.has(id))
    const held = asked.length > 0 ? await ask(asked.map(([id]) => id)) : undefined
    if (!held) return
    const missing = asked.filter(([id]) => !held.has(id)).map(([id]) => id)
    const older = asked.filter(([id, version]) => held.get(id)! < version).map(([id]) => id)
    if (older.length > 0 || missing.length >= MISSING_MIN || (missing.length > 0 && missing.length === asked.length)) {
      await tellLoss({ missing, older, asked: asked.length })
      return
    }
    if (missing.length > 0) await restore(missing)
    for (const [resync, each] of witnesses) resync.verify(new Map([...each].filter(([id]) => held.has(id))))
  }

  return {
    /** Finds out whether MySQL still holds what it had acknowledged, and goes on with a resync that is open. A single SELECT. */
    async check (): Promise<void> {
      await lookAtWitnesses()
      workOnAll()
    },

    /**
     * Compares these tickets with MySQL now.
     * @returns in the order of `ids`
     */
    compare,

    /** Compares these, and has what MySQL lacks pushed. */
    async compareAndPush (ids: readonly number[]): Promise<Compared[]> {
      const compared = await compare(ids)
      if (compared.some(({ state }) => state === 'marked')) onMarked()
      return compared
    },

    /** Has all tickets compared, unless that is being done. */
    async start (): Promise<ResyncStatus> {
      await shards.reachable(({ resync }) => resync.request())
      workOnAll()
      return await status()
    },

    status,

    /** Why tickets are to be compared or are being compared, as far as this instance knows; undefined: they are not. */
    openFor (): ResyncReason | undefined {
      const reasons = shards.all.map(({ resync }) => resync.openFor())
      return RESYNC_REASONS.findLast(reason => reasons.includes(reason))
    },

    /** Resolves when nothing runs any more. */
    async ended () { await Promise.all(working.values()) },
  }

  async function status (): Promise<ResyncStatus> {
    const states = await shards.reachable(({ resync }) => resync.read())
    return { ...sumOf(states), unreachable: shards.all.length - states.length }
  }
}

export type Resync = ReturnType<typeof createResync>

/** A resync is running where one shard's is, and ended when the last has. */
function sumOf (states: readonly ResyncState[]): Omit<ResyncState, 'number'> {
  const state = (['running', 'needed'] as const).find(name => states.some(each => each.state === name)) ?? 'idle'
  const sum = (name: 'compared' | 'marked' | 'loaded') => states.reduce((total, each) => total + each[name], 0)
  const times = (name: 'started_at' | 'finished_at') => states.flatMap(each => each[name] ?? [])
  const [started, finished] = [times('started_at'), times('finished_at')]
  return {
    state,
    reason: states.find(each => each.reason === 'mysql_lost')?.reason ?? states.find(each => each.reason)?.reason ?? null,
    started_at: started.length > 0 ? Math.min(...started) : null,
    finished_at: state === 'idle' && finished.length > 0 ? Math.max(...finished) : null,
    compared: sum('compared'),
    marked: sum('marked'),
    loaded: sum('loaded'),
  }
}
