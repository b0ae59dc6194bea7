import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Problem, invalid } from '../src/errors.ts'
import { DATA_HEADERS } from '../src/http/security-headers.ts'

/** Far more than callers and proxies send. Node drops what comes after the thousandth, and so, perhaps, an If-Match. */
const HEADERS_MAX = 100

/** A name or an address, and a port (RFC 9110, section 7.2). Two headers arrive as one with a comma. */
const HOST = /^([a-z0-9._~-]{1,253}|\[[a-z0-9:.%]{2,60}\])(:\d{0,5})?$/i

/** What Node's parser lets through and HTTP/1.1 does not: a proxy before the service may see another request in it. */
function check ({ raw: { headers, rawHeaders, httpVersion } }: FastifyRequest): Problem | undefined {
  if (rawHeaders.length > 2 * HEADERS_MAX) return new Problem('headers_too_large', `Send no more than ${HEADERS_MAX} headers.`)
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return new Problem('validation_failed', 'The request is not HTTP/1.1.')
  const { host, 'transfer-encoding': encoding } = headers
  if (host === undefined ? httpVersion === '1.1' : !HOST.test(host)) return invalid('/host', 'must stand there once, and be the name of this service')
  // RFC 9112, section 6.1: no other coding is known here, and HTTP/1.0 has none.
  if (encoding !== undefined && (encoding.toLowerCase() !== 'chunked' || httpVersion === '1.0')) return invalid('/transfer-encoding', 'must be chunked, or not be there')
  return undefined
}

/**
 * Refuses what is no proper HTTP/1.1 before anything else looks at it, and what follows on its connection. Every answer
 * bears the id of its request, and what browsers may not do with it.
 */
export default fp(async app => {
  const refused = new WeakMap<Socket, Problem>()

  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(DATA_HEADERS).header('x-request-id', request.id)
    const { socket } = request.raw
    // Node has read the next request already, and would make it, though nobody is answered after a close.
    const problem = refused.get(socket) ?? check(request)
    if (problem) {
      refused.set(socket, problem)
      reply.header('connection', 'close')
    }
    done(problem)
  })

  // Node would answer 417 without a body. An expectation that is not known may be passed over (RFC 9110, section 10.1.1).
  app.server.on('checkExpectation', (request, response) => { app.server.emit('request', request, response) })
}, { name: 'request-guard', dependencies: ['errors'] })
