/** Medians and quartiles: what is left of a series when a few of its slices were disturbed. */

/** The quartiles. */
export interface Spread { low: number, median: number, high: number }

/**
 * @param values at least one
 * @param share 0.5 for the median
 * @returns between two values, the point that divides them in this proportion
 */
export function quantile (values: readonly number[], share: number): number {
  if (values.length === 0) throw new Error('a series without values has no quantiles')
  const sorted = values.toSorted((a, b) => a - b)
  const position = (sorted.length - 1) * share
  const below = Math.floor(position)
  const [low = NaN, high = low] = sorted.slice(below, below + 2)
  return low + (high - low) * (position - below)
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

export const spread = (values: readonly number[]): Spread => ({ low: quantile(values, 0.25), median: median(values), high: quantile(values, 0.75) })

/**
 * Of each round by itself: what slowed the machine down then, slowed both.
 *
 * @param values by round
 * @param references likewise
 */
export function ratio (values: readonly number[], references: readonly number[]): Spread {
  if (values.length !== references.length) throw new Error(`${values.length} rounds beside ${references.length}`)
  return spread(values.map((value, round) => value / references[round]!))
}
