/** Asks before something that cannot be undone. */
import { byId, setText } from './dom.js'

/**
 * @param {{ title: string, text: string, yes: string }} question
 * @returns {Promise<boolean>} false also for Escape
 */
export async function confirm ({ title, text, yes }) {
  const dialog = /** @type {HTMLDialogElement} */ (byId('confirm'))
  setText(byId('confirm-title'), title)
  setText(byId('confirm-text'), text)
  setText(byId('confirm-yes'), yes)
  dialog.returnValue = ''
  byId('confirm-yes').onclick = () => dialog.close('yes')
  byId('confirm-no').onclick = () => dialog.close()
  dialog.showModal()
  await new Promise(resolve => dialog.addEventListener('close', resolve, { once: true }))
  return dialog.returnValue === 'yes'
}
