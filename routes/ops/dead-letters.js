/** The tickets that MySQL refused, and the buttons that bring them back. */
import { byId, make, setNote, setText } from './dom.js'
import { moment, plural } from './format.js'
import { longText } from './long-text.js'
import { createPager } from './pager.js'
import { createTable } from './table.js'

/** @typedef {{ ticket_id: number, attempts: number, reason: string, died_at: number }} DeadLetter */

/**
 * @param {import('./api.js').Api} api
 * @param {import('./action.js').Act} act
 * @param {() => void} refresh
 */
export function createDeadLetters (api, act, refresh) {
  const retryAll = byId('dead-retry-all')
  const pager = createPager('dead letters', refresh)

  /** @param {number} id */
  function retryButton (id) {
    const button = make('button', { type: 'button', 'aria-label': `Retry ticket ${id}` }, 'Retry')
    button.addEventListener('click', () => act(button, `Bringing ticket ${id} back…`, async () => {
      const { redriven } = await api.post('flush/dead/retry', { ticket_ids: [id] })
      return redriven > 0 ? `Ticket ${id} is due again; the next flush tries it.` : `Ticket ${id} was no dead letter any more.`
    }))
    return button
  }

  const table = createTable({
    labelledBy: 'dead-title',
    empty: 'None. MySQL has refused no ticket.',
    idOf: (/** @type {DeadLetter} */ { ticket_id }) => String(ticket_id),
    columns: [
      { title: 'Ticket', cell: ({ ticket_id }) => String(ticket_id) },
      { title: 'Attempts', cell: ({ attempts }) => String(attempts) },
      { title: 'Reason', cell: ({ reason }) => longText(reason) },
      { title: 'When', cell: ({ died_at }) => make('time', { datetime: new Date(died_at * 1000).toISOString() }, moment(died_at)) },
      { title: 'Action', cell: ({ ticket_id }) => retryButton(ticket_id) },
    ],
  })
  byId('dead').append(table.element, pager.element)

  retryAll.addEventListener('click', () => act(retryAll, 'Bringing all dead letters back…', async () => {
    const { redriven } = await api.post('flush/dead/retry')
    return `${plural(redriven, 'ticket is', 'tickets are')} due again; the next flush tries ${redriven === 1 ? 'it' : 'them'}.`
  }))

  return {
    path: () => `flush/dead?${pager.query()}`,
    /** @param {{ total: number, tickets: DeadLetter[], next: string | null }} page */
    show ({ total, tickets, next }) {
      setNote(byId('dead-note'), '')
      setText(byId('dead-count'), `(${total})`)
      table.show(tickets)
      pager.show(tickets.length, next)
      if (total === 0 && document.activeElement === retryAll) byId('dead-title').focus()
      retryAll.hidden = total === 0
    },
    /** @param {string} note */
    lack (note) { setNote(byId('dead-note'), note) },
  }
}
