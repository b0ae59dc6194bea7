/** What tickets must be: a form, and the part of the address that says the same. */
import { byId, make, setText } from './dom.js'

/** @typedef {{ name: string, label: string, hint?: string, isTime?: true, isNumber?: true }} Field */

/** @type {Field[]} */
const FIELDS = [
  { name: 'status', label: 'Status', hint: 'One or more, with commas between: open,pending' },
  { name: 'assigned_to', label: 'Agent', hint: 'Ids with commas between, or none' },
  { name: 'customer_id', label: 'Customer', hint: 'An id', isNumber: true },
  { name: 'category', label: 'Category', hint: 'One or more, with commas between' },
  { name: 'priority', label: 'Priority', hint: 'One or more, with commas between' },
  { name: 'created_since', label: 'Created from', isTime: true },
  { name: 'created_until', label: 'Created until', isTime: true },
  { name: 'updated_since', label: 'Changed from', isTime: true },
  { name: 'updated_until', label: 'Changed until', isTime: true },
]

const SORTS = { '-ticket_id': 'Id, highest first', ticket_id: 'Id, lowest first', '-created_at': 'Newest first', created_at: 'Oldest first', '-updated_at': 'Changed last first', updated_at: 'Changed longest ago first' }
const DEFAULT_SORT = '-ticket_id'

/** @param {string} seconds Unix time @returns {string} what a field for a time takes: the time of this browser's zone */
function toLocal (seconds) {
  const date = new Date(Number(seconds) * 1000)
  if (Number.isNaN(date.getTime())) return ''
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

/** @param {string} local */
const toSeconds = local => String(Math.floor(new Date(local).getTime() / 1000))

/**
 * @param {object} options
 * @param {(query: URLSearchParams) => void} options.onFind
 */
export function createFilters ({ onFind }) {
  const form = byId('filters')
  /** @type {Map<string, { input: HTMLInputElement, error: HTMLElement }>} */
  const inputs = new Map()
  for (const { name, label, hint, isTime, isNumber } of FIELDS) {
    const [id, errorId, hintId] = [`filter-${name}`, `filter-${name}-error`, `filter-${name}-hint`]
    const input = make('input', {
      id,
      type: isTime ? 'datetime-local' : 'text',
      ...(isTime && { step: '1' }),
      ...(isNumber && { inputmode: 'numeric' }),
      autocomplete: 'off',
      autocapitalize: 'off',
      spellcheck: 'false',
      'aria-describedby': `${errorId} ${hintId}`,
    })
    const error = make('p', { class: 'error', id: errorId })
    byId('filter-fields').append(make('div', { class: 'filter' },
      make('label', { for: id }, label), input, make('p', { class: 'field-hint', id: hintId }, hint ?? 'In your time zone'), error))
    inputs.set(name, { input, error })
  }
  const sort = /** @type {HTMLSelectElement} */ (make('select', { id: 'filter-sort' }, ...Object.entries(SORTS).map(([value, text]) => make('option', { value }, text))))
  byId('filter-fields').append(make('div', { class: 'filter' }, make('label', { for: 'filter-sort' }, 'Order'), sort))

  function read () {
    const query = new URLSearchParams()
    for (const { name, isTime } of FIELDS) {
      const value = inputs.get(name)?.input.value.trim() ?? ''
      if (value !== '') query.set(name, isTime ? toSeconds(value) : value)
    }
    if (sort.value !== DEFAULT_SORT) query.set('sort', sort.value)
    return query
  }

  /** @param {{ pointer: string, message: string }[]} findings */
  function complain (findings) {
    for (const { input, error } of inputs.values()) {
      setText(error, '')
      input.removeAttribute('aria-invalid')
    }
    /** @type {HTMLInputElement | undefined} */
    let first
    for (const { pointer, message } of findings) {
      const field = inputs.get(pointer.split('/')[1] ?? '')
      if (!field) continue
      setText(field.error, `It ${message}`)
      field.input.setAttribute('aria-invalid', 'true')
      first ??= field.input
    }
    first?.focus()
  }

  form.addEventListener('submit', event => {
    event.preventDefault()
    onFind(read())
  })
  byId('filters-clear').addEventListener('click', () => {
    onFind(new URLSearchParams())
    inputs.get('status')?.input.focus()
  })

  return {
    complain,
    /** @param {URLSearchParams} query */
    fill (query) {
      for (const { name, isTime } of FIELDS) {
        const value = query.get(name) ?? ''
        const { input } = /** @type {{ input: HTMLInputElement }} */ (inputs.get(name))
        input.value = isTime && value !== '' ? toLocal(value) : value
      }
      sort.value = Object.hasOwn(SORTS, query.get('sort') ?? '') ? /** @type {string} */ (query.get('sort')) : DEFAULT_SORT
      complain([])
    },
  }
}

/** @typedef {ReturnType<typeof createFilters>} Filters */
