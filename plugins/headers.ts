import fp from 'fastify-plugin'
import { DATA_HEADERS } from '../src/http/security-headers.ts'

/** What every answer bears: the id of its request, and what browsers may not do with it. */
export default fp(async app => {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(DATA_HEADERS).header('x-request-id', request.id)
    done()
  })
}, { name: 'headers' })
