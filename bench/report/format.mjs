/** Figures as people read them. */

/** @param {number} value */
export function number (value) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 4
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}

/** Nearer to its bar than this, a ratio has a digit more: 0.896 is not the 0.9 that was asked for. */
const NEAR = 0.02

/** @param {import('../lib/rows.mjs').Row} row */
export function ratioOf ({ ratio, bar }) {
  if (!ratio) return ''
  const { low, median, high } = ratio
  const decimals = bar && Math.abs(median / bar.value - 1) < NEAR ? 3 : 2
  const digits = (/** @type {number} */ value) => value >= 100 ? number(value) : value >= 0.1 ? value.toFixed(decimals) : value.toPrecision(decimals)
  return low === high ? digits(median) : `${digits(median)} (${digits(low)} to ${digits(high)})`
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
 * @param {import('../lib/usage.mjs').Use} [use]
 */
export function figure (value, unit, use) {
  return `${number(value)} ${unit}${use ? `, ${number(use.cpu_us)} µs, ${Math.round(100 * use.cores)} %` : ''}`
}
