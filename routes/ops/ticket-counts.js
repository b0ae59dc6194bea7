/** How many tickets fit, by a field; counted when somebody asks for it. */
import { byId, make, setText } from './dom.js'
import { count, moment, plural } from './format.js'
import { outcomeOf } from './dashboard.js'
import { showProblem } from './problem-note.js'
import { createTable } from './table.js'
import { addressOf, changed } from './ticket-address.js'

/** A category that is really none has a = in front among counts. @param {string} counted @param {string} value @returns what it is filtered by; undefined: it cannot be */
function toFilter (counted, value) {
  if (counted !== 'category' && counted !== 'priority') return value
  return value === 'none' || value.includes(',') ? undefined : value.replace(/^=(?==*none$)/, '')
}

const UNCOUNTED = new Set(['sort', 'partial', 'cursor', 'limit'])

/**
 * @param {object} options
 * @param {import('./api.js').Api} options.api
 * @param {(error: import('./api.js').ApiError) => boolean} options.isAccess
 * @param {import('./ticket-filters.js').Filters} options.filters
 */
export function createCounts ({ api, isAccess, filters }) {
  const by = /** @type {HTMLSelectElement} */ (byId('counts-by'))
  const summary = byId('counts-summary')
  let query = new URLSearchParams()
  let counted = by.value
  let turn = 0

  /** A value that can be filtered by is a link that does so. @param {[value: string, number: number]} row */
  function valueCell ([value]) {
    const filter = toFilter(counted, value)
    return filter === undefined ? value : make('a', { href: addressOf(changed(query, counted, filter)) }, make('bdi', {}, value))
  }

  const table = createTable({
    labelledBy: 'counts-title',
    empty: '',
    idOf: (/** @type {[string, number]} */ [value]) => `${counted} ${value}`,
    columns: [
      { title: 'Value', cell: valueCell },
      { title: 'Tickets', cell: ([, number]) => count(number) },
    ],
  })
  byId('counts').append(table.element)

  function forget () {
    turn++
    setText(summary, '')
    showProblem(byId('counts-problem'), null)
    table.show([])
  }

  async function load () {
    forget()
    const mine = turn
    counted = by.value
    setText(summary, 'Counting…')
    const asked = new URLSearchParams([['group_by', counted], ...[...query].filter(([name]) => !UNCOUNTED.has(name))])
    const { value, error } = await outcomeOf(api.get(`tickets/counts?${asked}`))
    if (mine !== turn) return
    if (error) {
      if (error.status === 401 && isAccess(error)) return
      setText(summary, '')
      filters.complain(error.findings)
      showProblem(byId('counts-problem'), error, ['Try again', load])
      return
    }
    const rows = /** @type {[string, number][]} */ (Object.entries(value.counts)).sort((a, b) => b[1] - a[1])
    table.show(rows)
    setText(summary, `${plural(rows.reduce((sum, [, number]) => sum + number, 0), 'ticket')} at ${moment(value.as_of)}.`)
  }

  byId('counts-form').addEventListener('submit', event => {
    event.preventDefault()
    load()
  })

  return {
    /** Counts of other filters are no counts of these. @param {URLSearchParams} to */
    forget (to) {
      query = to
      forget()
    },
  }
}
