import fp from 'fastify-plugin'
import type { Config } from '../src/config.ts'
import type { Site } from '../src/database/wordpress/site.ts'
import { createService, type Service } from '../src/service.ts'
import type { Target } from '../src/webhooks/targets.ts'

declare module 'fastify' {
  interface FastifyInstance { tickets: Service }
}

/** The tickets: what the routes call, and what brings them to MySQL, from the start of the service to its end. */
export default fp<{ config: Config, site: Site | undefined, targets: readonly Target[] }>(async (app, { config, site, targets }) => {
  const { service, start, stop } = createService({ config, site, targets, redis: app.redis, mysql: app.mysql, log: app.log, grace: app.grace })
  app.decorate('tickets', service)

  app.addHook('onRequest', (_request, _reply, done) => {
    service.traffic.count()
    done()
  })
  app.addHook('onReady', start)
  app.addHook('onClose', stop)
}, { name: 'tickets', dependencies: ['grace', 'redis', 'mysql'] })
