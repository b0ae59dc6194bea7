import type { FastifyRateLimitStore } from '@fastify/rate-limit'
import type { Home } from '../redis/servers.js'
import { within } from '../within.js'

/** A request does not wait longer to be counted; as a rule it takes less than one. */
const TIMEOUT_MS = 100

/** Buckets that are known to be over their limit: some megabytes. */
const EXCEEDED_MAX = 50_000

export interface Place {
  home: Home
  /** The key of a bucket there. */
  key: (bucket: string) => string
}

export interface LimitStoreOptions {
  /** Where a bucket is counted. */
  placeOf: (bucket: string) => Place
  /** Redis did not count: the request passes. */
  onError: (error: Error) => void
  onSuccess: () => void
}

/**
 * Counts requests in Redis, for all instances together. What cannot be counted passes: a limit is no reason
 * to be away. A bucket that is over its limit stays so until its window ends, and costs Redis nothing more.
 */
export function createLimitStore ({ placeOf, onError, onSuccess }: LimitStoreOptions) {
  const exceeded = new Map<string, { count: number, until: number }>()

  async function count (bucket: string, windowMs: number, max: number) {
    const known = exceeded.get(bucket)
    if (known) {
      const ttl = known.until - performance.now()
      if (ttl > 0) return { current: known.count, ttl }
      exceeded.delete(bucket)
    }
    const { home, key } = placeOf(bucket)
    if (!home.isReady()) throw new Error('not connected')
    const [current, ttl] = await within(TIMEOUT_MS, () => home.call(node => node.scripts.limit([key(bucket)], [windowMs]))) as [number, number]
    if (current > max) {
      if (exceeded.size >= EXCEEDED_MAX) exceeded.clear()
      exceeded.set(bucket, { count: current, until: performance.now() + ttl })
    }
    return { current, ttl }
  }

  return class implements FastifyRateLimitStore {
    incr (bucket: string, done: (error: Error | null, result?: { current: number, ttl: number }) => void, windowMs: number, max: number) {
      count(bucket, windowMs, max).then(result => {
        onSuccess()
        done(null, result)
      }, (error: Error) => {
        onError(error)
        done(null, { current: 0, ttl: windowMs })
      })
    }

    /** A bucket names its limit, so all limits share one store. */
    child () {
      return this
    }
  }
}
