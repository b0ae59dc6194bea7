/** How flat rates are over sizes. */
import { ratio } from './statistics.mjs'

/**
 * Of each size the rates are set beside those of the smallest, round by round. The lowest over the highest of a round would say
 * how much slices differ, which they do without any growth.
 * @template {{ rates: readonly number[] }} Size
 * @param {readonly Size[]} sizes the smallest first; rates by round
 * @returns {Size} the one of the others that has lost the most
 */
export function slowest ([smallest, ...others]) {
  const [first, ...rest] = others.map((size) => ({ size, share: ratio(size.rates, smallest?.rates ?? []).median }))
  if (!first) throw new Error('flatness is that of two sizes at least')
  return rest.reduce((worst, each) => each.share < worst.share ? each : worst, first).size
}
