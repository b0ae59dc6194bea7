/** The journal's entries that could not be applied, and the two ways to resolve one. */
import { confirm } from './confirm.js'
import { byId, make, setNote, setText } from './dom.js'
import { moment } from './format.js'
import { longText } from './long-text.js'
import { createPager } from './pager.js'
import { createTable } from './table.js'

/**
 * @typedef {object} Entry
 * @property {number} seq
 * @property {number} ticket_id
 * @property {string} op
 * @property {Record<string, unknown>} fields
 * @property {string | null} reason
 * @property {number} accepted_at
 */

/**
 * @param {import('./api.js').Api} api
 * @param {import('./action.js').Act} act
 * @param {() => void} refresh
 */
export function createConflicts (api, act, refresh) {
  const pager = createPager('journal conflicts', refresh)

  /**
   * @param {string} label
   * @param {Entry} entry
   * @param {{ path: string, text: string, doing: string, done: string }} way
   */
  function resolveButton (label, { seq, ticket_id }, { path, text, doing, done }) {
    const button = make('button', { type: 'button', 'aria-label': `${label} entry ${seq} of ticket ${ticket_id}` }, label)
    button.addEventListener('click', async () => {
      if (!await confirm({ title: `${label} entry ${seq}?`, text, yes: label })) return
      await act(button, doing, async () => {
        await api.post(`journal/${seq}/${path}`)
        return done
      })
    })
    return button
  }

  /** @param {Entry} entry */
  const buttons = entry => make('div', { class: 'actions' },
    resolveButton('Apply', entry, {
      path: 'apply',
      text: `The change is applied over what ticket ${entry.ticket_id} has become meanwhile.`,
      doing: `Applying entry ${entry.seq}…`,
      done: `Entry ${entry.seq} was applied to ticket ${entry.ticket_id}.`,
    }),
    resolveButton('Discard', entry, {
      path: 'discard',
      text: `The change to ticket ${entry.ticket_id} is given up for good.`,
      doing: `Discarding entry ${entry.seq}…`,
      done: `Entry ${entry.seq} was discarded; ticket ${entry.ticket_id} stays as it is.`,
    }))

  const table = createTable({
    labelledBy: 'journal-title',
    empty: 'None. Every write of the journal was applied.',
    idOf: (/** @type {Entry} */ { seq }) => String(seq),
    columns: [
      { title: 'Entry', cell: ({ seq }) => String(seq) },
      { title: 'Ticket', cell: ({ ticket_id }) => String(ticket_id) },
      { title: 'Operation', cell: ({ op }) => op },
      { title: 'Fields', cell: ({ fields }) => make('div', { class: 'fields' }, ...Object.entries(fields).map(([name, value]) => longText(`${name}: ${JSON.stringify(value)}`, 'code'))) },
      { title: 'Reason', cell: ({ reason }) => longText(reason ?? 'unknown') },
      { title: 'Accepted', cell: ({ accepted_at }) => make('time', { datetime: new Date(accepted_at * 1000).toISOString() }, moment(accepted_at)) },
      { title: 'Action', cell: buttons },
    ],
  })
  byId('journal').append(table.element, pager.element)

  return {
    path: () => `journal?state=conflict&${pager.query()}`,
    /** @param {{ conflicts: number, entries: Entry[], next: number | null }} page */
    show ({ conflicts, entries, next }) {
      setNote(byId('journal-note'), '')
      setText(byId('journal-count'), `(${conflicts})`)
      byId('journal').hidden = false
      table.show(entries)
      pager.show(entries.length, next)
    },
    /** @param {string} note */
    lack (note) { setNote(byId('journal-note'), note) },
    /** There is no journal. */
    hide () {
      setText(byId('journal-count'), '')
      byId('journal').hidden = true
      setNote(byId('journal-note'), 'FALLBACK=off: nothing is journaled while Redis is unavailable.')
    },
  }
}
