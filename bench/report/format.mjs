/** Figures as people read them. */

/** @param {number} value */
export function number (value) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 4
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}

/** @param {import('../lib/rows.mjs').Row} row */
export function ratioOf ({ ratio }) {
  if (!ratio) return ''
  const { low, median, high } = ratio
  return low === high ? digits(median) : `${digits(median)} (${digits(low)} to ${digits(high)})`
}

/** @param {number} value */
function digits (value) {
  return value >= 100 ? number(value) : value >= 0.1 ? value.toFixed(2) : value.toPrecision(2)
}

/** @param {import('../lib/rows.mjs').Row} row */
export function barOf ({ bar, unit, ratio }) {
  if (!bar) return ''
  return `${bar.op === '>=' ? '≥' : '≤'} ${number(bar.value)}${ratio ? '' : ` ${unit}`}`
}

/** @param {import('../lib/rows.mjs').Row} row */
export function verdictOf ({ met }) {
  return met === null ? '' : met ? 'yes' : 'no'
}

/**
 * @param {number} value
 * @param {string} unit
 * @param {number | undefined} cpu microseconds
 */
export function figure (value, unit, cpu) {
  return `${number(value)} ${unit}${cpu === undefined ? '' : `, ${number(cpu)} µs`}`
}
