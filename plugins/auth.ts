import type { RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { createKeyring, type ApiKey } from '../src/auth/api-keys.js'
import { isFromOtherSite } from '../src/auth/local.js'
import '../src/auth/scopes.js'
import type { Config } from '../src/config.js'
import { forbidden, notForOtherSites, unauthorized } from '../src/errors.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** All routes, as they were declared. */
    routes: readonly RouteOptions[]
  }
  interface FastifyRequest {
    /** Whose key it bears; null: it bears none that is valid. */
    caller: ApiKey | null
  }
}

/** RFC 6750, section 2.1. Two headers arrive as one with a comma, which no key has. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i

/**
 * Lets in who bears a key with the scope that the route names in its `access`. A route that names none lets
 * nobody in, and the service does not start with it. Without API_KEYS nobody needs a key.
 */
export default fp<{ config: Config }>(async (app, { config }) => {
  const routes: RouteOptions[] = []
  const find = createKeyring(config.API_KEYS)
  const isOpen = config.API_KEYS.length === 0

  const failures = app.metrics.counter({ name: 'tickets_auth_failures_total', help: 'Requests that were refused for their key: none, an unknown one, or one that lacks the scope', label: 'reason', values: ['missing', 'unknown', 'scope'] as const })

  app.decorate('routes', routes)
  app.decorateRequest('caller', null)

  // Looked at in the end: a plugin that holds routes of others gives them their access later.
  app.addHook('onRoute', route => { routes.push(route) })
  app.addHook('onReady', async () => {
    const undeclared = routes.find(({ config }) => config?.access === undefined)
    if (undeclared) throw new Error(`${String(undeclared.method)} ${undeclared.url} does not say who may call it: give it an access`)
  })

  app.addHook('onRequest', async (request, reply) => {
    const { access } = request.routeOptions.config
    // What matches no route has nothing to protect.
    if (request.is404 || access === 'public') return
    if (isOpen) {
      if (isFromOtherSite(request.headers)) throw notForOtherSites()
    } else {
      const { authorization } = request.headers
      const key = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1]
      request.caller = (key !== undefined && find(key)) || null
      if (!request.caller) {
        failures.inc({ reason: authorization === undefined ? 'missing' : 'unknown' })
        await app.limits.failures(request, reply)
        throw unauthorized(authorization !== undefined)
      }
    }
    if (app.limits.calls) await app.limits.calls(request, reply)
    if (request.caller && (access === undefined || !request.caller.scopes.has(access))) {
      failures.inc({ reason: 'scope' })
      throw forbidden(request.caller.name, access)
    }
  })
}, { name: 'auth', dependencies: ['errors', 'limits', 'metrics'] })
