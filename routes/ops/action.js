/** Buttons that make the service do something. */
import { ApiError } from './api.js'
import { announce } from './outcome.js'

/**
 * @param {object} tools
 * @param {() => void} tools.refresh asks for the new state
 * @param {(error: ApiError) => boolean} tools.isAccess handles an error of the key itself
 */
export function createActions ({ refresh, isAccess }) {
  /**
   * Runs it, unless it runs already, and says what became of it. The button keeps the focus: one that is disabled would lose it.
   * @param {HTMLElement} button
   * @param {string} doing
   * @param {() => Promise<string>} work resolves with the outcome in words
   */
  return async function act (button, doing, work) {
    if (button.getAttribute('aria-disabled') === 'true') return
    button.setAttribute('aria-disabled', 'true')
    announce(doing)
    try {
      announce(await work())
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (isAccess(error)) return
      announce(error.status === 0 ? 'No answer came: it may have been done, or not.' : `Not done: ${error.message}`)
    } finally {
      button.removeAttribute('aria-disabled')
      refresh()
    }
  }
}

/** @typedef {ReturnType<typeof createActions>} Act */
