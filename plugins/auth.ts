import type { FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { ApiKey, Keyring, Scope } from '../src/auth/api-keys.ts'
import { isFromOtherSite, signOfProxy } from '../src/auth/local.ts'
import type { Config } from '../src/config.ts'
import { forbidden, notForOtherSites, notThroughProxy, unauthorized, type Problem } from '../src/errors.ts'

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

const BEARER = 'bearer '

/** What may be a key (RFC 6750, section 2.1). Two headers arrive as one with a comma, which no key has. */
function bearerOf (authorization: string): string | undefined {
  return authorization.slice(0, BEARER.length).toLowerCase() === BEARER ? authorization.slice(BEARER.length).trimStart() : undefined
}

/**
 * Lets in who bears a key with the scope that the route names in its `access`. A route that names none lets
 * nobody in, and the service does not start with it. Without API_KEYS nobody
 * on this machine needs a key, and nobody else gets in.
 */
export default fp<{ config: Config, keyring: Keyring }>(async (app, { config, keyring }) => {
  const routes: RouteOptions[] = []
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

  /** Why the request goes no further; undefined: it does. */
  function refuse (request: FastifyRequest): Problem | undefined {
    const { headers, route: { config: { access } } } = request
    if (isOpen) {
      const sign = signOfProxy(headers, request.raw.httpVersion)
      if (sign !== undefined) return notThroughProxy(sign)
      return isFromOtherSite(headers, config.CORS_ORIGINS) ? notForOtherSites() : undefined
    }
    const { authorization } = headers
    const key = authorization === undefined ? undefined : bearerOf(authorization)
    const caller = key === undefined ? undefined : keyring(key)
    if (!caller) {
      failures.inc({ reason: authorization === undefined ? 'missing' : 'unknown' })
      return unauthorized(authorization !== undefined)
    }
    request.caller = caller
    if (access !== undefined && caller.scopes.has(access as Scope)) return undefined
    failures.inc({ reason: 'scope' })
    return forbidden(caller.name, access)
  }

  // Without a promise where nothing is waited for: every write passes here.
  app.addHook('onRequest', (request, reply, done) => {
    // What matches no route has nothing to protect.
    if (request.is404 || request.route.config.access === 'public') {
      done()
      return
    }
    const problem = refuse(request)
    const limit = problem?.code === 'unauthorized' ? app.limits.failures : app.limits.calls
    const counting = limit?.(request, reply)
    if (counting) counting.then(() => { done(problem) }, done)
    else done(problem)
  })
}, { name: 'auth', dependencies: ['errors', 'limits', 'metrics', 'route'] })
