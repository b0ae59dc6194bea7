/** Whoever looks at the page is either asked for a key or shown the views, which are then kept up to date. */
import { createApi } from './api.js'
import { outcomeOf } from './dashboard.js'
import { byId, setText } from './dom.js'
import { clock } from './format.js'
import { announce } from './outcome.js'
import { createPoller } from './poller.js'
import { session } from './session.js'
import { accessMessage, isAccessError, showSignIn } from './sign-in.js'
import { createViews } from './views.js'

const api = createApi(() => session.key)
const poller = createPoller(poll)
/** @type {ReturnType<typeof createViews> | undefined} */
let views
/** Answers to questions of a visit that has ended are thrown away. */
let visit = 0
let seenMs = 0
let isStale = false

/** @typedef {import('./api.js').ApiError} ApiError */

async function poll () {
  const mine = visit
  const [health, backlog] = await Promise.all([outcomeOf(api.health()), outcomeOf(api.get('flush'))])
  if (mine !== visit || (backlog.error && isAccess(backlog.error))) return { isWell: true, waitMs: 0 }
  if (backlog.error && isSilence(backlog.error)) return toStale(backlog.error)
  views ??= open()
  const errors = await views.show(health, backlog)
  if (mine !== visit) return { isWell: true, waitMs: 0 }
  toLive()
  return { isWell: !errors.some(isSilence), waitMs: Math.max(0, ...errors.map(({ retryAfterMs }) => retryAfterMs)) }
}

/**
 * The service says nothing, or not to ask. 403 without a key is for a page under a name that a service without keys does not
 * take for its own: no key would help.
 * @param {ApiError} error
 */
const isSilence = ({ status, code }) => [0, 403, 429].includes(status) || code === 'overloaded'

function open () {
  byId('sign-out').hidden = session.key === null
  return createViews({ api, refresh: poller.now, isAccess })
}

function toLive () {
  seenMs = Date.now()
  setText(byId('connection-text'), `Live, ${clock(seenMs)}`)
  if (isStale) announce('The service answers again.')
  showConnection('live', '')
}

/** @param {ApiError} error */
function toStale (error) {
  views?.lose()
  setText(byId('connection-text'), seenMs ? 'Stale' : 'Not connected')
  showConnection('stale', seenMs
    ? `What you see is stale since ${clock(seenMs)}. ${error.message} It is asked again by and by.`
    : `${error.message} It is asked again by and by.`)
  return { isWell: false, waitMs: error.retryAfterMs }
}

/**
 * @param {'live' | 'stale' | 'none'} state
 * @param {string} note
 */
function showConnection (state, note) {
  isStale = state === 'stale'
  byId('connection').dataset.state = state
  setText(byId('stale'), note)
}

/**
 * Ends the visit when the key does not let in.
 * @param {ApiError} error
 */
function isAccess (error) {
  const wasKnown = session.key !== null
  if (!isAccessError(error) || (error.status === 403 && !wasKnown)) return false
  const lapsed = error.status === 401 && views ? 'The key is not accepted any more. Sign in again.' : accessMessage(error)
  leave(wasKnown ? lapsed : '')
  return true
}

/** @param {string} message why; empty: it was wanted, or nobody was there */
function leave (message) {
  visit++
  poller.stop()
  session.forget()
  views?.close()
  views = undefined
  seenMs = 0
  byId('sign-out').hidden = true
  setText(byId('connection-text'), 'Signed out')
  showConnection('none', '')
  announce('')
  showSignIn({ message, onSignedIn: enter })
}

function enter () {
  byId('main').replaceChildren()
  setText(byId('connection-text'), 'Connecting…')
  byId('title').focus()
  poller.start()
}

byId('sign-out').addEventListener('click', () => leave(''))
poller.start()
