/** Ticket ids of this run: none is given twice, and each is higher than those before, as a shop's are. */
import { FIRST_ID } from './requests.mjs'

let next = FIRST_ID

/**
 * @param {number} count
 * @returns {number} the first of so many
 */
export function takeIds (count) {
  const first = next
  next += count
  return first
}
