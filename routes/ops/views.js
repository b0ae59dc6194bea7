/** The views of the page, of which the fragment of its address names one: it does not leave the browser, and Back works. */
import { createActions } from './action.js'
import { createDashboard } from './dashboard.js'
import { byId, copyOf, make } from './dom.js'
import { createTickets } from './tickets.js'

const NAMES = /** @type {const} */ ({ overview: 'Operations', tickets: 'Tickets – Operations' })

/** @typedef {keyof typeof NAMES} View */

/** @returns {{ view: View, query: string }} */
function wanted () {
  const [name, query = ''] = window.location.hash.slice(1).split(/\?(.*)/s)
  return { view: name === 'tickets' ? name : 'overview', query }
}

/**
 * @param {object} options
 * @param {import('./api.js').Api} options.api
 * @param {() => void} options.refresh
 * @param {(error: import('./api.js').ApiError) => boolean} options.isAccess
 */
export function createViews ({ api, refresh, isAccess }) {
  const elements = {
    overview: make('div', { class: 'view' }, copyOf('dashboard-template')),
    tickets: make('div', { class: 'view' }, copyOf('tickets-template')),
  }
  byId('main').replaceChildren(...Object.values(elements))
  byId('views').hidden = false
  const act = createActions({ refresh, isAccess })
  const dashboard = createDashboard({ api, act, refresh, isAccess })
  const tickets = createTickets({ api, act, isAccess })
  /** @type {View | undefined} */
  let shown

  function show () {
    const { view, query } = wanted()
    for (const name of /** @type {View[]} */ (Object.keys(NAMES))) {
      elements[name].hidden = name !== view
      if (name === view) byId(`go-${name}`).setAttribute('aria-current', 'page')
      else byId(`go-${name}`).removeAttribute('aria-current')
    }
    document.title = `${NAMES[view]} – ticket-metadata-service`
    const isOther = shown !== undefined && shown !== view
    shown = view
    if (view === 'tickets') tickets.open(query)
    // A screen reader begins with what is new.
    if (isOther) elements[view].querySelector('h2')?.focus()
    if (isOther && view === 'overview') refresh()
  }

  window.addEventListener('hashchange', show)
  show()

  return {
    /**
     * @param {import('./dashboard.js').Answer<any>} health
     * @param {import('./dashboard.js').Answer<any>} backlog
     * @returns {Promise<import('./api.js').ApiError[]>} what could not be had
     */
    // Tickets are looked for when somebody asks, and not again and again.
    show: async (health, backlog) => shown === 'overview' ? await dashboard.show(health, backlog) : [],
    lose: dashboard.lose,
    close () {
      window.removeEventListener('hashchange', show)
      byId('views').hidden = true
    },
  }
}
