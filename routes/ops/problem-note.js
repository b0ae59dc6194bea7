/** What could not be had, and what to do about it. */
import { make } from './dom.js'

/** @param {import('./api.js').ApiError} error */
function adviceOn ({ status, code, message }) {
  if (status === 0) return `${message} Try again.`
  if (status === 403) return `${message} Sign in with a key that has it beside ops: npm run key -- NAME read+ops makes one.`
  if (status === 503 && code !== 'overloaded') return `${message} The runbook “Lists are 503” says what to do where it stays so.`
  return message
}

/**
 * @param {HTMLElement} place which holds nothing else
 * @param {import('./api.js').ApiError | null} error null: all is well
 * @param {...[label: string, work: () => void]} ways
 */
export function showProblem (place, error, ...ways) {
  if (!error) return place.replaceChildren()
  const buttons = ways.map(([label, work]) => {
    const button = make('button', { type: 'button' }, label)
    button.addEventListener('click', work)
    return button
  })
  place.replaceChildren(make('div', { class: 'note', role: 'alert' }, make('p', {}, adviceOn(error)), ...(buttons.length > 0 ? [make('div', { class: 'actions' }, ...buttons)] : [])))
}
