import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { ConfigError, type Config } from '../config.ts'
import type { TicketDatabase } from '../database/ticket-database.ts'
import type { Mysql } from '../mysql/mysql.ts'
import { createShardedDeadLetters, readBacklog } from '../shards/backlog.ts'
import type { Shards } from '../shards/shards.ts'
import type { TicketEvents } from '../tickets/events.ts'
import type { Pace } from '../util/pace.ts'
import { createTicker } from '../util/ticker.ts'
import { createFlusher, type Scope } from './flusher.ts'
import { createReindex } from './reindex.ts'
import { createResync } from './resync.ts'
import type { TicketShard } from './shard.ts'
import { createStatusCheck } from './status-check.ts'

/** The two clocks are read to the millisecond: a pass that comes a moment early finds nothing. */
const WAKE_MARGIN_MS = 5

/** Between two attempts to find out whether Redis can be trusted. */
const VERIFY_AGAIN_MS = 500

/** Between two looks for tombstones that have expired: they may stay longer, and are not believed any more. */
const PURGE_EVERY_MS = 3_600_000

/** The service starts in the end, and refuses writes until it knows. */
const START_TIMEOUT_MS = 5000

export interface WriteBehindOptions {
  config: Config
  shards: Shards<TicketShard>
  database: TicketDatabase
  mysql: Pick<Mysql, 'on'>
  events: TicketEvents
  pace: Pace
  log: FastifyBaseLogger
  /** Aborts when the last pass of a service that is stopping may take no other batch. */
  noMoreClaims: AbortSignal
}

/** Pushes due tickets to MySQL on a timer, and a last time when the service stops. Has Redis compared with MySQL when it comes back. */
export function createWriteBehind ({ config, shards, database, mysql, events, pace, log, noMoreClaims }: WriteBehindOptions) {
  const stopping = new AbortController()
  let misconfigured: ConfigError | undefined
  const resync = createResync({ shards, database, events, log, stopping: stopping.signal, onMarked: () => { ticker.wake(0) } })
  const reindex = createReindex({ shards, isWanted: config.LISTS === 'on', intervalMs: config.FLUSH_INTERVAL_MS, events, log, stopping: stopping.signal })
  const flusher = createFlusher({
    shards,
    database,
    resync,
    onVanished: tickets => { events.emit('vanished', tickets) },
    batchSize: config.FLUSH_BATCH_SIZE,
    pace,
    leaseMs: config.FLUSH_LEASE_MS,
    log,
    stopping: stopping.signal,
  })
  const ticker = createTicker({
    async run () {
      // Also beside a MySQL that is unavailable.
      reindex.look()
      await flusher.flush('due')
      await purge()
    },
    intervalMs: config.FLUSH_INTERVAL_MS,
    onError: (error, pauseMs) => { log.warn({ err: error, pause_ms: Math.round(pauseMs) }, 'the flush failed; the tickets stay due') },
  })

  const statusCheck = createStatusCheck({ configured: config.TICKET_STATUSES, shards, database, mysql, log, stopping: stopping.signal })

  let purgedAtMs = -Infinity

  /** Does not fail: the tombstones stay until the next time. */
  async function purge () {
    if (performance.now() - purgedAtMs < PURGE_EVERY_MS) return
    purgedAtMs = performance.now()
    let removed = 0
    try {
      for (let more = 1; more > 0 && !stopping.signal.aborted; removed += more) more = await database.purgeTombstones()
    } catch (error) {
      log.warn({ err: error }, 'tombstones that have expired could not be removed from MySQL; that is tried again in an hour')
    }
    if (removed > 0) log.info({ tombstones: removed }, 'tombstones that have expired were removed from MySQL')
  }

  /** Until it is known whether Redis can be trusted: writes wait for it. */
  async function verify ({ connection, reconcile }: TicketShard) {
    while (!stopping.signal.aborted && connection.isReady()) {
      await reconcile.check(stopping.signal).catch((error: unknown) => {
        // It is the same for all shards, and one line says it.
        if (!misconfigured) log.warn({ err: error }, 'Redis could not be compared with MySQL; the next flush tries again')
        if (error instanceof ConfigError) misconfigured = error
      })
      // A check that began before the connection was lost says nothing of who answers now.
      if (reconcile.isTrusted()) {
        events.emit('trusted')
        reindex.look()
        return
      }
      await sleep(VERIFY_AGAIN_MS)
    }
  }

  for (const shard of shards.all) {
    shard.connection.on('lost', shard.reconcile.markStale)
    shard.connection.on('lost', shard.resync.markStale)
    shard.connection.on('ready', () => {
      void verify(shard)
      ticker.retry()
    })
  }

  // What has failed while MySQL was unavailable is not put off any longer.
  mysql.on('recovered', ticker.retry)

  return {
    on: flusher.on,
    backlog: () => readBacklog(shards),
    deadLetters: createShardedDeadLetters(shards),
    /** How a ticket stands on its way to MySQL. */
    inspect: (id: number) => shards.divide([id], each => each)[0]![0].inspect(id),
    lastFlush: flusher.lastFlush,
    resync,
    reindex,

    /**
     * Runs a pass that somebody asks for.
     * @throws {Problem} store_unavailable, overloaded
     */
    async flush (scope: Scope) {
      const report = await flusher.flush(scope)
      ticker.recovered()
      return report
    },

    /** @throws {ConfigError} when the tickets in Redis were written with other settings */
    async start () {
      for (const shard of shards.all) void verify(shard)
      const checked = shards.each(({ reconcile }) => reconcile.whenChecked())
      await Promise.race([checked, sleep(START_TIMEOUT_MS, undefined, { ref: false })])
      if (misconfigured) throw misconfigured
      ticker.start()
      void statusCheck.look()
      if (config.SYNC_STRATEGY === 'event') events.on('write', () => { ticker.wake(config.SYNC_LINGER_MS + WAKE_MARGIN_MS) })
    },

    /** Runs a last pass, if there is time for it. */
    async stop () {
      stopping.abort()
      await ticker.stop()
      await resync.ended()
      await reindex.ended()
      if (noMoreClaims.aborted) return
      await flusher.flushLast(noMoreClaims).catch((error: unknown) => { log.warn({ err: error }, 'the last flush failed; the tickets stay due in Redis') })
    },
  }
}

export type WriteBehind = ReturnType<typeof createWriteBehind>
