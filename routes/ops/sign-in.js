/** Asks for a key, and tries it before it is kept. */
import { ApiError, createApi } from './api.js'
import { byId, copyOf, setText } from './dom.js'
import { session } from './session.js'

/** What a header can carry; anything else cannot be a key. */
const KEY = /^[\x21-\x7e]+$/

/** Answered by those alone who may operate the service. */
const PROBE = 'flush'

/** @param {ApiError} error */
export const isAccessError = ({ status }) => status === 401 || status === 403

/** @param {ApiError} error */
export function accessMessage (error) {
  if (error.status === 401) return 'The service does not know this key.'
  if (error.status === 403) return 'This key does not have the scope ops, which this page needs.'
  if (error.status === 429) return `Too many attempts. Try again in ${Math.max(1, Math.ceil(error.retryAfterMs / 1000))} s.`
  return error.message
}

/**
 * @param {object} options
 * @param {string} options.message why it is asked; empty: for the first time
 * @param {() => void} options.onSignedIn
 */
export function showSignIn ({ message, onSignedIn }) {
  byId('main').replaceChildren(copyOf('sign-in-template'))
  const form = byId('sign-in')
  const input = /** @type {HTMLInputElement} */ (byId('key'))
  let isTrying = false

  /** @param {string} text */
  function complain (text) {
    setText(byId('sign-in-error'), text)
    input.setAttribute('aria-invalid', String(text !== ''))
    // Read out with the field, whose description it is.
    input.focus()
  }

  /** @param {string} key */
  async function attempt (key) {
    if (key === '') return complain('Enter a key.')
    if (!KEY.test(key)) return complain('The service does not know this key.')
    try {
      await createApi(() => key).get(PROBE)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      // Any other problem is one of the service, after it let the key in.
      if (isAccessError(error) || error.status === 429 || error.status === 0) return complain(accessMessage(error))
    }
    session.keep(key)
    input.value = ''
    onSignedIn()
  }

  form.addEventListener('submit', async event => {
    event.preventDefault()
    if (isTrying) return
    isTrying = true
    await attempt(input.value.trim()).finally(() => { isTrying = false })
  })

  complain(message)
}
