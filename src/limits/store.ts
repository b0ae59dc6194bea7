import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyRateLimitStore } from '@fastify/rate-limit'
import type { Home } from '../redis/servers.js'
import { within } from '../within.js'

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
  /** Where a bucket is counted. */
  placeOf: (bucket: string) => Place
  /** Redis did not count: the request passes. */
  onError: (error: Error) => void
  onSuccess: () => void
}

/** Requests of the window so far, and ms until it ends. */
export interface Counted { current: number, ttl: number }

/** What is known of a bucket: its count in Redis, and until when it holds, by performance.now(). */
interface Window {
  current: number
  until: number
  /** When Redis said so. */
  at: number
  /** Have passed, and are not counted yet. */
  ahead: number
  isReporting: boolean
}

type Done = (error: Error | null, result?: Counted) => void

/**
 * Counts requests in Redis, for all instances together. What cannot be counted passes: a limit is no reason
 * to be away. Requests of a bucket that arrive in one turn of the event loop are counted by one call, in their order;
 * one that is over its limit stays so until its window ends, and costs Redis nothing more.
 */
export function createLimitStore ({ placeOf, onError, onSuccess }: LimitStoreOptions) {
  const windows = new Map<string, Window>()
  const waiting = new Map<string, Done[]>()

  function windowOf (bucket: string): Window | undefined {
    const window = windows.get(bucket)
    if (!window || window.until > performance.now()) return window
    windows.delete(bucket)
    return undefined
  }

  /** Counts those that have passed, and `more`. Resolves with all of the window. */
  async function count (bucket: string, windowMs: number, more = 0): Promise<Counted> {
    const window = windows.get(bucket)
    const ahead = window?.ahead ?? 0
    if (window) window.ahead = 0
    try {
      const { home, key } = placeOf(bucket)
      if (!home.isReady()) throw new Error('not connected')
      const [current, ttl] = await within(TIMEOUT_MS, () => home.call(node => node.scripts.limit([key(bucket)], [windowMs, ahead + more]))) as [number, number]
      onSuccess()
      const at = performance.now()
      const known = windows.get(bucket)
      if (known) {
        Object.assign(known, { current, until: at + ttl, at })
      } else {
        if (windows.size >= KNOWN_MAX) windows.clear()
        windows.set(bucket, { current, until: at + ttl, at, ahead: 0, isReporting: false })
      }
      return { current, ttl }
    } catch (error) {
      onError(error as Error)
      windows.delete(bucket)
      return { current: 0, ttl: windowMs }
    }
  }

  async function countAll (bucket: string, windowMs: number, callers: readonly Done[]) {
    const { current, ttl } = await count(bucket, windowMs, callers.length)
    callers.forEach((done, i) => { done(null, { current: Math.max(0, current - callers.length) + i + 1, ttl }) })
  }

  async function report (bucket: string, windowMs: number, window: Window) {
    window.isReporting = true
    while (window.ahead > 0 && windows.get(bucket) === window) {
      await sleep(REPORT_EVERY_MS, undefined, { ref: false })
      if (window.ahead > 0) await count(bucket, windowMs)
    }
    window.isReporting = false
  }

  class Store implements FastifyRateLimitStore {
    incr (bucket: string, done: Done, windowMs: number, max: number) {
      const window = windowOf(bucket)
      const callers = waiting.get(bucket)
      if (window && window.current > max) {
        done(null, { current: window.current, ttl: window.until - performance.now() })
      } else if (callers) {
        callers.push(done)
      } else {
        const first = [done]
        waiting.set(bucket, first)
        setImmediate(() => {
          waiting.delete(bucket)
          void countAll(bucket, windowMs, first)
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
    pass (bucket: string, windowMs: number, max: number): Counted | undefined {
      const window = windows.get(bucket)
      const now = performance.now()
      if (!window || now > window.until || now - window.at > FRESH_MS || window.current + window.ahead >= max * (1 - AMPLE_SHARE)) return undefined
      window.ahead += 1
      if (!window.isReporting) void report(bucket, windowMs, window)
      return { current: window.current + window.ahead, ttl: window.until - now }
    },
  }
}
