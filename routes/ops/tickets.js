/** Tickets by what they are, their counts, and one of them. */
import { createCounts } from './ticket-counts.js'
import { createDetail } from './ticket-detail.js'
import { byId, setText } from './dom.js'
import { createFilters } from './ticket-filters.js'
import { createList } from './ticket-list.js'
import { addressOf, changed } from './ticket-address.js'

/**
 * @param {object} options
 * @param {import('./api.js').Api} options.api
 * @param {import('./action.js').Act} options.act
 * @param {(error: import('./api.js').ApiError) => boolean} options.isAccess
 */
export function createTickets ({ api, act, isAccess }) {
  /** What the address says. */
  let query = new URLSearchParams()
  /** @type {string | undefined} the filters that are shown */
  let listed

  /** @param {URLSearchParams} to */
  function go (to) {
    const address = addressOf(to)
    // The same again: there may be others by now.
    if (address === window.location.hash) show(to, true)
    else window.location.hash = address
  }

  const filters = createFilters({ onFind: found => go(found) })
  const list = createList({ api, isAccess, filters, onPartial: () => go(changed(query, 'partial', 'true')) })
  const counts = createCounts({ api, isAccess, filters })
  const detail = createDetail({
    api,
    act,
    isAccess,
    onClose () {
      const id = query.get('ticket')
      go(changed(query, 'ticket', null))
      list.focusOn(id)
    },
  })

  const idField = /** @type {HTMLInputElement} */ (byId('ticket-id'))
  byId('ticket-open').addEventListener('submit', event => {
    event.preventDefault()
    const id = idField.value.trim()
    const isId = /^[1-9]\d{0,15}$/.test(id)
    setText(byId('ticket-id-error'), isId ? '' : 'Enter the id of a ticket, a whole number from 1.')
    idField.setAttribute('aria-invalid', String(!isId))
    if (isId) go(changed(query, 'ticket', id))
    else idField.focus()
  })

  /**
   * @param {URLSearchParams} to
   * @param {boolean} isAgain
   */
  function show (to, isAgain) {
    query = to
    const asked = changed(to, 'ticket', null)
    filters.fill(asked)
    detail.show(to.get('ticket'), isAgain)
    if (String(asked) !== listed || isAgain) {
      listed = String(asked)
      list.find(asked, to)
      counts.forget(asked)
    }
  }

  return {
    /** @param {string} text the query of the address */
    open (text) { show(new URLSearchParams(text), false) },
  }
}
