import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../src/config.ts'
import { rateLimited } from '../src/errors.ts'
import { toCaller } from '../src/http/client-address.ts'
import { createCounter, type Counted } from '../src/limits/counter.ts'
import { createKeys } from '../src/tickets/keys.ts'

/** Counts a request. Rejects with rate_limited when it is one too many; undefined: it is not, and nothing has to be waited for. */
type Limit = (request: FastifyRequest, reply: FastifyReply) => Promise<void> | undefined

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

/**
 * Of RATE_LIMIT_MAX: up to it a request does not wait for Redis to have counted it, which would cost every request a round trip. Other instances would have to
 * take the rest in a moment. Who guesses keys always waits.
 */
const SURE_SHARE = 0.5

/** How often requests may come, counted in Redis for all instances together. */
export default fp<{ config: Config }>(async (app, { config }) => {
  const { RATE_LIMIT_MAX, RATE_LIMIT_WINDOW_MS, KEY_PREFIX } = config
  const places = app.redis.shards.map(shard => ({ shard, key: createKeys(KEY_PREFIX, shard.tag).limit }))
  const limited = app.metrics.counter({ name: 'tickets_rate_limited_total', help: 'Requests that were refused as too many: failures of an address, or calls with a key', label: 'limit', values: ['failures', 'calls'] as const })
  const uncounted = app.metrics.counter({ name: 'tickets_rate_limit_errors_total', help: 'Requests that could not be counted, and passed' })
  let isFailing = false

  const count = createCounter({
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

  function limitTo (limit: 'failures' | 'calls', max: number, sureBelow: number, bucketOf: (request: FastifyRequest) => string): Limit {
    function judge (reply: FastifyReply, { current, ttl }: Counted) {
      const seconds = Math.ceil(ttl / 1000)
      reply.headers({ 'ratelimit-limit': max, 'ratelimit-remaining': Math.max(0, max - current), 'ratelimit-reset': seconds })
      if (current <= max) return
      limited.inc({ limit })
      throw rateLimited(seconds)
    }
    return (request, reply) => {
      const counted = count(bucketOf(request), sureBelow)
      if (counted instanceof Promise) return counted.then(late => { judge(reply, late) })
      judge(reply, counted)
      return undefined
    }
  }

  const failures = limitTo('failures', FAILURES_MAX, 0, request => `failures:${toCaller(request.address)}`)
  const calls = RATE_LIMIT_MAX === undefined ? undefined : limitTo('calls', RATE_LIMIT_MAX, RATE_LIMIT_MAX * SURE_SHARE, request => request.caller ? `key:${request.caller.name}` : `address:${toCaller(request.address)}`)

  app.decorate('limits', { failures, calls })
}, { name: 'limits', dependencies: ['addresses', 'metrics', 'redis'] })
