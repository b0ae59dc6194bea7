import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { createService, createStores, eventually, privateRedis, replicaOf, type Service } from '../helper.ts'
import { journaling, ready } from '../outages/journal.ts'

/** Until the indexes have been built for the first time. */
const built = ({ call }: Pick<Service, 'call'>) => eventually(async () => {
  if ((await call('GET', '/changes')).status !== 200) throw new Error('the indexes are not built')
})

interface Told { ticket_id: number, version: number, deleted: boolean, ticket: { subject?: string } | null }

/** All pages after a cursor, and the last cursor. */
async function follow (t: Test, { call }: Pick<Service, 'call'>, since: string | undefined, limit = 1000) {
  const all: Told[] = []
  for (let cursor = since; ;) {
    const { status, body } = await call('GET', `/changes?limit=${limit}${cursor === undefined ? '' : `&since=${cursor}`}`)
    t.equal(status, 200)
    t.ok(body.changes.length <= limit)
    all.push(...body.changes)
    cursor = body.next_cursor as string
    if (!body.has_more) return { all, cursor }
  }
}

const operationsOf = (op: string, ids: readonly number[], fields: object) => ({ operations: ids.map(id => ({ op, ticket_id: id, ...fields })) })

t.test('a snapshot, then what changes: tickets of Redis and MySQL, each as it is now', async t => {
  const service = await createService(t)
  const { call, redis, prefix } = service
  await built(service)
  await call('POST', '/tickets/batch', operationsOf('create', [1, 2, 3, 4, 5, 6], { customer_id: 1 }))
  await call('POST', '/tickets/batch', operationsOf('update', [1, 2], { status: 'closed' }))
  await call('DELETE', '/tickets/3')
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:1`)
  const { all, cursor } = await follow(t, service, undefined, 2)
  // What changed before the snapshot began is no part of the log after it, but for nothing.
  t.strictSame(all.map(({ ticket_id: id }) => id), [1, 2, 4, 5, 6])
  const { body: ticket } = await call('GET', '/tickets/4')
  t.strictSame(all[2], { ticket_id: 4, version: ticket.version, deleted: false, ticket })

  const first = await call('PATCH', '/tickets/5', { subject: 'a' })
  await call('DELETE', '/tickets/4')
  const { body: { version } } = await call('PATCH', '/tickets/5', { subject: 'b' })
  t.ok(version > first.body.version)
  const after = await follow(t, service, cursor)
  t.match(after.all, [{ ticket_id: 5, version, ticket: { subject: 'b' } }, { ticket_id: 4, deleted: true, ticket: null }])
  t.equal(after.all.length, 2, 'each once')
  t.ok(after.all[1]!.version > ticket.version)
  t.strictSame((await follow(t, service, after.cursor)).all, [])
})

t.test('what changes while the snapshot is read follows it', async t => {
  const service = await createService(t)
  const { call } = service
  await built(service)
  await call('POST', '/tickets/batch', operationsOf('create', [10, 20, 30], { customer_id: 1 }))
  const { body: first } = await call('GET', '/changes?limit=1')
  t.match(first, { changes: [{ ticket_id: 10 }], has_more: true })
  await call('POST', '/tickets/5', { customer_id: 1 })
  await call('PATCH', '/tickets/10', { subject: 'late' })
  await call('DELETE', '/tickets/30')
  const { all } = await follow(t, service, first.next_cursor)
  t.match(all.map(({ ticket_id: id, deleted }) => `${id}${deleted ? ' deleted' : ''}`), ['20', '5', '10', '30 deleted'])
})

t.test('one entry of the log in several pages', async t => {
  const service = await createService(t)
  const { call, redis, prefix } = service
  const { body: { next_cursor: start } } = await call('GET', '/changes?since=now')
  const ids = Array.from({ length: 30 }, (_, i) => i + 1)
  await call('POST', '/tickets/batch', operationsOf('create', ids, { customer_id: 1 }))
  await call('POST', '/tickets/31', { customer_id: 1 })
  t.equal(await redis.xlen(`${prefix}tickets:changes`), 3, 'an empty one, and one for each call')
  for (const limit of [1, 7, 30, 1000]) t.strictSame((await follow(t, service, start, limit)).all.map(({ ticket_id: id }) => id), [...ids, 31], `limit ${limit}`)
})

t.test('what is in the log twice is told once in a page', async t => {
  const service = await createService(t)
  const { call } = service
  const { body: { next_cursor: start } } = await call('GET', '/changes?since=now')
  for (const id of [1, 2]) await call('POST', `/tickets/${id}`, { customer_id: 1 })
  for (let i = 0; i < 200; i += 1) await call('PATCH', '/tickets/1', { subject: String(i) })
  t.match((await follow(t, service, start)).all, [{ ticket_id: 1, ticket: { subject: '199' } }, { ticket_id: 2 }])
  const alone = (await follow(t, service, start, 1)).all
  t.strictSame([...new Set(alone.map(({ ticket_id: id }) => id))], [1, 2])
})

t.test('a page ends where its bytes do', async t => {
  const service = await createService(t)
  const { app, call } = service
  app.tickets.traffic.isServing = () => false
  await built(service)
  const { body: { next_cursor: start } } = await call('GET', '/changes?since=now')
  const large = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`field_${i}`, 'x'.repeat(1024)]))
  for (let id = 1; id <= 150; id += 15) await call('POST', '/tickets/batch', operationsOf('create', Array.from({ length: 15 }, (_, i) => id + i), { customer_id: 1, custom_fields: large }))
  for (const since of [start, undefined]) {
    const { text, body } = await call('GET', `/changes${since ? `?since=${since}` : ''}`)
    t.ok(text.length < 5 * 1024 * 1024 && text.length > 3 * 1024 * 1024, `${text.length} ${body.changes.length}`)
    t.equal(body.has_more, true)
    const { all } = await follow(t, service, since)
    t.strictSame([...new Set(all.map(({ ticket_id: id }) => id))].length, 150)
  }
})

t.test('beside requests the pages of a snapshot are small, those of the log are not', async t => {
  const service = await createService(t)
  const { app, call } = service
  await built(service)
  const { body: { next_cursor: start } } = await call('GET', '/changes?since=now')
  await call('POST', '/tickets/batch', operationsOf('create', Array.from({ length: 100 }, (_, i) => i + 1), { customer_id: 1 }))
  app.tickets.traffic.isServing = () => true
  t.equal((await call('GET', '/changes')).body.changes.length, 20)
  t.equal((await call('GET', '/changes?limit=10')).body.changes.length, 10)
  t.equal((await follow(t, service, undefined)).all.length >= 100, true, 'none is left out')
  t.equal((await call('GET', `/changes?since=${start}`)).body.changes.length, 100)
  app.tickets.traffic.isServing = () => false
  t.equal((await call('GET', '/changes')).body.changes.length, 100)
})

t.test('beside requests a page of a snapshot waits, so that its reader leaves them time', async t => {
  const service = await createService(t)
  const { app, call } = service
  await built(service)
  await call('POST', '/tickets/1', { customer_id: 1 })
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  app.tickets.traffic.isServing = () => true
  let isTold = false
  const page = call('GET', '/changes').finally(() => { isTold = true })
  for (let i = 0; i < 20; i += 1) await call('GET', '/tickets/1')
  t.equal(isTold, false)
  mock.timers.tick(10)
  t.equal((await page).body.changes.length, 1)
})

t.test('consumers alone do not hold each other back', async t => {
  const { app, call } = await createService(t)
  let served = 0
  app.tickets.traffic.count = () => { served += 1 }
  app.tickets.traffic.discount = () => { served -= 1 }
  for (const query of ['', '?since=now']) t.equal((await call('GET', `/changes${query}`)).status, 200)
  t.equal(served, 0)
})

t.test('a tombstone that has expired is a deletion all the same', async t => {
  const service = await createService(t)
  const { call, redis, prefix, sql } = service
  await call('POST', '/tickets/1', { customer_id: 1 })
  const { body: { next_cursor: start } } = await call('GET', '/changes?since=now')
  const { body: { version } } = await call('PATCH', '/tickets/1', { subject: 'x' })
  await call('DELETE', '/tickets/1')
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:1`)
  await sql.query('DELETE FROM wp_support_tickets')
  const { all: [deletion] } = await follow(t, service, start)
  t.match(deletion, { ticket_id: 1, deleted: true, ticket: null })
  t.ok(deletion!.version > version)
})

