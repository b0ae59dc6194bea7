import t from 'tap'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { createService } from '../helper.ts'

const { key, entry } = createApiKey('shop', 'read+write+ops')
const authorization = `Bearer ${key}`

/** Moves a terminal's cursor, ends a line for some reader, turns the direction of text, looks like a line of the log. */
const HOSTILE = '\r\n\t\x1b[2K\x7f\x9b31m\x85\u2028\u2029\u202e\u2066{"level":60,"msg":"forged"}\0'

/** Those that a header may hold, without a comma, which would part it. */
const HOSTILE_HEADER = '\x9b31m\x85{"msg":"forged"}'

t.test('whatever callers send, a line of the log is one line, shows what it holds, and has no key', async t => {
  const service = await createService(t, { API_KEYS: entry, LOG_LEVEL: 'trace', TRUST_PROXY: '127.0.0.1', FLUSH_MAX_ATTEMPTS: 1 })
  const { app, sql, lines } = service
  const path = encodeURIComponent(HOSTILE)

  for (const [name, headers, url] of [
    ['an address', { 'x-forwarded-for': HOSTILE_HEADER }, '/tickets/1'],
    ['a request id', { 'x-request-id': HOSTILE_HEADER }, '/tickets/1'],
    ['a host', { host: HOSTILE_HEADER }, '/tickets/1'],
    ['a forwarded host', { 'x-forwarded-host': HOSTILE_HEADER, 'x-forwarded-proto': HOSTILE_HEADER }, '/tickets/1'],
    ['a wrong key', { authorization: `Bearer ${HOSTILE_HEADER}` }, '/tickets/1'],
    ['a wrong key that is nearly right', { authorization: `Bearer ${key}x` }, '/tickets/1'],
    ['a path', {}, `/${path}`],
    ['an id', { authorization }, `/tickets/${path}`],
    ['a query', { authorization }, `/tickets?ids=${path}&access_token=${key}`],
    ['a path that holds a key', {}, `/resync/${key}`],
    ['a path that cannot be decoded', {}, `/tickets/%zz${path}${key}`],
    ['an If-None-Match', { authorization, 'if-none-match': HOSTILE_HEADER }, '/tickets/1'],
    ['a browser', { authorization, 'user-agent': HOSTILE_HEADER, referer: HOSTILE_HEADER }, '/tickets/1'],
  ] as const) {
    t.ok((await app.inject({ url, headers })).statusCode >= 400, name)
  }

  // A database that repeats what it was given, in its own words.
  await sql.query('CREATE TRIGGER repeats BEFORE INSERT ON wp_support_tickets FOR EACH ROW SIGNAL SQLSTATE \'45000\' SET MESSAGE_TEXT = NEW.subject')
  const written = await app.inject({ method: 'POST', url: '/tickets/2', headers: { authorization, 'idempotency-key': '"a b"' }, payload: { customer_id: 1, subject: HOSTILE, status: 'closed', custom_fields: { a: HOSTILE } } })
  t.equal(written.statusCode, 201)
  t.match((await app.inject({ method: 'POST', url: '/flush', headers: { authorization } })).json(), { claimed: 1, dead: 1 })
  t.match(await lines.waitFor(({ ticket_id }) => ticket_id === 2), Object)
  t.ok(lines.all.some(line => JSON.stringify(line).includes('forged')), 'some of it is logged, as what it is')

  for (const line of lines.raw) {
    // eslint-disable-next-line no-control-regex -- they are what must not be there
    t.match(line, /^\{[^\0-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]*\}\n$/)
    t.notMatch(line, key)
  }
  t.notOk(lines.all.some(({ level, msg }) => level === 60 || msg === 'forged'))
})
