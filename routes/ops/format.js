/** How numbers and times are written. The page is in English, whatever the browser's language. */

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const SMALL = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })
const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' })

/** @param {number} value */
export const count = value => (Math.abs(value) < 10 ? SMALL : NUMBER).format(value)

/** @param {number} ms Unix time */
export const clock = ms => CLOCK.format(ms)

/**
 * The time of day, with the day where it is another one.
 * @param {number} seconds Unix time
 */
export function moment (seconds) {
  const ms = seconds * 1000
  return DAY.format(ms) === DAY.format(Date.now()) ? CLOCK.format(ms) : `${DAY.format(ms)}, ${CLOCK.format(ms)}`
}

/** @param {number} ms */
export function duration (ms) {
  if (ms < 1000) return `${count(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 120) return `${count(seconds)} s`
  if (seconds < 7200) return `${count(seconds / 60)} min`
  return `${count(seconds / 3600)} h`
}

/**
 * @param {number} number
 * @param {string} one
 * @param {string} [many]
 */
export const plural = (number, one, many = `${one}s`) => `${NUMBER.format(number)} ${number === 1 ? one : many}`