t.test('a ticket that cannot be read stops no other', async t => {
  const service = await createService(t)
  const { call, redis, prefix } = service
  const { body: { next_cursor: start } } = await call('GET', '/changes?since=now')
  for (const id of [1, 2]) await call('POST', `/tickets/${id}`, { customer_id: 1 })
  await redis.hset(`${prefix}ticket:1`, 'customer_id', 'nonsense')
  const { body } = await call('GET', `/changes?since=${start}`)
  t.match(body, { changes: [{ ticket_id: 2 }], errors: [{ ticket_id: 1, error: { code: 'internal_error' } }], has_more: false })
  t.equal(body.changes.length, 1)
})

t.test('410: what follows the cursor is gone', async t => {
  const service = await createService(t)
  const { call, redis, prefix } = service
  const log = `${prefix}tickets:changes`
  const expired = async (since: string, why: string) => t.match(await call('GET', `/changes?since=${since}`), { status: 410, body: { code: 'cursor_expired' } }, why)
  await call('POST', '/tickets/1', { customer_id: 1 })
  const { body: { next_cursor: old } } = await call('GET', '/changes?since=now')
  for (let i = 0; i < 3; i += 1) await call('PATCH', '/tickets/1', { subject: String(i) })
  const { body: { next_cursor: last } } = await call('GET', '/changes?since=now')
  await redis.xtrim(log, 'MAXLEN', 1)
  await expired(old, 'trimmed')
  t.equal((await call('GET', `/changes?since=${last}`)).status, 200, 'nothing that follows it was trimmed')
  await redis.xdel(log, (await redis.xrevrange(log, '+', '-', 'COUNT', 1))[0]![0])
  await call('PATCH', '/tickets/1', { subject: 'after' })
  await expired(last, 'what its owner has seen was lost')
  const { body: { next_cursor: another } } = await call('GET', '/changes?since=now')
  await redis.del(log)
  await expired(another, 'Redis was emptied')

  const other = await createService(t)
  const { body: { next_cursor: foreign } } = await other.call('GET', '/changes?since=now')
  await expired(foreign, 'of another Redis')
})

