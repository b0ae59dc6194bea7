/** Load at a rate: what wrk can be told is the pause of each connection before its next request. */
import { Failure } from '../../scripts/lib/main.mjs'

/** An answer takes about so long while there is room. */
const ANSWER_MS = 1
export const PAUSE_MIN_MS = 0.1
/** So near to the rate that was asked for a slice is as good as there. */
const TOLERANCE = 0.1
/** So far from it, it shows something else. */
const TOLERANCE_MAX = 0.25
const ATTEMPTS = 8

/**
 * @param {number} rate of requests a second
 * @param {number} connections
 * @returns {number} ms, about
 */
export function pauseFor (rate, connections) {
  return Math.max(PAUSE_MIN_MS, 1000 * connections / rate - ANSWER_MS)
}

/**
 * Requests that arrive at a rate, by chance: pauses are exponentially distributed, and corrected by the rate that they led to.
 * @template {{ rate: number }} Slice
 * @param {object} options
 * @param {{ name: string, measure: (isStrict: boolean, how: { pauseMs: number, seconds: number }) => Promise<Slice> }} options.contender
 * @param {number} options.rate
 * @param {number} options.connections
 * @param {number} options.seconds
 */
export function paced ({ contender: { name, measure }, rate, connections, seconds }) {
  const cycleAt = (/** @type {number} */ measured) => 1000 * connections / measured
  let pauseMs = pauseFor(rate, connections)
  return {
    name,
    /** @returns {Promise<Slice>} */
    async measure () {
      /** @type {Slice | undefined} */
      let nearest
      const distance = (/** @type {Slice} */ slice) => Math.abs(slice.rate / rate - 1)
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        const slice = await measure(false, { pauseMs, seconds })
        pauseMs = Math.max(PAUSE_MIN_MS, pauseMs + cycleAt(rate) - cycleAt(slice.rate))
        if (!nearest || distance(slice) < distance(nearest)) nearest = slice
        if (distance(nearest) <= TOLERANCE) return nearest
      }
      if (nearest && distance(nearest) <= TOLERANCE_MAX) return nearest
      throw new Failure(`The load did not come within ${100 * TOLERANCE_MAX} % of ${Math.round(rate)} requests/s to ${name}: this machine is too busy`)
    },
  }
}
