/** What became of the last thing that was asked for; read out when it changes, shown until it is dismissed. */
import { byId, setText } from './dom.js'
import { clock } from './format.js'

const text = byId('outcome')
const dismiss = byId('outcome-dismiss')

/** @param {string} message */
export function announce (message) {
  // The time makes the same outcome, a second time, another text: it is read out again.
  setText(text, message && `${clock(Date.now())} – ${message}`)
  dismiss.hidden = message === ''
}

dismiss.addEventListener('click', () => {
  announce('')
  byId('title').focus()
})
