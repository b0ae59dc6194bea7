import type { Redis } from 'ioredis'
import { storeUnavailable } from '../errors.ts'
import { measureOffset, type Offset } from '../util/offset.ts'
import { RedisError } from './failure.ts'

/** Clocks drift by far less than a millisecond in this time; a step of Redis's clock is noticed within it. */
const MEASURE_EVERY_MS = 10_000

/**
 * Redis's clock, seen from here: deadlines are written in its time, because a frozen Redis executes
 * on waking what its callers have given up long ago.
 *
 * The offset is measured at every connect and on a timer, against this process's monotonic clock.
 * TIME was read somewhere between sending and receiving: taking the later moment makes the clock
 * run behind the truth by at most the round trip, so that a deadline is never too late.
 */
export function createClock (redis: Redis, onError: (error: Error) => void) {
  let offset: number | undefined
  // The other end of what it can be, also when the connection is gone. Each measurement is too late by the way to
  // Redis, which may be long where it is about to fail: the least counts, until one says that it is too early by now.
  let latestOffset = -Infinity

  async function measure (): Promise<Offset> {
    const measured = await measureOffset(async () => {
      const [seconds, microseconds] = await redis.time() as unknown as [string | number, string | number]
      return Number(seconds) * 1000 + Number(microseconds) / 1000
    })
    offset = measured.earliest
    latestOffset = latestOffset < offset ? measured.latest : Math.min(latestOffset, measured.latest)
    return measured
  }

  const remeasure = () => { measure().catch(onError) }
  const timer = setInterval(() => { if (redis.status === 'ready') remeasure() }, MEASURE_EVERY_MS).unref()
  redis.on('ready', remeasure)
  // The next server may have another clock.
  redis.on('close', () => { offset = undefined })

  return {
    /** Resolves with how far Redis's clock is from this process's, as of now. */
    measure,
    /**
     * The moment `afterMs` from now in ms of Redis's clock, rounded down.
     * @throws {Problem} store_unavailable while the clock is not known
     */
    deadline (afterMs: number): number {
      if (offset === undefined) throw storeUnavailable(new RedisError('not_connected', 'not connected to Redis'))
      return Math.floor(performance.now() + offset + afterMs)
    },
    /** ms of Redis's clock as far as it was ever known, not earlier than it was when that was measured last; undefined: it never was. */
    now: () => latestOffset === -Infinity ? undefined : Math.ceil(performance.now() + latestOffset),
    /** To be called when a deadline was missed although no time was lost here: the clock may have been set. */
    remeasure,
    stop () { clearInterval(timer) },
  }
}
