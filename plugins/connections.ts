import fp from 'fastify-plugin'
import type { Config } from '../src/config.ts'
import { rateLimited } from '../src/errors.ts'
import { REASONS, shareConnections } from '../src/http/connection-shares.ts'
import { closeStalled, connectionsMax } from '../src/http/connections.ts'

/** Many times what the largest answer takes on a slow line; and a flush of millions of tickets is for minutes. */
const PATIENCE = { unreadMs: 60_000, silentMs: 600_000 }

/** Of all connections, what one address may have: two of them at least are needed to take all. */
const SHARE = 0.5

/** A connection that was busy when the closing began is closed soon after its answer. */
const LOOK_EVERY_MS = 50

/**
 * Bounds what connections cost, in all and for each address: descriptors, and memory for answers that nobody reads. Closes those of a service that is
 * stopping: those that have had their answer at once, the others when their time is over. Node closes only those that
 * are idle when the closing begins; one that goes idle a moment later would hold up the stop, and the last flush with
 * it, for as long as a client keeps it.
 */
export default fp<{ config: Config }>(async (app, { config }) => {
  const { server } = app
  const dropped = app.metrics.counter({ name: 'tickets_connections_dropped_total', help: 'New connections that were closed at once, because none could give way to them' })
  const displaced = app.metrics.counter({ name: 'tickets_connections_displaced_total', help: 'Connections that were closed for a new one: the oldest idle ones, of an address with more than its share or with the most of all', label: 'reason', values: REASONS })
  const overShare = app.metrics.counter({ name: 'tickets_requests_over_share_total', help: 'Requests through a proxy that were refused, because their address had MAX_CONNECTIONS_PER_ADDRESS in flight' })
  let look: NodeJS.Timeout | undefined

  const max = connectionsMax(config.MAX_CONNECTIONS)
  const isOverShare = shareConnections(server, {
    max,
    maxPerAddress: config.MAX_CONNECTIONS_PER_ADDRESS ?? Math.ceil(max * SHARE),
    addresses: app.clientAddresses,
    onDisplaced: reason => { displaced.inc({ reason }) },
    onDropped: () => { dropped.inc() },
  })
  const stop = closeStalled(server, PATIENCE)

  app.addHook('onRequest', ({ raw, route }, _reply, done) => {
    if (route.config.access === 'public' || !isOverShare(raw)) {
      done()
      return
    }
    overShare.inc()
    done(rateLimited(1))
  })
  app.addHook('preClose', async () => {
    look = setInterval(() => { server.closeIdleConnections() }, LOOK_EVERY_MS)
    app.grace.over('requests').addEventListener('abort', () => { server.closeAllConnections() })
  })
  app.addHook('onClose', async () => {
    stop()
    clearInterval(look)
  })
}, { name: 'connections', dependencies: ['addresses', 'errors', 'grace', 'metrics', 'route'] })
