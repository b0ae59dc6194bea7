/**
 * A server that answers as a broken network, a broken proxy or a service in trouble would. The first segment of the
 * address says how, the second keeps the requests of one test apart: `${url}/reset/a1b2`.
 */
import { createServer } from 'node:http'
import { json as readJson } from 'node:stream/consumers'
import { LOOPBACK } from '../../../scripts/lib/loopback.mjs'
import { own } from '../../../scripts/lib/lifecycle.mjs'
import { HOSTILE_ANSWERS, sayIt } from './hostile-answers.mjs'
import { KEPT_CONNECTIONS } from './kept-connections.mjs'
import { SERVICE_ANSWERS } from './service-answers.mjs'

/** @typedef {import('node:http').ServerResponse} Response */
/** @typedef {{ method: string, path: string, headers: import('node:http').IncomingHttpHeaders, body: unknown, connection: number }} Seen */
/** @typedef {(response: Response, seen: Seen, count: number, test: string) => void} Behaviour `count` requests of this test have come by this method, this one included */

const HOSTILE = '"><script>alert(1)</script>'

/** More than any client here should take. */
const HUGE_BYTES = 64 * 1024 * 1024

/**
 * @param {Response} response
 * @param {number} status
 * @param {unknown} body
 * @param {Record<string, string>} [headers]
 */
