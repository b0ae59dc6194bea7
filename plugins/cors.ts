import type { IncomingHttpHeaders } from 'node:http'
import cors from '@fastify/cors'
import fp from 'fastify-plugin'
import type { Config } from '../src/config.ts'

/** Of all routes. A browser asks for them in a preflight; which route knows which one is the answer to the request itself. */
const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE']

/** What a page may send, beside what a browser lets every page send. */
const REQUEST_HEADERS = ['Authorization', 'Content-Type', 'If-Match', 'If-None-Match', 'Idempotency-Key', 'Last-Event-ID', 'Prefer', 'X-Request-Id']

/** What a page may read of an answer, beside what a browser lets every page read. */
const RESPONSE_HEADERS = [
  'ETag', 'Location', 'X-Ticket-Source', 'X-Ticket-Pending-Changes', 'X-Ticket-Stale', 'Idempotency-Replayed', 'Preference-Applied', 'Retry-After',
  'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset', 'WWW-Authenticate', 'Allow', 'X-Request-Id',
]

/** A preflight need not be asked again for so long. Who takes an origin off the list waits as long at most. */
const MAX_AGE_SECONDS = 600

/** https://fetch.spec.whatwg.org/#cors-preflight-request */
const isPreflight = (headers: IncomingHttpHeaders): boolean => headers.origin !== undefined && headers['access-control-request-method'] !== undefined

/**
 * Lets pages of CORS_ORIGINS call from a browser. It comes before whatever refuses requests, so that a page can read why, and a
 * preflight, which bears no key, is neither refused nor counted as a failure. To pages of other origins the answers are the same
 * without the headers, and the browser keeps them.
 */
export default fp<{ config: Config }>(async (app, { config: { CORS_ORIGINS: origin } }) => {
  const isOn = origin.length > 0

  app.addHook('onRequest', ({ method, headers }, reply, done) => {
    if (method !== 'OPTIONS' || isPreflight(headers) === isOn) done()
    else if (isOn) reply.callNotFound()
    else reply.code(204).send()
  })
  if (!isOn) return

  // The plugin's own route, without which Fastify would not take a preflight for a request to a route.
  app.addHook('onRoute', route => { if (route.url === '*') route.config = { ...route.config, access: 'public' } })
  await app.register(cors, { origin, methods: METHODS, allowedHeaders: REQUEST_HEADERS, exposedHeaders: RESPONSE_HEADERS, maxAge: MAX_AGE_SECONDS })
}, { name: 'cors', dependencies: ['request-guard', 'route'] })
