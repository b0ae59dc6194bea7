import { RedisError } from '../redis/failure.ts'
import type { Shard } from '../redis/servers.ts'
import { SCRIPTS } from '../store/scripts.ts'
import { withTimeout } from '../util/async.ts'
import { createRecent } from '../util/recent.ts'

/** A request does not wait longer to be counted; as a rule it takes less than one. */
const TIMEOUT_MS = 100

/** What Redis said of a bucket counts so long; by then it has been told of all requests since. */
const SURE_MS = 1000

/** Where nobody waits, Redis is told of all requests of such a time together. */
const TELL_AFTER_MS = 10

/** Buckets that are known. Some megabytes; whoever is not among them waits to be counted. */
const BUCKETS_MAX = 10_000

export interface Place {
  shard: Shard
  /** The key of a bucket there. */
  key: (bucket: string) => string
}

export interface CounterOptions {
  windowMs: number
  /** Where a bucket is counted. */
  placeOf: (bucket: string) => Place
  /** Redis did not count these requests: they pass. */
  onError: (error: Error, requests: number) => void
  onSuccess: () => void
}

/** Requests of the window so far, with this one, and ms until it ends. */
export interface Counted { current: number, ttl: number }

/**
 * Counts a request.
 * @param sureBelow the request does not wait for Redis while no more than these were counted, by what Redis said last and what came since; 0: it always does
 */
export type Count = (bucket: string, sureBelow: number) => Counted | Promise<Counted>

interface Bucket {
  /** What Redis has said last. */
  known: { current: number, at: number, endsAt: number } | undefined
  /** Requests that it is being told of, and those that it has not been told of. */
  running: number
  uncounted: number
  /** Those of the latter who wait, by their place. */
  waiting: { place: number, resolve: (counted: Counted) => void }[]
  isCounting: boolean
  /** Runs while nobody waits. */
  later: NodeJS.Timeout | undefined
}

/**
 * Counts requests in Redis, for all instances together. One call at a time for each bucket tells Redis of all requests since the
 * last. What cannot be counted passes: a limit is no reason to be unavailable.
 */
export function createCounter ({ windowMs, placeOf, onError, onSuccess }: CounterOptions): Count {
  const buckets = createRecent<string, Bucket>(BUCKETS_MAX, windowMs)

  async function countInRedis (name: string, requests: number): Promise<Counted | undefined> {
    try {
      const { shard, key } = placeOf(name)
      if (!shard.isReady()) throw new RedisError('not_connected', 'not connected')
      const [current, ttl] = await withTimeout(TIMEOUT_MS, () => shard.call(node => node.run(SCRIPTS.limit, [key(name)], [windowMs, requests]))) as [number, number]
      onSuccess()
      return { current, ttl }
    } catch (error) {
      onError(error as Error, requests)
      return undefined
    }
  }

  async function countAll (name: string, bucket: Bucket) {
    const { uncounted: requests, waiting } = bucket
    Object.assign(bucket, { running: requests, uncounted: 0, waiting: [], isCounting: true })
    const counted = await countInRedis(name, requests)
    const at = performance.now()
    Object.assign(bucket, { running: 0, isCounting: false, known: counted && { current: counted.current, at, endsAt: at + counted.ttl } })
    for (const { place, resolve } of waiting) resolve(counted ? { current: counted.current - requests + place, ttl: counted.ttl } : { current: 0, ttl: windowMs })
    if (bucket.uncounted > 0) countSoon(name, bucket)
  }

  /** With all others of this turn of the event loop, or after the call that runs; later where nobody waits. */
  function countSoon (name: string, bucket: Bucket) {
    if (bucket.isCounting) return
    if (bucket.waiting.length === 0) {
      bucket.later ??= setTimeout(() => {
        bucket.later = undefined
        if (!bucket.isCounting) void countAll(name, bucket)
      }, TELL_AFTER_MS)
      return
    }
    clearTimeout(bucket.later)
    Object.assign(bucket, { later: undefined, isCounting: true })
    setImmediate(() => { void countAll(name, bucket) })
  }

  function bucketOf (name: string): Bucket {
    let bucket = buckets.get(name)
    if (!bucket) buckets.set(name, bucket = { known: undefined, running: 0, uncounted: 0, waiting: [], isCounting: false, later: undefined })
    return bucket
  }

  /** undefined: they are more, or it is not known. */
  function surely ({ known, running, uncounted }: Bucket, below: number): Counted | undefined {
    if (!known) return undefined
    const current = known.current + running + uncounted
    if (current > below) return undefined
    const now = performance.now()
    return now - known.at > SURE_MS || now > known.endsAt ? undefined : { current, ttl: known.endsAt - now }
  }

  return (name, sureBelow) => {
    const bucket = bucketOf(name)
    const place = ++bucket.uncounted
    const sure = surely(bucket, sureBelow)
    const counted = sure ?? new Promise<Counted>(resolve => { bucket.waiting.push({ place, resolve }) })
    countSoon(name, bucket)
    return counted
  }
}
