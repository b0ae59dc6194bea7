import fp from 'fastify-plugin'
import type { Config } from '../src/config.ts'
import { closeStalled, connectionsMax } from '../src/http/connections.ts'

/** Many times what the largest answer takes on a slow line; and a flush of millions of tickets is for minutes. */
const PATIENCE = { unreadMs: 60_000, silentMs: 600_000 }

/** Bounds what connections cost: descriptors, and memory for answers that nobody reads. */
export default fp<{ config: Config }>(async (app, { config }) => {
  const { server } = app
  const dropped = app.metrics.counter({ name: 'tickets_connections_dropped_total', help: 'Connections that were closed at once, because there were MAX_CONNECTIONS already' })

  server.maxConnections = connectionsMax(config.MAX_CONNECTIONS)
  server.on('drop', () => { dropped.inc() })
  const stop = closeStalled(server, PATIENCE)
  app.addHook('onClose', async () => { stop() })
}, { name: 'connections', dependencies: ['metrics'] })
