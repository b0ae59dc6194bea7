import { createHash } from 'node:crypto'
import t from 'tap'
import { createService, createStores, eventually, privateMariadb, privateRedis } from '../helper.ts'
import { insertEntry } from '../outages/journal.ts'
import { startServer } from '../server-process.ts'
import { create, CUSTOMER, done, erase, MARK, OTHER, reached } from './erase.ts'
import { findInFiles, findTraces, rewriteAppendOnlyFile } from './traces.ts'

t.test('nothing is left: tickets in Redis, in MySQL or both, answers, failures, dead letters, conflicts, after a kill -9; others stay', async t => {
  const stores = await createStores(t, { redis: (await privateRedis(t)).url })
  const { redis, prefix, sql } = stores
  const directory = t.testdir()
  const before = startServer(t, { ...stores.variables, FLUSH_INTERVAL_MS: 3_600_000, LOG_LEVEL: 'debug' }, directory)
  const url = await before.url()
  const send = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const response = await fetch(url + path, { method, headers: { 'content-type': 'application/json', ...headers }, ...(body && { body: JSON.stringify(body) }) })
    return response.status
  }
  t.equal(await send('POST', '/tickets/1', create(), { 'idempotency-key': `key-${MARK}` }), 201)
  t.equal(await send('PATCH', '/tickets/1', { subject: `more ${MARK}` }, { 'idempotency-key': `patch-${MARK}` }), 200)
  t.equal(await send('POST', '/tickets/2', create({ status: 'closed' })), 201)
  t.equal(await send('POST', '/tickets/3', create({ status: 'closed' })), 201)
  t.equal(await send('POST', '/tickets/4', create({ status: 'closed' })), 201)
  t.equal(await send('POST', '/tickets/5', create()), 201, 'is the customer\'s in MySQL, and in Redis somebody else\'s')
  t.equal(await send('POST', '/tickets/batch', { operations: [{ op: 'update', ticket_id: 1, priority: 'high' }, { op: 'create', ticket_id: 9, customer_id: OTHER, subject: 'stays' }] }, { 'idempotency-key': 'both' }), 200)
  t.equal(await send('POST', '/flush', { ticket_ids: [2, 3, 5] }), 200)
  t.equal(await send('PATCH', '/tickets/5', { customer_id: OTHER, subject: 'moved', custom_fields: null }), 200)
  await redis.del(`${prefix}ticket:3`)
  await redis.hset(`${prefix}tickets:failures`, '4', JSON.stringify({ attempts: 1, error: `no ${MARK}` }))
  // As a foreign program may have left it: no ticket, but it says whose it is.
  await redis.hset(`${prefix}ticket:6`, 'customer_id', CUSTOMER, 'subject', MARK)
  await insertEntry(sql, { ticket_id: 1, fields: { subject: MARK }, state: 'conflict' }, { ticket_id: 7, op: 'create', fields: create(), state: 'conflict' }, { seq: 90, ticket_id: 9, fields: { subject: 'stays' }, state: 'conflict' })
  const response = await fetch(`${url}/erasures`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ customer_id: CUSTOMER }) })
  const { erasure_id: id } = await response.json() as { erasure_id: number }
  before.child.kill('SIGKILL')
  await before.exited
  t.ok((await findTraces(stores, MARK, String(CUSTOMER))).length > 0, 'there is something to find')
  await sql.query('UPDATE wp_support_tickets_erasures SET lease_until = UTC_TIMESTAMP() - INTERVAL 1 SECOND')

  const service = await createService(t, { LOG_LEVEL: 'debug' }, stores)
  const { call, hash, row, lines } = service
  t.match(await done(service, id), { customer_id: null, waiting_for: null })
  t.strictSame(await findTraces(stores, MARK, String(CUSTOMER)), [])
  for (const gone of [1, 2, 3, 4, 6]) t.ok((await hash(gone)).deleted_at, `ticket ${gone} is a tombstone`)
  await call('POST', '/flush')
  for (const gone of [1, 2, 3, 4]) t.equal((await call('GET', `/tickets/${gone}`)).status, 410)
  t.match((await call('GET', '/tickets/5')).body, { customer_id: OTHER, subject: 'moved' })
  t.match((await call('GET', '/tickets/9')).body, { customer_id: OTHER, subject: 'stays' })
  t.match(await row(5), { customer_id: OTHER })
  t.match((await call('GET', '/journal')).body.entries, [{ seq: 90 }])
  t.equal((await redis.hgetall(`${prefix}idem::both`))['0'], undefined)
  t.ok((await redis.hgetall(`${prefix}idem::both`))['1'], 'what stands for somebody else\'s operation stays')
  t.strictSame(await findTraces(stores, MARK, String(CUSTOMER)), [])
  const [, files] = await redis.config('GET', 'dir') as [string, string]
  t.match(findInFiles(files, MARK), [/appendonly/], 'Redis keeps commands until it rewrites its file')
  await rewriteAppendOnlyFile(stores)
  t.strictSame(findInFiles(files, MARK, String(CUSTOMER)), [])
  t.strictSame(findInFiles(directory, MARK, String(CUSTOMER)), [], 'the service writes no file')
  const logged = [...before.lines, ...lines.raw]
  t.ok(logged.some(line => line.includes('"route":"/tickets/:id"')), 'requests are in the log')
  t.strictSame(logged.filter(line => line.includes(MARK) || line.includes(String(CUSTOMER))), [])
})

