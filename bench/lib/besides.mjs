/** Rows from the slices of contenders: the first of them beside each other one. */
import { compared } from './rows.mjs'
import { median } from './statistics.mjs'

/**
 * @typedef {object} Beside
 * @property {string} name of the contender
 * @property {string} label
 * @property {import('./rows.mjs').Bar | null} [bar]
 */

/**
 * @param {object} options
 * @param {string} options.scenario
 * @param {string} options.work
 * @param {string} options.unit
 * @param {string} options.subject name of the contender that is measured
 * @param {readonly Beside[]} options.besides
 * @param {Map<string, import('./contender.mjs').Slice[]>} options.series
 * @returns {import('./rows.mjs').Row[]}
 */
export function besides ({ scenario, work, unit, subject, besides: others, series }) {
  const slicesOf = (/** @type {string} */ name) => series.get(name) ?? []
  return others.filter(({ name }) => series.has(name)).map(({ name, label, bar = null }) => compared({
    scenario,
    work,
    beside: label,
    unit,
    values: slicesOf(subject).map(({ rate }) => rate),
    references: slicesOf(name).map(({ rate }) => rate),
    bar,
    use: useOf(slicesOf(subject)),
    reference_use: useOf(slicesOf(name)),
  }))
}

/**
 * @param {readonly import('./contender.mjs').Slice[]} slices
 * @returns {import('./usage.mjs').Use | undefined}
 */
function useOf (slices) {
  const known = slices.flatMap(({ rate, cpu_us: cpu }) => cpu === undefined ? [] : [{ cpu, cores: cpu * rate / 1e6 }])
  return known.length === 0 ? undefined : { cpu_us: median(known.map(({ cpu }) => cpu)), cores: median(known.map(({ cores }) => cores)) }
}
