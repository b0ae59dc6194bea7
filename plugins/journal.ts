import fp from 'fastify-plugin'
import type { Config } from '../src/config.ts'
import { createReplayer } from '../src/journal/replayer.ts'
import { createTicker } from '../src/util/ticker.ts'
import { within } from '../src/util/with-timeout.ts'

/** How soon entries are seen that another instance has kept. */
const LOOK_EVERY_MS = 1000

/** The service starts in the end. */
const START_TIMEOUT_MS = 2000

/** Makes what was accepted while Redis was away, on a timer and when Redis is back. */
export default fp<{ config: Config }>(async (app, { config }) => {
  const { journal, turns, direct, changes, partitions } = app.tickets

  if (config.FALLBACK === 'off') {
    app.addHook('onReady', async () => {
      const { pending } = await journal.counts().catch(() => ({ pending: 0 }))
      if (pending > 0) app.log.warn({ pending }, 'the journal holds writes that were accepted while Redis was away, and FALLBACK=off leaves them there: set FALLBACK=mysql')
    })
    return
  }

  const stopping = new AbortController()
  const replayer = createReplayer({
    journal,
    repository: direct,
    turns,
    isUsable: partitions.map(({ home, drift }) => () => home.isReady() && drift.isTrusted()),
    onReplayed: replayed => { changes.emit('replayed', replayed) },
    log: app.log,
  })
  const ticker = createTicker({
    run: () => replayer.run(stopping.signal),
    intervalMs: LOOK_EVERY_MS,
    onError: error => { if (!stopping.signal.aborted) app.log.warn({ err: error }, 'the journal could not be replayed; its entries wait') },
  })

  changes.on('trusted', ticker.retry)
  app.mysql.on('recovered', ticker.retry)
  app.addHook('onReady', async () => {
    await within(START_TIMEOUT_MS, replayer.adopt).catch((error: unknown) => {
      app.log.warn({ err: error }, 'whether the journal holds entries is not known yet')
    })
    ticker.start()
  })
  app.addHook('onClose', async () => {
    stopping.abort()
    await ticker.stop()
  })
}, { name: 'journal', dependencies: ['mysql', 'tickets', 'flusher'] })
