import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyRequest {
    /** Its routeOptions, which Fastify makes anew at each look. */
    route: FastifyRequest['routeOptions']
  }
}

/** Looks once at what the route of a request says of itself. */
export default fp(async app => {
  app.decorateRequest('route', null as unknown as FastifyRequest['route'])

  app.addHook('onRequest', (request, _reply, done) => {
    request.route = request.routeOptions
    done()
  })
}, { name: 'route' })