function json (response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

/**
 * @param {Response} response
 * @param {string} code
 * @param {Record<string, string>} [headers]
 */
function problem (response, code, headers) {
  const status = code === 'rate_limited' ? 429 : 503
  json(response, status, { type: 'about:blank', title: code, status, detail: `The reason of ${code}.`, code, request_id: 'req-1' }, headers)
}

/** @param {Response} response */
const good = (response) => json(response, 200, { ticket_id: 7, version: 1, results: [] })

/**
 * @param {Response} response
 * @param {Record<string, string>} [headers]
 */
const ready = (response, headers) => json(response, 200, { status: 'ready', redis: { state: 'up' }, mysql: { state: 'up' }, journal: 'idle' }, headers)

/**
 * @param {Response} response
 * @param {Seen} seen
 */
function takeBatch (response, { body }) {
  json(response, 200, { results: /** @type {any} */ (body).operations.map(() => ({ status: 200 })) })
}

/**
 * @param {Response} response
 * @param {Seen} seen
 */
function takeFirst (response, { body }) {
  const refusal = { status: 503, error: { code: 'store_unavailable', detail: 'Not now.' } }
  const results = /** @type {any} */ (body).operations.map((/** @type {unknown} */ _, /** @type {number} */ i) => i === 0 ? { status: 200 } : refusal)
  json(response, 207, { results })
}

/**
 * Answers batches in one way, and the question after its health in another.
 * @param {Behaviour} batch
 * @param {(response: Response) => void} [health]
 * @returns {Behaviour}
 */
const service = (batch, health = ready) => (response, seen, count, test) => seen.method === 'GET' ? health(response) : batch(response, seen, count, test)

/**
 * @param {'up' | 'down'} redis
 * @returns {(response: Response) => void}
 */
const withJournalActive = (redis) => (response) => {
  json(response, 200, { status: redis === 'up' ? 'ready' : 'degraded', redis: { state: redis }, mysql: { state: 'up' }, journal: 'active' })
}

/** @param {Response} response */
function half (response) {
  response.writeHead(200, { 'content-length': '100' }).write('{"ticket_id"', () => response.socket?.destroy())
}

/**
 * What the server does, by name.
 * @type {Record<string, Behaviour>}
 */
const BEHAVIOURS = {
  good,
  batch: service(takeBatch),
  'batch-without-redis': service(takeBatch, withJournalActive('down')),
  'batch-catching-up': service(takeBatch, withJournalActive('up')),
  'batch-without-health': service(takeBatch, (response) => { response.writeHead(404).end() }),
  'batch-once': service((response, seen, count) => { count === 1 ? takeBatch(response, seen) : problem(response, 'overloaded') }),
  'first-stored': service((response, seen, count) => { count === 1 ? takeFirst(response, seen) : takeBatch(response, seen) }),
  'overloaded-twice': service((response, seen, count) => { count <= 2 ? problem(response, 'overloaded') : takeBatch(response, seen) }),
  silent: () => {},
  dripping: (response) => { response.writeHead(200, { 'content-length': '100' }).write('{"ticket_id"') },
  reset: ({ socket }) => { socket?.resetAndDestroy() },
  closed: ({ socket }) => { socket?.destroy() },
  half,
  'half-once': (response, _seen, count) => { count === 1 ? half(response) : good(response) },
  garbage: ({ socket }) => { socket?.end('+OK this is not HTTP\r\n\r\n') },
  'not-json': (response) => { response.end('<h1>It works!</h1>') },
  list: (response) => { json(response, 200, [1, 2]) },
  'empty-list': (response) => { json(response, 200, []) },
  empty: (response) => { response.writeHead(204).end() },
  'bare-503': (response) => { response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>503</h1>') },
  'json-503': (response) => { json(response, 503, { message: 'no server is available' }) },
  'bare-404': (response) => { response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>404</h1>') },
  redirect: (response) => { response.writeHead(307, { location: '/good/elsewhere/tickets/7' }).end() },
  'file-redirect': (response) => { response.writeHead(307, { location: 'file:///etc/passwd' }).end() },
  huge: (response) => { response.writeHead(200).end(Buffer.alloc(HUGE_BYTES, 32)) },
  announced: (response) => { response.writeProcessing(); good(response) },
  echo: (response, { headers }) => { json(response, 403, { code: 'forbidden', detail: `You sent ${headers.authorization}.`, request_id: 'req-2' }) },
  'unknown-once': (response, _seen, count) => { count === 1 ? problem(response, 'outcome_unknown') : good(response) },
  'unavailable-once': (response, _seen, count) => { count === 1 ? problem(response, 'store_unavailable', { 'retry-after': '1' }) : good(response) },
  unavailable: (response) => { problem(response, 'store_unavailable', { 'retry-after': '0' }) },
  open: (response) => { json(response, 400, { code: 'validation_failed', detail: 'Not so.' }) },
  overloaded: (response) => { problem(response, 'overloaded', { 'retry-after': '0' }) },
  'rate-limited': (response) => { problem(response, 'rate_limited', { 'retry-after': '0' }) },
  degraded: (response) => { json(response, 200, { status: 'degraded', redis: { state: 'up' }, mysql: { state: 'down', reason: 'ECONNREFUSED' }, journal: 'off' }) },
  hostile: (response) => { json(response, 200, { status: 'degraded', redis: { state: HOSTILE }, mysql: { state: 'up', reason: HOSTILE }, journal: HOSTILE }) },
  'odd-state': (response) => { json(response, 200, { status: 'degraded', redis: 'up', mysql: { state: ['up'] } }) },
  'other-state': (response) => { json(response, 200, { status: ['ok'] }) },
  'wrong-clock': (response) => { ready(response, { date: new Date(Date.now() - 120_000).toUTCString() }) },
  undated: (response) => {
    response.sendDate = false
    ready(response)
  },
  'backlog-dead': (response) => { json(response, 200, { unsynced: 5, dead: 2, oldest_due_age_ms: null }) },
  'backlog-late': (response) => { json(response, 200, { unsynced: 5, dead: 0, oldest_due_age_ms: 600_001 }) },
  unreadable: (response, { path }) => {
    const ids = new URLSearchParams(path.split('?')[1]).get('ids')?.split(',').map(Number) ?? []
    json(response, 200, { tickets: [], missing: [], errors: ids.map((id) => ({ ticket_id: id, error: { code: 'internal_error', detail: `The stored data of ticket ${id} cannot be read.` } })) })
  },
  ...HOSTILE_ANSWERS,
  ...KEPT_CONNECTIONS,
  ...SERVICE_ANSWERS,
  'not-ready': (response) => { json(response, 503, { status: 'unavailable', redis: { state: 'down' }, mysql: { state: 'down' }, journal: 'off' }) },
}

/**
 * @param {(order: string) => Promise<void>} obey does what a test asks for at /order/NAME, and resolves when it is done
 * @param {Record<string, Behaviour>} [more] than those here
 * @returns {Promise<string>} its address; what a test has sent is at /seen/TEST
 */
export async function startFaults (obey, more = {}) {
  const behaviours = { ...BEHAVIOURS, ...more }
  /** @type {Map<string, Seen[]>} */
  const seenBy = new Map()
  let connections = 0
  /** @type {WeakMap<import('node:net').Socket, number>} */
  const numbers = new WeakMap()

  const server = createServer(async (request, response) => {
    const [, behaviour = '', test = '', ...rest] = (request.url ?? '').split('/')
    if (behaviour === 'seen') return json(response, 200, seenBy.get(test) ?? [])
    if (behaviour === 'order') {
      return obey(test).then(() => json(response, 200, {}), (error) => json(response, 500, { message: String(error) }))
    }
    const act = behaviours[behaviour] ?? sayIt(behaviour)
    if (!act) return json(response, 500, { message: `nothing here is called ${behaviour}` })
    const body = request.headers['content-length'] ? await readJson(request) : null
    const seen = { method: request.method ?? '', path: `/${rest.join('/')}`, headers: request.headers, body, connection: numbers.get(request.socket) ?? 0 }
    const all = [...seenBy.get(test) ?? [], seen]
    seenBy.set(test, all)
    act(response, seen, all.filter(({ method }) => method === seen.method).length, test)
  })
  server.on('connection', (socket) => {
    numbers.set(socket, ++connections)
    // The client of a huge answer hangs up, as it should.
    socket.on('error', () => {})
  })
  await new Promise((resolve) => { server.listen(0, LOOPBACK, () => resolve(undefined)) })
  const end = () => {
    server.close()
    server.closeAllConnections()
  }
  own({ stop: async () => end(), abandon: end })
  return `http://${LOOPBACK}:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`
}