t.test('410 when a replica was promoted', async t => {
  const master = await privateRedis(t, { config: { 'repl-diskless-sync-delay': 0 } })
  const replica = await privateRedis(t, { config: replicaOf(master) })
  const stores = await createStores(t, { redis: master.url })
  const service = await createService(t, {}, stores)
  await service.call('POST', '/tickets/1', { customer_id: 1 })
  const { body: { next_cursor: cursor } } = await service.call('GET', '/changes?since=now')
  const { redis: promoted, variables: { REDIS_URL } } = await createStores(t, { redis: replica.url })
  await eventually(async () => {
    if (await promoted.xlen(`${stores.prefix}tickets:changes`) !== 1) throw new Error('not replicated')
  })
  await promoted.replicaof('NO', 'ONE')
  const next = await createService(t, {}, { ...stores, redis: promoted, variables: { ...stores.variables, REDIS_URL: REDIS_URL! } })
  t.match(await next.call('GET', `/changes?since=${cursor}`), { status: 410, body: { code: 'cursor_expired' } })
  t.equal((await service.call('GET', `/changes?since=${cursor}`)).status, 200, 'not at the master')
})

t.test('a log that was off has a gap, and no cursor of before counts', async t => {
  const stores = await createStores(t)
  const on = await createService(t, {}, stores)
  const off = await createService(t, { CHANGES_RETENTION_SECONDS: 0 }, stores)
  const { body: { next_cursor: cursor } } = await on.call('GET', '/changes?since=now')
  t.match(await off.call('GET', '/changes'), { status: 501, body: { code: 'not_supported' } })
  await off.call('POST', '/tickets/1', { customer_id: 1 })
  await on.call('POST', '/tickets/2', { customer_id: 1 })
  t.equal((await on.call('GET', `/changes?since=${cursor}`)).status, 410)
})

t.test('400: what no request for changes can be', async t => {
  const { call } = await createService(t)
  const { body: { next_cursor: cursor } } = await call('GET', '/changes?since=now')
  for (const [query, pointer] of Object.entries({
    'unknown=1': '/unknown',
    'since=': '/since',
    'since=abc': '/since',
    [`since=${cursor}A`]: '/since',
    [`since=${(cursor as string).slice(0, -2)}`]: '/since',
    [`since=${'A'.repeat(15_000)}`]: '/since',
    'limit=0': '/limit',
    'limit=1001': '/limit',
    'limit=x': '/limit',
    'wait=-1': '/wait',
    'wait=31': '/wait',
  })) t.match(await call('GET', `/changes?${query}`), { status: 400, body: { code: 'validation_failed', errors: [{ pointer }] } }, query.slice(0, 60))
  t.match(await call('GET', '/changes', undefined, { accept: 'text/event-stream', 'last-event-id': 'abc' }), { status: 400, body: { errors: [{ pointer: '/last-event-id' }] } })
})

t.test('503 while Redis is unavailable, and then it goes on', async t => {
  const redis = await privateRedis(t)
  const stores = await createStores(t, { redis: redis.url })
  const service = await createService(t, {}, stores)
  const { call } = service
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  const { body: { next_cursor: cursor } } = await call('GET', '/changes?since=now')
  await redis.kill()
  await journaling(service)
  t.equal((await call('PATCH', '/tickets/1', { subject: 'journaled' })).status, 202)
  t.match(await call('GET', `/changes?since=${cursor}`), { status: 503, body: { code: 'store_unavailable' } })
  await redis.restart()
  await ready(service, 'ready')
  await eventually(async () => {
    const { body } = await call('GET', `/changes?since=${cursor}`)
    if (body.changes?.length !== 1) throw new Error('not replayed')
    t.match(body.changes, [{ ticket_id: 1, ticket: { subject: 'journaled' } }])
  })
})
