/** The requests that cost the most of a turn of the event loop, of those that the limits let in. */
const BATCH_BYTES = 4 * 1024 * 1024
const BODY_BYTES = 1024 * 1024

export interface HeavyRequest { what: string, method: 'GET' | 'POST', path: string, body?: string }

/** As many items between `head` and `tail` as `bytesMax` leaves room for. */
function fill (bytesMax: number, head: string, item: (i: number) => string, tail: string): string {
  const items: string[] = []
  let bytes = head.length + tail.length
  for (let i = 0; ; i += 1) {
    const next = item(i)
    bytes += Buffer.byteLength(next) + 1
    if (bytes > bytesMax) return head + items.join() + tail
    items.push(next)
  }
}

const text = (characters: string, bytes: number) => characters.repeat(Math.floor(bytes / Buffer.byteLength(characters)))

const batch = (what: string, body: string): HeavyRequest => ({ what: `batch: ${what}`, method: 'POST', path: '/tickets/batch', body })
const filled = (what: string, item: (i: number) => string) => batch(what, fill(BATCH_BYTES, '{"operations":[', item, ']}'))
const customFields = (count: number, value: string) => `{${Array.from({ length: count }, (_, i) => `"field_${i}":"${value}"`).join()}}`
const create = (id: number, fields: string) => `{"op":"create","ticket_id":${id},"customer_id":1,"custom_fields":${fields}}`
const update = (id: number, fields: string) => `{"op":"update","ticket_id":${id},"custom_fields":${fields}}`
/** One operation that is valid, so that the whole is hashed, and one that is not. */
const withOne = (what: string, bad: string) => batch(what, `{"operations":[${update(1, '{"a":1}')},${bad}]}`)
const long = BATCH_BYTES - 300

/** @param ids of tickets that there are, 500 */
export function heavyRequests (ids: readonly number[]): HeavyRequest[] {
  const operations = (item: (id: number) => string) => `{"operations":[${ids.map(item).join()}]}`
  return [
    batch('500 operations of 50 custom fields', operations(id => update(id, customFields(50, 'x'.repeat(145))))),
    batch('80 operations of 50 KB', `{"operations":[${ids.slice(0, 80).map(id => update(id, customFields(50, 'x'.repeat(1024)))).join()}]}`),
    batch('the same with every character escaped', `{"operations":[${ids.slice(0, 13).map(id => update(id, customFields(50, '\\u00e9'.repeat(1024)))).join()}]}`),
    batch('500 creates that exist', operations(id => create(id, customFields(50, 'x'.repeat(140))))),
    batch('500 operations that are refused', operations(id => update(id, customFields(51, 'x'.repeat(140))))),
    withOne('32,000 names', `{${Array.from({ length: 31_980 }, (_, i) => `"${'k'.repeat(80)}${i}":1`).join()}}`),
    withOne('16,000 objects of one name each', `{"a":[${Array.from({ length: 10_600 }, (_, i) => `{"${'k'.repeat(170)}${i}":1}`).join()}]}`),
    withOne('32,000 numbers of 100 digits', `{"a":[${Array.from({ length: 31_980 }, () => `${'1'.repeat(95)}.5e-300`).join()}]}`),
    withOne('32,000 lists in lists', `{"a":[${Array.from({ length: 2300 }, () => '[[[[[[[[[[[[[]]]]]]]]]]]]]').join()}]}`),
    withOne('a text of 4 MB', `"${text('x', long)}"`),
    withOne('a text of escapes', `"${text('\\n', long)}"`),
    withOne('a text of Unicode escapes', `"${text('\\ud83d\\ude00', long)}"`),
    withOne('a text of emoji', `"${text('🎫', long)}"`),
    withOne('a text of colons', `"${text(':', long)}"`),
    withOne('half a surrogate pair after 4 MB', `"${text('\\ud83d\\ude00', long)}\\ud800"`),
    withOne('a number of 4 MB', '1'.repeat(long)),
    filled('two million numbers', () => '0'),
    filled('a million texts', () => '"a"'),
    filled('a million objects', () => '{}'),
    filled('400,000 names', i => `{"k${i}":1}`),
    batch('names that stand twice', fill(BATCH_BYTES, '{"operations":[{', () => '"a":1', '}]}')),
    batch('4 MB of nesting', `${'['.repeat(BATCH_BYTES / 2)}${']'.repeat(BATCH_BYTES / 2)}`),
    batch('4 MB of spaces', `{"operations":[${' '.repeat(long)}]}`),
    { what: 'one ticket of 50 KB', method: 'POST', path: '/tickets/1', body: `{"customer_id":1,"custom_fields":${customFields(50, 'x'.repeat(1024))}}` },
    { what: 'one ticket, 1 MiB of names', method: 'POST', path: '/tickets/1', body: fill(BODY_BYTES, '{', i => `"${i.toString(36)}":0`, '}') },
    { what: 'GET /tickets of 500 ids', method: 'GET', path: `/tickets?ids=${ids.join()}` },
    { what: 'POST /flush of 500 ids', method: 'POST', path: '/flush', body: JSON.stringify({ ticket_ids: ids }) },
    { what: 'POST /flush, 1 MiB of ids', method: 'POST', path: '/flush', body: fill(BODY_BYTES, '{"ticket_ids":[', i => String(i % 9), ']}') },
    { what: 'POST /flush of all', method: 'POST', path: '/flush', body: '{"scope":"all"}' },
    { what: 'POST /resync of 500 ids', method: 'POST', path: '/resync', body: JSON.stringify({ ticket_ids: ids }) },
    { what: 'POST /flush/dead/retry of 500 ids', method: 'POST', path: '/flush/dead/retry', body: JSON.stringify({ ticket_ids: ids }) },
    { what: 'GET /flush/dead', method: 'GET', path: '/flush/dead' },
    { what: 'GET /journal', method: 'GET', path: '/journal' },
    { what: 'GET /metrics', method: 'GET', path: '/metrics' },
    { what: 'GET /openapi.json', method: 'GET', path: '/openapi.json' },
  ]
}
