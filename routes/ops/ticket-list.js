/** A page of tickets. */
import { byId, make, setText } from './dom.js'
import { moment, plural } from './format.js'
import { longText } from './long-text.js'
import { outcomeOf } from './dashboard.js'
import { createPager } from './pager.js'
import { showProblem } from './problem-note.js'
import { createTable } from './table.js'
import { addressOf, changed } from './ticket-address.js'

/** @typedef {{ ticket_id: number, status: string, subject?: string, assigned_to?: number, customer_id: number, category?: string, priority?: string, created_at: number, updated_at: number, version: number, synced_version: number | null }} Ticket */
/** @typedef {{ tickets: Ticket[], next_cursor: string | null, has_more: boolean, incomplete?: string[], errors?: { ticket_id: number, error: { detail: string } }[] }} Page */

/** @param {number} seconds */
export const time = seconds => make('time', { datetime: new Date(seconds * 1000).toISOString() }, moment(seconds))

/** Text of a customer, in its own direction. @param {string} text */
const foreign = text => make('div', { dir: 'auto' }, longText(text))

/** @param {Ticket} ticket */
export const inMysql = ({ version, synced_version: synced }) => synced === version ? 'yes' : synced === null ? 'not yet' : 'an older version'

/**
 * @param {object} options
 * @param {import('./api.js').Api} options.api
 * @param {(error: import('./api.js').ApiError) => boolean} options.isAccess
 * @param {import('./ticket-filters.js').Filters} options.filters
 * @param {() => void} options.onPartial what there is, where not all can be asked
 */
export function createList ({ api, isAccess, filters, onPartial }) {
  const summary = byId('list-summary')
  const pager = createPager('tickets', () => { load() }, 'cursor')
  let query = new URLSearchParams()
  /** With the ticket that is open, for the links. */
  let address = query
  let turn = 0

  const table = createTable({
    labelledBy: 'list-title',
    empty: '',
    idOf: (/** @type {Ticket} */ { ticket_id }) => String(ticket_id),
    columns: [
      { title: 'Ticket', cell: ({ ticket_id: id }) => make('a', { href: addressOf(changed(address, 'ticket', String(id))), 'aria-label': `Open ticket ${id}`, 'data-ticket': String(id) }, String(id)) },
      { title: 'Status', cell: ({ status }) => foreign(status) },
      { title: 'Subject', cell: ({ subject }) => subject === undefined ? '–' : foreign(subject) },
      { title: 'Agent', cell: ({ assigned_to: agent }) => String(agent ?? 'none') },
      { title: 'Customer', cell: ({ customer_id }) => String(customer_id) },
      { title: 'Category', cell: ({ category }) => category === undefined ? '–' : foreign(category) },
      { title: 'Priority', cell: ({ priority }) => priority === undefined ? '–' : foreign(priority) },
      { title: 'Created', cell: ({ created_at }) => time(created_at) },
      { title: 'Changed', cell: ({ updated_at }) => time(updated_at) },
      { title: 'In MySQL', cell: inMysql },
    ],
  })
  byId('list').append(table.element, pager.element)

  async function load () {
    const mine = ++turn
    setText(summary, 'Looking…')
    const asked = new URLSearchParams([...query, ...new URLSearchParams(pager.query())])
    const { value, error } = await outcomeOf(api.get(`tickets?${asked}`))
    if (mine !== turn) return
    if (!error) return show(value)
    if (error.status === 401 && isAccess(error)) return
    setText(summary, '')
    table.show([])
    filters.complain(error.findings)
    /** @type {[string, () => void][]} */
    const partial = error.status === 503 && query.get('partial') !== 'true' ? [['Show what can be read', onPartial]] : []
    showProblem(byId('list-problem'), error, ['Try again', load], ...partial)
  }

  /** @param {Page} page */
  function show ({ tickets, next_cursor: next, has_more: hasMore, incomplete = [], errors = [] }) {
    showProblem(byId('list-problem'), null)
    table.show(tickets)
    pager.show(Math.max(tickets.length, Number(hasMore)), next)
    const many = tickets.length === 0
      ? hasMore ? 'None among those that were looked at; there are more to look at.' : 'No ticket fits.'
      : `${plural(tickets.length, 'ticket')}${hasMore ? ', and there are more.' : '.'}`
    const parts = [many,
      ...incomplete.length > 0 ? [`Not complete: ${incomplete.map(name => name === 'redis' ? 'Redis' : 'MySQL').join(' and ')} could not be asked, or not for all tickets.`] : [],
      ...errors.length > 0 ? [`${plural(errors.length, 'ticket')} cannot be read: ${errors.map(({ ticket_id }) => ticket_id).join(', ')}.`] : []]
    setText(summary, parts.join(' '))
  }

  return {
    /**
     * @param {URLSearchParams} to
     * @param {URLSearchParams} whole the same, with the ticket that is open
     */
    find (to, whole) {
      query = to
      address = whole
      pager.reset()
      load()
    },
    /** The focus goes back to where a ticket was opened. @param {string | null} id */
    focusOn (id) {
      const link = [...byId('list').querySelectorAll('a')].find(({ dataset }) => dataset.ticket === id)
      ;(link ?? byId('list-title')).focus()
    },
  }
}
