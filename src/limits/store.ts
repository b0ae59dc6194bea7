import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyRateLimitStore } from '@fastify/rate-limit'
import type { Home } from '../redis/servers.ts'
import { within } from '../util/with-timeout.ts'

/** A request does not wait longer to be counted; as a rule it takes less than one. */
const TIMEOUT_MS = 100

/** Buckets of which something is known: some megabytes. */
const KNOWN_MAX = 50_000

/**
 * While more than this share of a limit is left, as far as is known and known of late, requests pass first and are
 * counted then. For one that is too many to pass, all instances together would have to use up the rest in that time.
 */
const AMPLE_SHARE = 0.5
const FRESH_MS = 100

/** How often those that have passed are counted: a call for each turn of the event loop costs a tenth of what requests do. */
const REPORT_EVERY_MS = 20

export interface Place {
  home: Home
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

/** What is known of a bucket. Times are those of performance.now(). */
interface Window {
  bucket: string
  /** Its count in Redis, as Redis has said it, and until when it holds. */
  current: number
  until: number
  /** When Redis said so. */
  at: number
  /** On their way to Redis. */
  sent: number
  /** Have passed, and are not sent yet. */
  ahead: number
  isReporting: boolean
}

type Done = (error: Error | null, result?: Counted) => void

/**
 * Counts requests in Redis, for all instances together. What cannot be counted passes: a limit is no reason
 * to be away. Requests of a bucket that arrive in one turn of the event loop are counted by one call, in their order;
 * one that is over its limit stays so until its window ends, and costs Redis nothing more.
 */
export function createLimitStore ({ windowMs, placeOf, onError, onSuccess }: LimitStoreOptions) {
  const windows = new Map<string, Window>()
  const waiting = new Map<string, Done[]>()

  function windowOf (bucket: string): Window {
    const now = performance.now()
    const known = windows.get(bucket)
    if (known && known.until > now) return known
    windows.delete(bucket)
    // The oldest goes: it is the most likely to have ended.
    if (windows.size >= KNOWN_MAX) windows.delete(windows.keys().next().value!)
    const window = { bucket, current: 0, until: now + windowMs, at: -Infinity, sent: 0, ahead: 0, isReporting: false }
    windows.set(bucket, window)
    return window
  }

  /** Counts those that have passed, and `more`. Resolves with all of the window; undefined: Redis did not count. */
  async function count (window: Window, more = 0): Promise<Counted | undefined> {
    const requests = window.ahead + more
    window.ahead = 0
    window.sent += requests
    try {
      const { home, key } = placeOf(window.bucket)
      if (!home.isReady()) throw new Error('not connected')
      const [current, ttl] = await within(TIMEOUT_MS, () => home.call(node => node.scripts.limit([key(window.bucket)], [windowMs, requests]))) as [number, number]
      onSuccess()
      const at = performance.now()
      Object.assign(window, { current, until: at + ttl, at })
      return { current, ttl }
    } catch (error) {
      onError(error as Error, requests)
      Object.assign(window, { current: 0, at: -Infinity })
      return undefined
    } finally {
      window.sent -= requests
    }
  }

  async function countAll (window: Window, callers: readonly Done[]) {
    const counted = await count(window, callers.length)
    callers.forEach((done, i) => {
      done(null, counted ? { current: counted.current - callers.length + i + 1, ttl: counted.ttl } : { current: 0, ttl: windowMs })
    })
  }

  async function report (window: Window) {
    window.isReporting = true
    while (window.ahead > 0) {
      await sleep(REPORT_EVERY_MS, undefined, { ref: false })
      // Others may have taken them along.
      if (window.ahead > 0) await count(window)
    }
    window.isReporting = false
  }

  class Store implements FastifyRateLimitStore {
    incr (bucket: string, done: Done, _windowMs: number, max: number) {
      const window = windowOf(bucket)
      const callers = waiting.get(bucket)
      if (window.current > max) {
        done(null, { current: window.current, ttl: window.until - performance.now() })
      } else if (callers) {
        callers.push(done)
      } else {
        const first = [done]
        waiting.set(bucket, first)
        setImmediate(() => {
          waiting.delete(bucket)
          void countAll(window, first)
        })
      }
    }

    /** A bucket names its limit, so all limits share one store. */
    child () {
      return this
    }
  }

  return {
    /** For the plugin, which makes one of its own. */
    Store,

    /** Counts a request of a bucket that is far from its limit, without waiting for it; undefined: it is not. */
    pass (bucket: string, max: number): Counted | undefined {
      const window = windows.get(bucket)
      const now = performance.now()
      if (!window || now > window.until || now - window.at > FRESH_MS) return undefined
      const known = window.current + window.sent + window.ahead
      if (known >= max * (1 - AMPLE_SHARE)) return undefined
      window.ahead += 1
      if (!window.isReporting) void report(window)
      return { current: known + 1, ttl: window.until - now }
    },

    /** Counts what has passed. To be called before Redis is left. */
    async close (): Promise<void> {
      await Promise.all(Array.from(windows.values()).filter(({ ahead }) => ahead > 0).map(window => count(window)))
    },
  }
}
