import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { loggerOptions, withoutControl } from '../../src/logger.ts'
import { textOf } from '../../src/mysql/failure.ts'
import { createService, createStores } from '../helper.ts'

const shop = createApiKey('shop', 'read+write+ops')
const headers = { authorization: `Bearer ${shop.key}` }

t.test('a request is one line, with who asked for what, and what became of it', async t => {
  const { app, lines } = await createService(t, { LOG_LEVEL: 'debug', API_KEYS: shop.entry })
  const { headers: { 'x-request-id': id } } = await app.inject({ method: 'POST', url: '/tickets/7?', headers, payload: { customer_id: 1, subject: 'a private matter' } })
  const line = await lines.waitFor(({ request_id: of }) => of === id)
  t.match(line, { level: 20, key: 'shop', method: 'POST', route: '/tickets/:id', status: 201, ticket_id: 7, msg: 'answered' })
  t.type(line.duration_ms, 'number')
  await app.inject({ url: '/tickets/8', headers })
  t.match(await lines.waitFor(({ ticket_id: ticket }) => ticket === 8), { status: 404, code: 'ticket_not_found', level: 20 })
  await app.inject({ url: `/nonsense/${'x'.repeat(500)}?access_token=${shop.key}` })
  t.match(await lines.waitFor(({ code }) => code === 'not_found'), { path: /^\/nonsense\/x{90}$/ })
  const all = lines.all.filter(({ msg }) => msg !== undefined && /answered|There is no/.test(msg))
  t.equal(all.length, 3, 'and no more')
  t.notMatch(JSON.stringify(lines.all), /a private matter/)
  t.notOk(JSON.stringify(lines.all).includes(shop.key))
})

t.test('LOG_LEVEL=info: only who is turned away, and what the service could not do', async t => {
  const { app, lines, redis, prefix } = await createService(t, { API_KEYS: shop.entry, FALLBACK: 'off' })
  const turned = () => lines.all.filter(line => 'duration_ms' in line && 'method' in line)
  await app.inject({ method: 'POST', url: '/tickets/7', headers, payload: { customer_id: 1 } })
  await app.inject({ method: 'POST', url: '/tickets/7', headers, payload: { customer_id: 1 } })
  await app.inject({ url: '/tickets/abc', headers })
  await app.inject({ url: '/tickets/7', remoteAddress: '192.0.2.1' })
  await lines.waitFor(({ code }) => code === 'unauthorized')
  t.match(turned(), [{ level: 30, status: 401, address: '192.0.2.1', route: '/tickets/:id', method: 'GET' }])
  await redis.set(`${prefix}tickets:due`, 'no sorted set')
  await app.inject({ method: 'POST', url: '/tickets/8', headers, payload: { customer_id: 1 } })
  t.match(await lines.waitFor(({ code }) => code === 'store_unavailable'), { level: 40, status: 503, key: 'shop', ticket_id: 8, reason: /is no sorted set/ })
})

t.test('a flush that did something is one line, one that found nothing is none', async t => {
  const { call, lines } = await createService(t)
  await call('POST', '/flush')
  for (const id of [1, 2]) await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await call('POST', '/flush')
  const flushes = lines.all.filter(({ msg }) => msg === 'tickets were flushed')
  t.match(flushes, [{ level: 30, claimed: 2, synced: 2, retried: 0, dead: 0 }])
  t.equal(flushes.length, 1)
  t.type(flushes[0]!.duration_ms, 'number')
})

t.test('a request has the id that its caller gave it, if that will do', async t => {
  const { app } = await createService(t)
  const idOf = async (given?: string) => (await app.inject({ url: '/health/live', headers: given === undefined ? {} : { 'x-request-id': given } })).headers['x-request-id']
  t.equal(await idOf('0190b2a4-7c3e:7.a_b'), '0190b2a4-7c3e:7.a_b')
  const own = /^[0-9a-f]{8}-\d+$/
  t.match(await idOf(), own)
  for (const bad of ['', 'a b', 'a\u001b[31m', 'x'.repeat(65), 'ü', '"', '<b>', 'a,b']) t.match(await idOf(bad), own, JSON.stringify(bad))
  t.not(await idOf(), await idOf())
})

t.test('what MySQL quotes of a row is not told', async t => {
  for (const [message, expected] of [
    ["Duplicate entry 'it's 'private'' for key 'PRIMARY'", "Duplicate entry '...' for key 'PRIMARY'"],
    ["Incorrect integer value: 'a\nsecret' for column `t`.`x` at row 1", "Incorrect integer value: '...' for column `t`.`x` at row 1"],
    ["Truncated incorrect DOUBLE value: 'secret'", "Truncated incorrect DOUBLE value: '...'"],
    ["Data too long for column 'subject' at row 1", "Data too long for column 'subject' at row 1"],
  ] as const) t.equal(textOf(Object.assign(new Error(message), { code: 'ER_X' })), `ER_X: ${expected}`)
  t.equal(textOf(Object.assign(new Error('CONSTRAINT `no_vip` failed'), { code: 'ER_INNODB_AUTOEXTEND_SIZE_OUT_OF_RANGE', errno: 4025 })), 'error 4025: CONSTRAINT `no_vip` failed', 'a number that MariaDB means otherwise has no name')
})

t.test('on a terminal lines are for people, and nothing in them moves its cursor', async t => {
  t.equal(withoutControl(String.raw`{"a":"\u001b[31m\r\b\u009b\n\\u001b"}`), String.raw`{"a":"\\u001b[31m\\r\\b\\u009b\n\\u001b"}`)

  const stores = await createStores(t)
  const child = spawn('script', ['--quiet', '--return', '--command', `'${process.execPath}' src/server.ts`, '/dev/null'], {
    env: { ...process.env, ...Object.fromEntries(Object.entries(stores.variables).map(([name, value]) => [name, String(value)])), PORT: '0', LOG_LEVEL: 'info' },
    cwd: new URL('../..', import.meta.url),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => { child.kill() })
  let shown = ''
  child.stdout.setEncoding('utf8')
  while (!shown.includes('listening')) shown += String((await once(child.stdout, 'data'))[0])
  t.match(shown, /\d\d:\d\d:\d\d\.\d{3}.*INFO.*Server listening/)
  t.notMatch(shown, /"level":/)
})

t.test('of an error only its words are logged, not what drivers put beside them', async t => {
  const cause = Object.assign(new Error('why'), { command: { args: ['private'] } })
  const described = loggerOptions('info').serializers.err(Object.assign(new Error('what', { cause }), { sql: 'private', code: 'X' }))
  t.match(described, { message: 'what', code: 'X', cause: { message: 'why' } })
  t.notMatch(JSON.stringify(described), 'private')
})
