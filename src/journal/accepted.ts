import type { Offset } from '../util/offset.ts'

/** When an entry was accepted, as its instance knew it. */
export interface Accepted {
  /** ms of `clock`. */
  acceptedAtMs: number
  /** Whose time that is: MySQL's, when the instance had never reached Redis. */
  clock: 'redis' | 'mysql'
  /** ms of MySQL's clock at the INSERT; undefined: it was kept by an older version of the service, which knew Redis's alone. */
  keptAtMs?: number
}

/** Redis gives versions in whole ms: one of the same ms may be earlier or later. */
const VERSION_MS = 1

/**
 * When an entry was accepted in ms of the clock that gives the versions, that of the Redis that it is applied to. What an
 * instance knew of Redis's clock counts, unless it is ahead of what MySQL's says: then it was another Redis, or is no longer
 * true. Where only MySQL's time is known, it counts as early as it can have been: what may be newer becomes a conflict,
 * and is never overwritten.
 */
export function toAsOf ({ acceptedAtMs, clock, keptAtMs }: Accepted, redis: Offset, mysql: Offset): number {
  if (keptAtMs === undefined) return acceptedAtMs
  const latest = keptAtMs + 1 + redis.latest - mysql.earliest
  if (clock === 'redis' && acceptedAtMs <= Math.ceil(latest)) return acceptedAtMs
  return Math.floor(keptAtMs + redis.earliest - mysql.latest) - VERSION_MS
}
