import fp from 'fastify-plugin'
import type { Config } from '../src/config.ts'
import { closeStalled, connectionsMax } from '../src/http/connections.ts'

/** Many times what the largest answer takes on a slow line; and a flush of millions of tickets is for minutes. */
const PATIENCE = { unreadMs: 60_000, silentMs: 600_000 }

/** A connection that was busy when the closing began is closed soon after its answer. */
const LOOK_EVERY_MS = 50

/**
 * Bounds what connections cost: descriptors, and memory for answers that nobody reads. Closes those of a service that is
 * stopping: those that have had their answer at once, the others when their time is over. Node closes only those that
 * are idle when the closing begins; one that goes idle a moment later would hold up the stop, and the last flush with
 * it, for as long as a client keeps it.
 */
export default fp<{ config: Config }>(async (app, { config }) => {
  const { server } = app
  const dropped = app.metrics.counter({ name: 'tickets_connections_dropped_total', help: 'Connections that were closed at once, because there were MAX_CONNECTIONS already' })
  let look: NodeJS.Timeout | undefined

  server.maxConnections = connectionsMax(config.MAX_CONNECTIONS)
  server.on('drop', () => { dropped.inc() })
  const stop = closeStalled(server, PATIENCE)

  app.addHook('preClose', async () => {
    look = setInterval(() => { server.closeIdleConnections() }, LOOK_EVERY_MS)
    app.grace.over('requests').addEventListener('abort', () => { server.closeAllConnections() })
  })
  app.addHook('onClose', async () => {
    stop()
    clearInterval(look)
  })
}, { name: 'connections', dependencies: ['metrics', 'grace'] })
