/** Answers that cost whoever takes them: many values in few bytes, headers and bodies without end, and whatever a test wants said. */
import { gzipSync } from 'node:zlib'

/** @typedef {import('./faults.mjs').Behaviour} Behaviour */
/** @typedef {import('./faults.mjs').Response} Response */

const FOUR_MIB = 4 * 1024 * 1024

/** Of a text that is compressed to a thousandth. */
const BOMB_BYTES = 64 * 1024 * 1024

const GOOD = '{"ticket_id":7,"version":1,"results":[]}'

/** Behaviours whose name says what they answer: `say-` and the base64url of {status, headers, body}. */
const SAYS = 'say-'

/**
 * @param {string} field
 * @param {string} value
 * @param {string} [more] fields before it
 */
const filled = (field, value, more = '') => {
  const count = Math.floor((FOUR_MIB - 100) / (value.length + 1))
  return `{${more}"${field}":[${Array(count).fill(value).join(',')}]}`
}

/**
 * @param {string} text
 * @returns {Behaviour}
 */
const json = (text) => (response) => { response.writeHead(200, { 'content-type': 'application/json' }).end(text) }

/**
 * Writes the same again and again, until nobody listens.
 * @param {Response} response
 * @param {string} head
 * @param {string} part
 */
function forEver ({ socket }, head, part) {
  if (!socket) return
  socket.write(head)
  const go = () => { while (!socket.destroyed && socket.write(part)); }
  socket.on('drain', go)
  go()
}

/**
 * One character at a time, each long before any timeout of a single read.
 * @param {Response} response
 * @param {string} head
 */
function drip ({ socket }, head) {
  socket?.write(head)
  const timer = setInterval(() => socket?.write(' '), 50)
  socket?.on('close', () => clearInterval(timer))
}

/** @type {Record<string, Behaviour>} */
export const HOSTILE_ANSWERS = {
  'arrays-in-ticket': json(filled('custom_fields', '[0]', '"ticket_id":7,"version":1,')),
  'arrays-in-results': json(filled('results', '[0]')),
  'arrays-in-tickets': json(filled('tickets', '[0]', '"missing":[],')),
  'objects-in-health': json(filled('redis', '{"a":0}')),
  'arrays-in-problem': (response) => { response.writeHead(400, { 'content-type': 'application/json' }).end(filled('errors', '[0]', '"code":"validation_failed",')) },
  deep: json(`{"ticket_id":7,"version":1,"a":${'['.repeat(100)}${']'.repeat(100)}}`),
  'many-headers': (response) => {
    response.socket?.end(`HTTP/1.1 200 OK\r\n${Array.from({ length: 20_000 }, (_, i) => `x-${i}: 1`).join('\r\n')}\r\nconnection: close\r\n\r\n${GOOD}`)
  },
  'long-header': (response) => { response.socket?.end(`HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(70_000)}\r\nconnection: close\r\n\r\n${GOOD}`) },
  'endless-headers': (response) => { forEver(response, 'HTTP/1.1 200 OK\r\n', 'x-more: 1\r\n'.repeat(1000)) },
  'endless-announcements': (response) => { forEver(response, '', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(1000)) },
  'endless-chunks': (response) => { forEver(response, 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', `400\r\n${' '.repeat(1024)}\r\n`.repeat(100)) },
  'dripping-without-end': (response) => { drip(response, 'HTTP/1.1 200 OK\r\n\r\n{') },
  'gzip-bomb': (response) => {
    const bomb = gzipSync(Buffer.concat([Buffer.from('{"ticket_id":7,"version":1,"subject":"'), Buffer.alloc(BOMB_BYTES, 120), Buffer.from('"}')]))
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb)
  },
  'http-1.0': ({ socket }) => { socket?.end(`HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n${GOOD}`) },
  'without-length': ({ socket }) => { socket?.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${GOOD}`) },
  'private-redirect': (response) => { response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end() },
  terminal: (response) => {
    const detail = '\u001b]0;owned\u0007\u001b[2J<script>alert(1)</script>\u202e\u009b31m\r\nSuccess: all is well'
    response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ code: 'forbidden', detail, request_id: '\u001b[31mreq' }))
  },
  /** A list of which each answer holds three tickets, and names those for which it had no room. */
  'three-at-a-time': (response, { path }) => {
    const ids = new URLSearchParams(path.split('?')[1]).get('ids')?.split(',').map(Number) ?? []
    const tickets = ids.slice(0, 3).map((id) => ({ ticket_id: id, customer_id: 1, status: 'open', version: 1, synced_version: 1, custom_fields: {} }))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ tickets, missing: [], unprocessed: ids.slice(3) }))
  },
  /** A service that does not bound its lists, with tickets of 100 KB. */
  'long-tickets': (response, { path }) => {
    const ids = new URLSearchParams(path.split('?')[1]).get('ids')?.split(',').map(Number) ?? []
    const tickets = ids.map((id) => ({ ticket_id: id, customer_id: 1, version: 1, custom_fields: { a: 'x'.repeat(100_000) } }))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ tickets, missing: [] }))
  },
  /** Results that are too long for what was asked, unless one was. */
  'long-results': (response, { body, method }) => {
    if (method === 'GET') return json('{"status":"ready","redis":{"state":"up"},"mysql":{"state":"up"},"journal":"idle"}')(response, /** @type {any} */ ({}), 1, '')
    const operations = /** @type {{ ticket_id: number }[]} */ (/** @type {any} */ (body).operations)
    const padding = 'x'.repeat(operations.length > 1 ? 200_000 : 10)
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ results: operations.map(({ ticket_id: id }) => ({ ticket_id: id, status: 200, padding })) }))
  },
}

/**
 * @param {string} name
 * @returns {Behaviour | undefined}
 */
export function sayIt (name) {
  if (!name.startsWith(SAYS)) return undefined
  const { status, headers, body } = JSON.parse(Buffer.from(name.slice(SAYS.length), 'base64url').toString())
  return (response) => { response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body) }
}
