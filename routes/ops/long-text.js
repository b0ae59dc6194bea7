/** Text of any length, of which the beginning is enough most of the time. */
import { make } from './dom.js'

const SHORT = 160

/**
 * @param {string} text
 * @param {string} [type] class of the element
 */
export function longText (text, type = 'text') {
  if (text.length <= SHORT) return make('span', { class: type }, text)
  return make('details', { class: type },
    make('summary', {}, `${text.slice(0, SHORT)}…`),
    make('span', {}, text))
}
