/** Throughput and latency: what changed between two looks at the counters of one instance. */
import { bucketsOf, quantile, sumOf } from './metrics.js'

const DURATIONS = 'tickets_http_request_duration_seconds'

/** Over a longer time, such as one in which nobody saw the page, an average says nothing of now. */
const GAP_MAX_MS = 15_000

/** @param {Record<string, string>} labels */
const isTicketRequest = labels => /^\/tickets(\/|$)/.test(labels.route ?? '')
/** @param {Record<string, string>} labels */
const isRead = labels => isTicketRequest(labels) && (labels.method === 'GET' || labels.method === 'HEAD')
/** @param {Record<string, string>} labels */
const isWrite = labels => isTicketRequest(labels) && !isRead(labels)

/**
 * @typedef {object} Traffic
 * @property {number | null} reads per second
 * @property {number | null} writes per second
 * @property {number | null} p50 ms
 * @property {number | null} p99 ms
 */

/** @type {Traffic} */
export const NO_TRAFFIC = { reads: null, writes: null, p50: null, p99: null }

export function createTrafficMeter () {
  /**
   * The last look at each instance: behind a load balancer, one answers now and another then.
   * @type {Map<number, { atMs: number, reads: number, writes: number, buckets: import('./metrics.js').Bucket[] }>}
   */
  const looks = new Map()

  /**
   * @param {import('./metrics.js').Metrics} metrics
   * @param {number} atMs when they were read
   * @returns {Traffic} since the last look; all null at the first one, after a pause, and when the counters began anew
   */
  return function look (metrics, atMs) {
    const instance = sumOf(metrics, 'process_start_time_seconds')
    const before = looks.get(instance)
    const now = {
      atMs,
      reads: sumOf(metrics, `${DURATIONS}_count`, isRead),
      writes: sumOf(metrics, `${DURATIONS}_count`, isWrite),
      buckets: bucketsOf(metrics, DURATIONS, isTicketRequest),
    }
    looks.set(instance, now)
    for (const [other, { atMs: seenMs }] of looks) if (atMs - seenMs > GAP_MAX_MS) looks.delete(other)

    if (!before || atMs - before.atMs > GAP_MAX_MS || atMs <= before.atMs) return NO_TRAFFIC
    if (now.reads < before.reads || now.writes < before.writes) return NO_TRAFFIC
    const seconds = (atMs - before.atMs) / 1000
    const earlier = new Map(before.buckets.map(({ bound, count }) => [bound, count]))
    const buckets = now.buckets.map(({ bound, count }) => ({ bound, count: count - (earlier.get(bound) ?? 0) }))
    const inMs = (/** @type {number | null} */ latency) => latency === null ? null : latency * 1000
    return {
      reads: (now.reads - before.reads) / seconds,
      writes: (now.writes - before.writes) / seconds,
      p50: inMs(quantile(0.5, buckets)),
      p99: inMs(quantile(0.99, buckets)),
    }
  }
}
