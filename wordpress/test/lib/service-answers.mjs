/** What the service's newer routes answer in trouble. */

/** @typedef {import('./faults.mjs').Behaviour} Behaviour */

const ERASURE = { erasure_id: 7, customer_id: 3, state: 'running', waiting_for: null, tickets: 0, answers: 0, journal_entries: 0, requested_at: 1_764_000_000, finished_at: null }

const TICKET = { ticket_id: 7, customer_id: 3, subject: '<b>Bold</b> &amp; "quoted"\u001B[31m', status: 'open', created_at: 1_700_000_000, updated_at: 1_700_000_000, version: 5, synced_version: null }

/**
 * @param {import('node:http').ServerResponse} response
 * @param {number} status
 * @param {unknown} body
 */
const json = (response, status, body) => { response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)) }

/**
 * @param {number} status
 * @param {string} code
 * @returns {Behaviour}
 */
const refuses = (status, code) => (response) => { json(response, status, { type: 'about:blank', title: code, status, detail: `The reason of ${code}.`, code, request_id: 'req-1' }) }

/** @type {Record<string, Behaviour>} */
export const SERVICE_ANSWERS = {
  /** It has accepted an erasure, and MySQL is unavailable. */
  'erasure-waits': (response, { method }) => { json(response, method === 'POST' ? 202 : 200, method === 'POST' ? ERASURE : { ...ERASURE, state: 'waiting', waiting_for: 'mysql' }) },
  /** It accepts one, and is down when it is asked how far it is. */
  'erasure-unheard': (response, seen, count, test) => { seen.method === 'POST' ? json(response, 202, ERASURE) : refuses(503, 'overloaded')(response, seen, count, test) },
  'erasure-refused': refuses(503, 'store_unavailable'),
  'erasure-odd': (response) => { json(response, 202, { ...ERASURE, state: ['done'] }) },
  forbidden: refuses(403, 'forbidden'),
  unsupported: refuses(501, 'not_supported'),
  /** Only sorting by the id is possible. */
  'too-many-to-sort': (response, seen, count, test) => {
    if (seen.path.includes('sort=created_at')) refuses(400, 'validation_failed')(response, seen, count, test)
    else if (seen.path.includes('counts')) json(response, 200, { counts: { '<i>new</i>': 3, open: 20_001 }, as_of: 1_764_000_000 })
    else json(response, 200, { tickets: [TICKET], next_cursor: null, has_more: false })
  },
  /** Lists are answered, and counts are not. */
  'slow-counts': (response, { path }) => { if (!path.includes('counts')) json(response, 200, { tickets: [TICKET], next_cursor: null, has_more: false }) },
  /** An empty page of a list that goes on, and the rest of it. */
  'page-by-page': (response, { path }) => { json(response, 200, path.includes('cursor=') ? { tickets: [TICKET], next_cursor: null, has_more: false, incomplete: ['mysql'] } : { tickets: [], next_cursor: 'abc', has_more: true }) },
  'odd-page': (response) => { json(response, 200, { tickets: [{ ticket_id: 'seven' }], next_cursor: null, has_more: false, counts: { open: 'many' }, as_of: 5 }) },
  'endless-page': (response) => { json(response, 200, { tickets: [], next_cursor: null, has_more: true, counts: [], as_of: -1 }) },
}
