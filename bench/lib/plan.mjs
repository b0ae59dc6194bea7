/** How much is measured. */

/** @typedef {ReturnType<typeof createPlan>} Plan */

/**
 * @param {{ quick: boolean, rounds?: number }} options
 */
export function createPlan ({ quick, rounds }) {
  /**
   * @template T
   * @param {T} full
   * @param {T} few
   * @returns {T}
   */
  const choose = (full, few) => quick ? few : full
  return {
    isQuick: quick,
    /** Of load at a time. */
    sliceSeconds: choose(1, 0.3),
    /** Rounds that do not count: so long it takes until all code of a service has been compiled. */
    warmup: choose(8, 1),
    choose,
    rounds: (/** @type {number} */ full, few = 2) => rounds ?? choose(full, few),
  }
}
