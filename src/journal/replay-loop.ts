import type { FastifyBaseLogger } from 'fastify'
import type { Mysql } from '../mysql/mysql.ts'
import type { TicketEvents } from '../tickets/events.ts'
import { withTimeout } from '../util/async.ts'
import { createTicker } from '../util/ticker.ts'
import { createReplayer, type ReplayerOptions } from './replayer.ts'

/** How soon entries are seen that another instance has kept. */
const LOOK_EVERY_MS = 1000

/** The service starts in the end. */
const START_TIMEOUT_MS = 2000

export interface ReplayLoopOptions extends Omit<ReplayerOptions, 'onReplayed'> {
  mysql: Pick<Mysql, 'on'>
  events: TicketEvents
  log: FastifyBaseLogger
}

/** Applies what was accepted while Redis was unavailable, on a timer and when Redis is back. */
export function createReplayLoop ({ mysql, events, log, ...options }: ReplayLoopOptions) {
  const stopping = new AbortController()
  const replayer = createReplayer({ ...options, log, onReplayed: replayed => { events.emit('replayed', replayed) } })
  const ticker = createTicker({
    run: () => replayer.run(stopping.signal),
    intervalMs: LOOK_EVERY_MS,
    onError: error => { if (!stopping.signal.aborted) log.warn({ err: error }, 'the journal could not be replayed; its entries wait') },
  })
  events.on('trusted', ticker.retry)
  mysql.on('recovered', ticker.retry)

  return {
    async start () {
      await withTimeout(START_TIMEOUT_MS, replayer.adopt).catch((error: unknown) => {
        log.warn({ err: error }, 'whether the journal holds entries is not known yet')
      })
      ticker.start()
    },
    async stop () {
      stopping.abort()
      await ticker.stop()
    },
  }
}
