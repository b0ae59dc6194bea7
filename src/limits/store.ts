import type { FastifyRateLimitStore } from '@fastify/rate-limit'
import { RedisError } from '../redis/failure.ts'
import type { Shard } from '../redis/servers.ts'
import { SCRIPTS } from '../store/scripts.ts'
import { withTimeout } from '../util/async.ts'
import { createBatcher } from '../util/batcher.ts'
import { createBudget } from '../util/budget.ts'

/** A request does not wait longer to be counted; as a rule it takes less than one. */
const TIMEOUT_MS = 100

export interface Place {
  shard: Shard
  /** The key of a bucket there. */
  key: (bucket: string) => string
}

export interface LimitStoreOptions {
  windowMs: number
  /** Where a bucket is counted. */
  placeOf: (bucket: string) => Place
  /** Redis did not count these requests: they pass. */
  onError: (error: Error, requests: number) => void
  onSuccess: () => void
}

/** Requests of the window so far, and ms until it ends. */
export interface Counted { current: number, ttl: number }

/**
 * The store of @fastify/rate-limit: counts requests in Redis, for all instances together. The library's own takes one client
 * for one server, and no Cluster. What cannot be counted passes: a limit is no reason to be unavailable. Requests of a
 * bucket that arrive in one turn of the event loop are counted by one call, in their order.
 */
export function createLimitStore ({ windowMs, placeOf, onError, onSuccess }: LimitStoreOptions) {
  async function countInRedis (bucket: string, requests: number): Promise<Counted[]> {
    try {
      const { shard, key } = placeOf(bucket)
      if (!shard.isReady()) throw new RedisError('not_connected', 'not connected')
      const [current, ttl] = await withTimeout(TIMEOUT_MS, () => shard.call(node => node.run(SCRIPTS.limit, [key(bucket)], [windowMs, requests]))) as [number, number]
      onSuccess()
      return Array.from({ length: requests }, (_, i) => ({ current: current - requests + i + 1, ttl }))
    } catch (error) {
      onError(error as Error, requests)
      return Array.from({ length: requests }, () => ({ current: 0, ttl: windowMs }))
    }
  }

  const count = createBatcher<string, Counted>({
    itemsMax: Infinity,
    budget: createBudget(Infinity),
    async run (buckets) {
      const requests = Map.groupBy(buckets, bucket => bucket)
      const counted = new Map(await Promise.all(Array.from(requests, async ([bucket, { length }]) => [bucket, (await countInRedis(bucket, length)).values()] as const)))
      return buckets.map(bucket => counted.get(bucket)!.next().value!)
    },
  })

  return class Store implements FastifyRateLimitStore {
    incr (bucket: string, done: (error: Error | null, result?: Counted) => void) {
      void count([bucket]).then(([counted]) => { done(null, counted as Counted) })
    }

    /** A bucket names its limit, so all limits share one store. */
    child () {
      return this
    }
  }
}
