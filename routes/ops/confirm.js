/** Asks before something that cannot be undone. */
import { byId, setText } from './dom.js'

/**
 * Answers the question that was asked last.
 * @type {(isYes: boolean) => void}
 */
let answer = () => {}

/**
 * @param {{ title: string, text: string, yes: string }} question
 * @returns {Promise<boolean>} false also for Escape
 */
export function confirm ({ title, text, yes }) {
  const dialog = /** @type {HTMLDialogElement} */ (byId('confirm'))
  setText(byId('confirm-title'), title)
  setText(byId('confirm-text'), text)
  setText(byId('confirm-yes'), yes)
  // Its dialog was closed, or this one could not have been asked for.
  answer(false)
  return new Promise(resolve => {
    answer = resolve
    byId('confirm-yes').onclick = () => {
      resolve(true)
      dialog.close()
    }
    byId('confirm-no').onclick = () => dialog.close()
    // The event comes a moment after the closing: the next question may be open by then.
    dialog.onclose = () => { if (!dialog.open) resolve(false) }
    dialog.showModal()
  })
}
