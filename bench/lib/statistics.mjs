/** Medians and quartiles: what is left of a series when a few of its slices were disturbed. */

/** @typedef {{ low: number, median: number, high: number }} Spread the quartiles */

/**
 * @param {readonly number[]} values at least one
 * @param {number} share 0.5 for the median
 * @returns {number} between two values, the point that divides them so
 */
export function quantile (values, share) {
  if (values.length === 0) throw new Error('a series without values has no quantiles')
  const sorted = values.toSorted((a, b) => a - b)
  const position = (sorted.length - 1) * share
  const below = Math.floor(position)
  const [low = NaN, high = low] = sorted.slice(below, below + 2)
  return low + (high - low) * (position - below)
}

/** @param {readonly number[]} values */
export function median (values) {
  return quantile(values, 0.5)
}

/**
 * @param {readonly number[]} values
 * @returns {Spread}
 */
export function spread (values) {
  return { low: quantile(values, 0.25), median: median(values), high: quantile(values, 0.75) }
}

/**
 * Of each round by itself: what slowed the machine down then, slowed both.
 * @param {readonly number[]} values by round
 * @param {readonly number[]} references likewise
 * @returns {Spread}
 */
export function ratio (values, references) {
  if (values.length !== references.length) throw new Error(`${values.length} rounds beside ${references.length}`)
  return spread(values.map((value, round) => value / /** @type {number} */ (references[round])))
}