t.test('writes, flushes and repeated requests while it runs; what comes later is new and stays', async t => {
  const service = await createService(t)
  const { call, redis, prefix } = service
  for (let from = 1; from <= 1200; from += 400) {
    await call('POST', '/tickets/batch', { operations: Array.from({ length: 400 }, (_, i) => ({ op: 'create', ticket_id: from + i, ...create(i % 2 ? { status: 'closed' } : {}) })) }, { 'idempotency-key': `${MARK}-${from}` })
  }
  await call('POST', '/flush')
  const id = await erase(t, service)
  const again = await call('POST', '/erasures', { customer_id: CUSTOMER })
  t.ok([id, id + 1].includes(again.body.erasure_id), 'the same while it is open')
  t.equal((await call('POST', '/tickets/5000', { customer_id: CUSTOMER, subject: 'later' })).status, 201)
  t.equal((await call('POST', '/tickets/5001', { customer_id: CUSTOMER, subject: 'later', status: 'closed' })).status, 201)
  await Promise.all(Array.from({ length: 100 }, (_, i) => call('PATCH', `/tickets/${i + 1}`, { subject: MARK, priority: 'low' }, { 'idempotency-key': `late-${MARK}-${i}` })))
  await call('POST', '/flush')
  const { tickets, answers } = await done(service, again.body.erasure_id)
  await done(service, id)
  t.ok(tickets > 0 && answers > 0)
  for (const later of [5000, 5001]) t.match((await call('GET', `/tickets/${later}`)).body, { subject: 'later' })
  const traces = (await findTraces(service, MARK)).filter(key => !key.includes(':idem:'))
  t.strictSame(traces, [])
  // What was asked with a key after the request was refused as a change of a deleted ticket: an erasure that comes after takes it along.
  const last = await erase(t, service)
  await done(service, last)
  t.strictSame(await findTraces(service, MARK, String(CUSTOMER)), [])
  t.equal(await redis.exists(`${prefix}ticket:1`), 1)
  t.equal((await call('POST', '/tickets/1', create())).status, 409)
})

t.test('400, 403, 404; metrics', async t => {
  const key = (name: string, scopes: string) => `${name}:${scopes}:${createHash('sha256').update(name).digest('hex')}`
  const service = await createService(t, { API_KEYS: [key('writer', 'read+write+ops'), key('eraser', 'erase')].join() })
  const as = (name: string) => ({ authorization: `Bearer ${name}` })
  for (const customer of [0, -1, 1.5, '5', null, undefined]) {
    t.match(await service.call('POST', '/erasures', { customer_id: customer }, as('eraser')), { status: 400, body: { errors: [{ pointer: '/customer_id' }] } }, String(customer))
  }
  t.equal((await service.call('POST', '/erasures', { customer_id: 5 }, as('writer'))).status, 403)
  t.equal((await service.call('GET', '/erasures/1', undefined, as('writer'))).status, 403)
  t.match(await service.call('GET', '/erasures/77', undefined, as('eraser')), { status: 404, body: { code: 'erasure_not_found' } })
  const { text } = await service.call('GET', '/metrics', undefined, as('writer'))
  t.match(text, /^tickets_erasures_open 0$/m)
  t.match(text, /^tickets_oldest_erasure_age_seconds 0$/m)
  t.match(text, /^tickets_erased_total 0$/m)
})

t.test('while Redis is unavailable it waits and says so; what was journaled before goes, too', async t => {
  const server = await privateRedis(t)
  const stores = await createStores(t, { redis: server.url })
  const service = await createService(t, {}, stores)
  const { call } = service
  await call('POST', '/tickets/1', create())
  await server.stop()
  await eventually(async () => {
    const { status, text } = await call('POST', '/tickets/2', create())
    if (status !== 202) throw new Error(text)
  })
  const id = await erase(t, service)
  await reached(service, id, { state: 'waiting', waiting_for: 'redis' })
  await server.restart()
  await done(service, id)
  t.strictSame(await findTraces(stores, MARK, String(CUSTOMER)), [])
  await eventually(async () => {
    const { status } = await call('GET', '/tickets/2')
    if (status !== 410) throw new Error(String(status))
  })
})

t.test('while MySQL is unavailable none is taken, and one that was goes on afterwards', async t => {
  const server = await privateMariadb(t)
  const stores = await createStores(t, { mysql: server.url })
  const service = await createService(t, {}, stores)
  const { call } = service
  await call('POST', '/tickets/1', create({ status: 'closed' }))
  await call('POST', '/flush')
  await server.stop()
  t.match(await call('POST', '/erasures', { customer_id: CUSTOMER }), { status: 503, body: { code: 'store_unavailable' } })
  t.equal((await call('GET', '/erasures/1')).status, 503)
  await server.restart()
  const id = await eventually(async () => {
    const { status, body } = await call('POST', '/erasures', { customer_id: CUSTOMER })
    if (status !== 202) throw new Error(body.detail)
    return body.erasure_id as number
  })
  await done(service, id)
  t.equal((await call('GET', '/tickets/1')).status, 410)
})
