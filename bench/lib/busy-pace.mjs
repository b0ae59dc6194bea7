/** Load that keeps the service as busy as one would let it be. */
import { busyOf } from './costs.mjs'
import { PAUSE_MIN_MS, pauseFor } from './pace.mjs'

/** @typedef {ReturnType<typeof createPace>} Pace */

/**
 * @param {object} options
 * @param {number} options.connections
 * @param {number} options.busy the share of its core
 * @param {number} options.fullRate requests a second without pauses
 */
export function createPace ({ connections, busy, fullRate }) {
  let pauseMs = pauseFor(busy * fullRate, connections)
  return {
    /** Of the next slice: the mean before each request. */
    pauseMs: () => pauseMs,

    /**
     * Few requests share less, and so half of them is more than half of the work: only what came of a pause says how good it was.
     * @param {import('./costs.mjs').Cost} cost of a slice with it
     */
    learn (cost) {
      // Where CPU is not counted, the rate stands for it.
      const was = busyOf(cost) ?? cost.rate / fullRate
      pauseMs = Math.max(PAUSE_MIN_MS, pauseMs + 1000 * connections / cost.rate * (was / busy - 1))
    },
  }
}
