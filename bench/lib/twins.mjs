/**
 * The same program in two processes. What the compiler decides while it runs differs from process to process, and makes one
 * of them faster than the other for as long as it lives: the mean of two is nearer to what the program can do.
 */
import { contender } from './contender.mjs'

/**
 * @param {Omit<Parameters<typeof contender>[0], 'server'> & { servers: readonly [import('./stage.mjs').WebServer, import('./stage.mjs').WebServer] }} options
 */
export function twins ({ servers, ...options }) {
  const [one, other] = servers.map((server) => contender({ ...options, server }))
  if (!one || !other) throw new Error('twins are two')
  return {
    name: options.name,
    /** @param {boolean} isStrict */
    measure: async (isStrict) => meanOf(await one.measure(isStrict), await other.measure(isStrict)),
  }
}

/**
 * @param {import('./contender.mjs').Slice} one
 * @param {import('./contender.mjs').Slice} other
 * @returns {import('./contender.mjs').Slice}
 */
export function meanOf (one, other) {
  const mean = (/** @type {number} */ a, /** @type {number} */ b) => (a + b) / 2
  return {
    requests: one.requests + other.requests,
    rate: mean(one.rate, other.rate),
    p50_ms: mean(one.p50_ms, other.p50_ms),
    p99_ms: mean(one.p99_ms, other.p99_ms),
    cpu_us: one.cpu_us === undefined || other.cpu_us === undefined ? undefined : mean(one.cpu_us, other.cpu_us),
    firstId: other.firstId,
    lastId: other.lastId,
  }
}
