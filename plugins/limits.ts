import { hash } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../src/config.ts'
import { rateLimited } from '../src/errors.ts'
import { toCaller } from '../src/http/client-address.ts'
import { createLimitStore } from '../src/limits/store.ts'
import { createKeys } from '../src/tickets/keys.ts'

/** Counts a request. Rejects with rate_limited when it is one too many. */
type Limit = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

declare module 'fastify' {
  interface FastifyInstance {
    limits: {
      /** Counts a request without a valid key, or to no route, against its address. */
      failures: Limit
      /** Counts a request with a valid key, or to a service without keys; undefined without RATE_LIMIT_MAX. */
      calls: Limit | undefined
    }
  }
}

/** Wrong keys and paths of an address in a window: a person who tries, or a program that is set up wrong, not one that searches. */
const FAILURES_MAX = 60

/** How often requests may come, counted in Redis for all instances together. */
export default fp<{ config: Config }>(async (app, { config }) => {
  const { RATE_LIMIT_MAX, RATE_LIMIT_WINDOW_MS, KEY_PREFIX } = config
  const places = app.redis.shards.map(shard => ({ shard, key: createKeys(KEY_PREFIX, shard.tag).limit }))
  const limited = app.metrics.counter({ name: 'tickets_rate_limited_total', help: 'Requests that were refused as too many: failures of an address, or calls with a key', label: 'limit', values: ['failures', 'calls'] as const })
  const uncounted = app.metrics.counter({ name: 'tickets_rate_limit_errors_total', help: 'Requests that could not be counted, and passed' })
  let isFailing = false

  const store = createLimitStore({
    windowMs: RATE_LIMIT_WINDOW_MS,
    placeOf: bucket => places[hash('sha1', bucket, 'buffer').readUInt32BE() % places.length]!,
    onError (error, requests) {
      if (!isFailing) app.log.warn({ err: error }, 'requests cannot be counted, so none is limited')
      isFailing = true
      uncounted.inc({}, requests)
    },
    onSuccess () {
      if (isFailing) app.log.info('requests are counted again')
      isFailing = false
    },
  })
  await app.register(rateLimit, { global: false, timeWindow: RATE_LIMIT_WINDOW_MS, store })

  function limitTo (limit: 'failures' | 'calls', max: number, bucketOf: (request: FastifyRequest) => string): Limit {
    const count = app.createRateLimit({ max, keyGenerator: bucketOf })
    return async (request, reply) => {
      const counted = await count(request)
      if (counted.isAllowed) return
      const { isExceeded, remaining, ttlInSeconds } = counted
      reply.headers({ 'ratelimit-limit': max, 'ratelimit-remaining': remaining, 'ratelimit-reset': ttlInSeconds })
      if (!isExceeded) return
      limited.inc({ limit })
      throw rateLimited(ttlInSeconds)
    }
  }

  const failures = limitTo('failures', FAILURES_MAX, request => `failures:${toCaller(request.address)}`)
  const calls = RATE_LIMIT_MAX === undefined ? undefined : limitTo('calls', RATE_LIMIT_MAX, request => request.caller ? `key:${request.caller.name}` : `address:${toCaller(request.address)}`)

  app.decorate('limits', { failures, calls })
}, { name: 'limits', dependencies: ['addresses', 'metrics', 'redis'] })
