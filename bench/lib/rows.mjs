/** A result: one work beside another, and the bar between them. */
import { median, ratio } from './statistics.mjs'

/**
 * @typedef {object} Bar
 * @property {'>=' | '<='} op
 * @property {number} value
 */

/**
 * @typedef {object} Row
 * @property {string} scenario
 * @property {string} work
 * @property {string} beside
 * @property {number} value median of the work
 * @property {string} unit of value and reference
 * @property {number | null} reference median of what it is beside
 * @property {import('./statistics.mjs').Spread | null} ratio
 * @property {Bar | null} bar for the ratio; for the value where there is no reference
 * @property {boolean | null} met null: there is no bar
 * @property {number} rounds
 * @property {readonly number[]} [values] of each round
 * @property {readonly number[]} [references] likewise
 * @property {import('./usage.mjs').Use} [use] of the processes under test
 * @property {import('./usage.mjs').Use} [reference_use] likewise
 * @property {string} [detail] what else is worth knowing
 */

/**
 * @typedef {object} Compared
 * @property {string} scenario
 * @property {string} work
 * @property {string} beside
 * @property {string} unit
 * @property {readonly number[]} values by round
 * @property {readonly number[]} references by round
 * @property {Bar | null} [bar]
 * @property {import('./usage.mjs').Use} [use]
 * @property {import('./usage.mjs').Use} [reference_use]
 * @property {string} [detail]
 */

/**
 * @param {Compared} compared
 * @returns {Row}
 */
export function compared ({ values, references, bar = null, ...rest }) {
  const between = ratio(values, references)
  if (!Number.isFinite(between.median)) throw new Error(`${rest.work}, beside ${rest.beside}: ${values} beside ${references} is no ratio`)
  return { ...rest, value: median(values), reference: median(references), ratio: between, bar, met: bar && isMet(between.median, bar), rounds: values.length, values, references }
}

/**
 * A figure by itself.
 * @param {Omit<Row, 'reference' | 'ratio' | 'bar' | 'met'> & { bar?: Bar | null }} stated
 * @returns {Row}
 */
export function stated ({ bar = null, ...rest }) {
  return { ...rest, reference: null, ratio: null, bar, met: bar && isMet(rest.value, bar) }
}

/**
 * @param {number} value
 * @param {Bar} bar
 */
export function isMet (value, { op, value: limit }) {
  return op === '>=' ? value >= limit : value <= limit
}
