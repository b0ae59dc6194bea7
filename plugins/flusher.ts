import fp from 'fastify-plugin'
import { ConfigError, type Config } from '../src/config.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { createFlusher, type Flusher, type Scope } from '../src/sync/flusher.ts'
import { createPace } from '../src/sync/pace.ts'
import { createTicker } from '../src/util/ticker.ts'
import type { Partition } from '../src/shards/partition.ts'

declare module 'fastify' {
  interface FastifyInstance { flusher: Flusher }
}

/** What the last pass leaves of the grace for closing the connections. */
const LAST_PASS_SHARE = 0.7

/** The two clocks are read to the millisecond: a pass that comes a moment early finds nothing. */
const WAKE_MARGIN_MS = 5

/** Between two attempts to find out whether Redis can be trusted. */
const VERIFY_AGAIN_MS = 500

/** The service starts in the end, and refuses writes until it knows. */
const START_TIMEOUT_MS = 5000

/** Pushes due tickets to MySQL on a timer, and a last time when the service stops. */
export default fp<{ config: Config }>(async (app, { config }) => {
  const { all, partitions, archive, changes } = app.tickets
  const stopping = new AbortController()
  let misconfigured: ConfigError | undefined
  let requests = 0
  const flusher = createFlusher({
    partitions: all,
    archive,
    batchSize: config.FLUSH_BATCH_SIZE,
    pace: createPace(() => requests),
    leaseMs: config.FLUSH_LEASE_MS,
    log: app.log,
    stopping: stopping.signal,
  })
  const ticker = createTicker({
    run: () => flusher.flush('due'),
    intervalMs: config.FLUSH_INTERVAL_MS,
    onError: (error, pauseMs) => { app.log.warn({ err: error, pause_ms: Math.round(pauseMs) }, 'the flush failed; the tickets stay due') },
  })

  /** Until it is known whether Redis can be trusted: writes wait for it. */
  async function verify ({ home, drift }: Partition) {
    while (!stopping.signal.aborted && home.isReady()) {
      await drift.check(stopping.signal).catch((error: unknown) => {
        // It is the same for all partitions, and one line says it.
        if (!misconfigured) app.log.warn({ err: error }, 'Redis could not be compared with MySQL; the next flush tries again')
        if (error instanceof ConfigError) misconfigured = error
      })
      // A check that began before the connection was lost says nothing of who answers now.
      if (drift.isTrusted()) {
        changes.emit('trusted')
        return
      }
      await sleep(VERIFY_AGAIN_MS)
    }
  }

  for (const partition of partitions) {
    partition.home.on('lost', partition.drift.distrust)
    partition.home.on('ready', () => {
      flusher.relearn()
      void verify(partition)
      ticker.retry()
    })
  }

  // What has failed while MySQL was away is not put off any longer.
  app.mysql.on('recovered', ticker.retry)

  app.decorate('flusher', {
    ...flusher,
    /** Runs a pass that somebody asks for. */
    async flush (scope: Scope) {
      const report = await flusher.flush(scope)
      ticker.recovered()
      return report
    },
  })
  app.addHook('onRequest', (_request, _reply, done) => {
    requests += 1
    done()
  })
  app.addHook('onReady', async () => {
    for (const partition of partitions) void verify(partition)
    await Promise.race([all.drift.settled(), sleep(START_TIMEOUT_MS, undefined, { ref: false })])
    if (misconfigured) throw misconfigured
    ticker.start()
    if (config.SYNC_STRATEGY === 'event') changes.on('write', () => { ticker.wake(config.SYNC_LINGER_MS + WAKE_MARGIN_MS) })
  })
  app.addHook('onClose', async () => {
    stopping.abort()
    await ticker.stop()
    const signal = AbortSignal.timeout(config.SHUTDOWN_GRACE_MS * LAST_PASS_SHARE)
    await flusher.flushLast(signal).catch((error: unknown) => { app.log.warn({ err: error }, 'the last flush failed; the tickets stay due in Redis') })
  })
}, { name: 'flusher', dependencies: ['redis', 'mysql', 'tickets'] })
