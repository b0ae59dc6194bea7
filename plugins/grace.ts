import fp from 'fastify-plugin'
import type { Config } from '../src/config.ts'
import { createGrace, type Grace } from '../src/util/grace.ts'

declare module 'fastify' {
  interface FastifyInstance { grace: Grace }
}

/** The time that is left when the service stops. It begins before anything is closed, and ends when all is. */
export default fp<{ config: Config }>(async (app, { config }) => {
  const grace = createGrace(config.SHUTDOWN_GRACE_MS)
  app.decorate('grace', grace)
  app.addHook('preClose', async () => { grace.begin() })
  app.addHook('onClose', async () => { grace.end() })
}, { name: 'grace' })
