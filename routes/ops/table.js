/** A table that follows a list: what has not changed is not touched, and the focus is never lost. */
import { make } from './dom.js'

/**
 * @template Item
 * @typedef {object} Column
 * @property {string} title
 * @property {(item: Item) => Node | string} cell
 */

/**
 * @template Item
 * @param {object} spec
 * @param {string} spec.labelledBy id of the heading, which gets the focus when the last row has gone
 * @param {Column<Item>[]} spec.columns the first one names the row
 * @param {(item: Item) => string} spec.idOf
 * @param {string} spec.empty
 */
export function createTable ({ labelledBy, columns, idOf, empty }) {
  // The roles are those that the elements have anyway, as long as a narrow screen does not show them as blocks.
  const body = make('tbody', { role: 'rowgroup' })
  const table = make('table', { role: 'table', 'aria-labelledby': labelledBy },
    make('thead', { role: 'rowgroup' }, make('tr', { role: 'row' }, ...columns.map(({ title }) => make('th', { scope: 'col', role: 'columnheader' }, title)))),
    body)
  const nothing = make('p', { class: 'empty' }, empty)
  const element = make('div', {}, table, nothing)
  /** @type {Map<string, { row: HTMLTableRowElement, text: string }>} */
  let rows = new Map()
  show([])

  /** @param {Item} item */
  function toRow (item) {
    return make('tr', { role: 'row' }, ...columns.map(({ title, cell }, i) => i === 0
      ? make('th', { scope: 'row', role: 'rowheader', 'data-title': title }, cell(item))
      : make('td', { role: 'cell', 'data-title': title }, cell(item))))
  }

  /** @param {Item[]} items */
  function show (items) {
    const focused = body.contains(document.activeElement) ? document.activeElement : null
    const place = focused ? [...body.rows].findIndex(row => row.contains(focused)) : -1
    const before = rows
    rows = new Map(items.map(item => {
      const [id, text] = [idOf(item), JSON.stringify(item)]
      const known = before.get(id)
      return [id, known?.text === text ? known : { row: toRow(item), text }]
    }))
    const wanted = [...rows.values()].map(({ row }) => row)
    const isSame = wanted.length === body.rows.length && wanted.every((row, i) => row === body.rows[i])
    if (!isSame) {
      for (const row of [...body.rows]) if (!wanted.includes(row)) row.remove()
      wanted.forEach((row, i) => { if (body.rows[i] !== row) body.insertBefore(row, body.rows[i] ?? null) })
    }
    table.hidden = items.length === 0
    nothing.hidden = items.length > 0 || empty === ''
    // The row that had it has gone: to the one that stands in its place.
    if (focused && !focused.isConnected) {
      /** @type {HTMLElement | null | undefined} */
      const next = body.rows[Math.min(place, body.rows.length - 1)]?.querySelector('button, a')
      ;(next ?? document.getElementById(labelledBy))?.focus()
    }
  }

  return { element, show }
}
