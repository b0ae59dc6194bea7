import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createService, createStores, eventually, type Service, type Stores } from '../helper.ts'
import { closed, holdResync } from './calls.ts'

const LOST = /does not hold what it had acknowledged/
const COMPARED = /all tickets in Redis were compared/

/** `count` closed tickets that MySQL holds. */
async function synced (service: Service, count: number) {
  await service.call('POST', '/tickets/batch', closed(count))
  await service.call('POST', '/flush')
}

const ids = async ({ rows }: Service) => (await rows()).map(row => row.ticket_id)

/** Resolves with the resync's figures when none is open. */
const ended = ({ call }: Service) => eventually(async () => {
  const { body } = await call('GET', '/resync')
  if (body.state !== 'idle') throw new Error(`${body.state}`)
  return body
})

const told = ({ lines }: Service, words: RegExp) => lines.all.filter(({ msg }) => words.test(msg))

/** The next passes find everything in step. */
async function checkQuiet (t: Test, service: Service) {
  const before = told(service, LOST).length
  for (let i = 0; i < 2; i += 1) t.equal((await service.call('POST', '/flush')).status, 200)
  t.equal(told(service, LOST).length, before, 'it is told once')
  t.match((await service.call('GET', '/health/ready')).body, { status: 'ready', mysql: { state: 'up' } })
}

t.test('MySQL was restored from an older backup: what it lacks, and what it has older, is pushed again by itself', async t => {
  const service = await createService(t)
  const { call, sql, row, lines, redis, prefix, hash } = service
  await synced(service, 1)
  await sql.query('CREATE TABLE backup AS SELECT * FROM wp_support_tickets')
  await call('PATCH', '/tickets/1', { subject: 'second' })
  await call('POST', '/tickets/batch', closed(2, 2))
  await call('POST', '/tickets/9', { customer_id: 1 })
  await call('POST', '/flush')
  t.ok(await redis.ttl(`${prefix}ticket:2`) > 0)
  await sql.query('DELETE FROM wp_support_tickets')
  await sql.query('INSERT INTO wp_support_tickets SELECT * FROM backup')
  // Another table may hold other ids than those that are known.
  await redis.hset(`${prefix}tickets:archived`, '7', '700005')

  t.equal((await call('POST', '/flush')).status, 200)
  t.match(await lines.waitFor(({ msg }) => LOST.test(msg)), { level: 50, asked: 3, missing: 2, older: 1, ticket_ids: [3, 2, 1] })
  t.match(await lines.waitFor(({ msg }) => COMPARED.test(msg)), { level: 40, reason: 'mysql_lost', compared: 4, marked: 3, loaded: 0 })
  // The pass that the resync asked for.
  await eventually(async () => { if ((await ids(service)).length < 3) throw new Error('not pushed yet') })
  t.strictSame(await ids(service), [1, 2, 3], 'the open ticket, which MySQL never had, stays in Redis')
  t.match(await row(1), { subject: 'second' })
  await eventually(async () => { if (await redis.zcard(`${prefix}tickets:due`) > 1) throw new Error('not acknowledged yet') })
  t.equal((await hash(2)).synced_version, (await hash(2)).version)
  t.ok(await redis.ttl(`${prefix}ticket:2`) > 0, 'it may expire again')
  t.match((await call('GET', '/metrics')).text, /^tickets_mysql_lost_total 1$/m)
  t.match((await call('GET', '/metrics')).text, /^tickets_resync_tickets_total\{result="marked"\} 3$/m)
  t.notOk(await redis.hexists(`${prefix}tickets:archived`, '7'), 'creates ask MySQL again')
  await checkQuiet(t, service)
})

t.test('a ticket that MySQL has lost neither expires nor is called in step, from the comparison on', async t => {
  const service = await createService(t)
  const { call, sql, redis, prefix, due, app } = service
  await synced(service, 3)
  const { database } = app.tickets
  const { upsert } = database
  const gate = Promise.withResolvers<void>()
  database.upsert = async (...args) => {
    await gate.promise
    return await upsert(...args)
  }
  await sql.query('DELETE FROM wp_support_tickets WHERE ticket_id <> 2')
  const { status, body } = await call('POST', '/resync', { ticket_ids: [1, 2, 3, 4] })
  t.equal(status, 200)
  t.match(body, { compared: 4, marked: 2, loaded: 0, results: [{ state: 'marked', mysql_version: null }, { state: 'in_step' }, { state: 'marked' }, { state: 'not_found', version: null }] })
  for (const id of [1, 3]) {
    t.equal(await redis.ttl(`${prefix}ticket:${id}`), -1)
    t.not(await due(id), null)
    t.equal((await call('GET', `/tickets/${id}`)).body.synced_version, null)
  }
  t.ok(await redis.ttl(`${prefix}ticket:2`) > 0)
  t.equal(await due(2), null)
  gate.resolve()
})

t.test('the table was emptied', async t => {
  const service = await createService(t)
  await synced(service, 1)
  await service.sql.query('TRUNCATE TABLE wp_support_tickets')
  await service.call('POST', '/flush')
  t.match(await service.lines.waitFor(({ msg }) => LOST.test(msg)), { asked: 1, missing: 1 })
  await eventually(async () => { if ((await ids(service)).length === 0) throw new Error('not pushed yet') })
})

t.test('TICKETS_TABLE is another one', async t => {
  const stores = await createStores(t)
  const before = await createService(t, {}, stores)
  await synced(before, 5)
  await before.app.close()
  const after = await createService(t, { TICKETS_TABLE: 'other' }, stores)
  await after.lines.waitFor(({ msg }) => LOST.test(msg))
  await eventually(async () => { if ((await ids(after)).length < 5) throw new Error('not pushed yet') })
  await checkQuiet(t, after)
})

t.test('while it is needed or running, readiness and GET /resync say so', async t => {
  const service = await createService(t)
  const { call, sql, app } = service
  await synced(service, 3)
  const goOn = holdResync(app)
  await sql.query('DELETE FROM wp_support_tickets')
  await call('POST', '/flush')
  t.match(await call('GET', '/health/ready'), { status: 200, body: { status: 'degraded', mysql: { state: 'comparing', reason: 'lacks what it had acknowledged' } } })
  t.match((await call('GET', '/resync')).body, { state: 'running', reason: 'mysql_lost', started_at: Number, finished_at: null, marked: 0 })
  t.match((await call('GET', '/metrics')).text, /^tickets_resync_open 1$/m)
  t.match(await call('POST', '/resync'), { status: 202, body: { state: 'running', reason: 'mysql_lost' } }, 'one at a time')
  goOn()
  t.match(await ended(service), { reason: 'mysql_lost', compared: 3, marked: 3, finished_at: Number })
  t.match((await call('GET', '/metrics')).text, /^tickets_resync_open 0$/m)
})

t.test('MySQL that is merely unavailable has lost nothing', async t => {
  const service = await createService(t)
  const { call, sql, lines } = service
  await synced(service, 3)
  await sql.query('RENAME TABLE wp_support_tickets TO away')
  for (let i = 0; i < 2; i += 1) t.equal((await call('POST', '/flush')).status, 200)
  t.match(await lines.waitFor(({ msg }) => /could not be asked/.test(msg)), { level: 40 })
  t.equal(told(service, /could not be asked/).length, 1, 'said once')
  t.match((await call('GET', '/resync')).body, { state: 'idle', reason: null, started_at: null })
  await sql.query('RENAME TABLE away TO wp_support_tickets')
  await checkQuiet(t, service)
  t.strictSame(told(service, LOST), [])
})

t.test('a service that has acknowledged nothing asks nothing', async t => {
  const service = await createService(t)
  const { call, app } = service
  let asked = 0
  app.tickets.database.versions = async () => { asked += 1; return new Map() }
  await call('POST', '/tickets/1', { customer_id: 1 })
  await call('POST', '/flush')
  t.equal(asked, 0)
})

t.test('a row that another program deletes is no lost table: that ticket is pushed again', async t => {
  const service = await createService(t)
  const { call, sql, lines } = service
  await synced(service, 3)
  await sql.query('DELETE FROM wp_support_tickets WHERE ticket_id = 3')
  await call('POST', '/flush')
  t.match(await lines.waitFor(({ msg }) => /pushed again/.test(msg)), { level: 40, ticket_ids: [3] })
  t.strictSame(await ids(service), [1, 2, 3])
  t.strictSame(told(service, LOST), [])
  await checkQuiet(t, service)
})

t.test('a row that is deleted, and that Redis does not hold either, is told once', async t => {
  const service = await createService(t)
  await synced(service, 3)
  await service.sql.query('DELETE FROM wp_support_tickets WHERE ticket_id = 3')
  await service.redis.del(`${service.prefix}ticket:3`)
  for (let i = 0; i < 3; i += 1) await service.call('POST', '/flush')
  t.equal(told(service, /pushed again/).length, 1)
  await checkQuiet(t, service)
})

t.test('what is lost within a pass is noticed, although the pass acknowledges more', async t => {
  const service = await createService(t)
  const { call, sql, app } = service
  await synced(service, 4)
  await call('POST', '/flush')
  const { database } = app.tickets
  const { upsert } = database
  database.upsert = async (...args) => {
    await sql.query('DELETE FROM wp_support_tickets')
    return await upsert(...args)
  }
  await call('POST', '/tickets/batch', closed(8, 11))
  await call('POST', '/flush')
  database.upsert = upsert
  t.strictSame(told(service, LOST), [])
  await call('POST', '/flush')
  t.match(told(service, LOST), [{ missing: 4 }])
  await eventually(async () => { if ((await ids(service)).length < 12) throw new Error('not pushed yet') })
})

t.test('POST /resync compares all tickets in both directions', async t => {
  const service = await createService(t, { FLUSH_MAX_ATTEMPTS: 1 })
  const { call, sql, redis, prefix, due, hash } = service
  await sql.query("ALTER TABLE wp_support_tickets ADD CONSTRAINT no_poison CHECK (subject <> 'poison')")
  await synced(service, 4)
  await call('POST', '/tickets/5', { customer_id: 1 })
  await call('POST', '/tickets/6', { customer_id: 1 })
  await call('PATCH', '/tickets/4', { subject: 'poison' })
  await call('POST', '/flush')
  // 1 is newer in MySQL; 2 is lost; 3 in step; 4 a dead letter whose older row is lost; 5 open; 6 open, and has lost its mark.
  await sql.query('UPDATE wp_support_tickets SET version = version + 1, subject = \'newer\' WHERE ticket_id = 1')
  await sql.query('DELETE FROM wp_support_tickets WHERE ticket_id IN (2, 4)')
  await redis.zrem(`${prefix}tickets:due`, '6')
  await redis.set(`${prefix}ticket:7`, 'foreign')
  await redis.hset(`${prefix}ticket:8`, 'note', 'foreign')
  await redis.hset(`${prefix}ticket:9`, 'version', 'foreign')

  t.match(await call('POST', '/resync', {}), { status: 202, body: { reason: 'requested' } })
  t.match(await ended(service), { compared: 9, marked: 2, loaded: 1 })
  t.match(await hash(1), { subject: 'newer' })
  await eventually(async () => { if (await redis.zcard(`${prefix}tickets:due`) !== 1) throw new Error('not acknowledged yet') })
  t.strictSame(await ids(service), [1, 2, 3, 6])
  t.equal(await due(5), 'inf', 'what MySQL never had is not hastened')
  t.equal((await hash(4)).synced_version, undefined, 'a dead letter stays one, and does not count as synced')
  t.ok(await redis.zscore(`${prefix}tickets:dead`, '4'))
})

t.test('POST /flush with ticket_ids asks MySQL before it says synced', async t => {
  const service = await createService(t)
  const { call, sql } = service
  await synced(service, 6)
  await sql.query('DELETE FROM wp_support_tickets WHERE ticket_id = 1')
  t.match((await call('POST', '/flush', { ticket_ids: [1, 2] })).body, { claimed: 1, synced: 1, results: [{ ticket_id: 1, state: 'synced' }, { state: 'synced' }] })
  t.strictSame(await ids(service), [1, 2, 3, 4, 5, 6])

  await sql.query('DELETE FROM wp_support_tickets WHERE ticket_id = 1')
  await sql.query('ALTER TABLE wp_support_tickets ADD CONSTRAINT none CHECK (ticket_id <> 1)')
  t.match((await call('POST', '/flush', { ticket_ids: [1] })).body, { synced: 0, results: [{ ticket_id: 1, state: 'unsynced', synced_version: null }] })

  await sql.query('RENAME TABLE wp_support_tickets TO away')
  t.match(await call('POST', '/flush', { ticket_ids: [2] }), { status: 503, body: { code: 'store_unavailable' } }, 'nobody can say')
})

t.test('what is acknowledged between the comparison and its record stays as it is', async t => {
  const service = await createService(t)
  const { call, sql, app, due } = service
  await synced(service, 1)
  const [shard] = app.tickets.shards.all
  const { database } = app.tickets
  const { versions } = database
  await sql.query('DELETE FROM wp_support_tickets')
  database.versions = async ids => {
    const held = await versions(ids)
    // Another instance pushes a newer version, and says so.
    database.versions = versions
    const { body } = await call('PATCH', '/tickets/1', { subject: 'second' })
    await database.upsert([body])
    await shard!.dueIndex.acknowledge('1.5', [body])
    return held
  }
  t.match((await call('POST', '/resync', { ticket_ids: [1] })).body, { marked: 0 })
  t.equal(await due(1), null)
})

t.test('thousands of tickets and other keys, with a prefix that looks like a pattern', async t => {
  const stores = await createStores(t)
  const prefix = `${stores.prefix}[a*b?c\\:`
  const service = await createService(t, { KEY_PREFIX: prefix }, stores)
  for (let from = 1; from <= 2000; from += 500) await service.call('POST', '/tickets/batch', closed(500, from))
  await service.call('POST', '/flush')
  await stores.redis.hset(`${stores.prefix}[aXb?c\\:ticket:5000`, 'version', 1, 'synced_version', 1)
  await service.sql.query('DELETE FROM wp_support_tickets WHERE ticket_id % 4 = 0')
  await service.call('POST', '/resync')
  const { compared, marked } = await ended(service)
  t.equal(marked, 500)
  // SCAN may give a key twice.
  t.ok(compared >= 2000 && compared < 2100, `${compared}`)
  await eventually(async () => { if ((await ids(service)).length < 2000) throw new Error('not pushed yet') })
})

/** Two instances on the same stores, of which the first is in the middle of a resync. */
async function midway (t: Test) {
  const stores = await createStores(t)
  const first = await createService(t, {}, stores)
  const second = await createService(t, {}, stores)
  for (const from of [1, 501]) await first.call('POST', '/tickets/batch', closed(500, from))
  await first.call('POST', '/flush')
  const { database } = first.app.tickets
  const { versions } = database
  const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  database.versions = async ids => {
    reached.resolve()
    await gate.promise
    return await versions(ids)
  }
  await stores.sql.query('DELETE FROM wp_support_tickets WHERE ticket_id = 3')
  await first.call('POST', '/resync')
  await reached.promise
  return { stores, first, second, release () { database.versions = versions; gate.resolve() } }
}

const stateOf = async ({ redis, prefix }: Stores) => await redis.hgetall(`${prefix}tickets:resync`)

t.test('one instance works on it, and all say the same', async t => {
  const { stores, first, second, release } = await midway(t)
  const { owner } = await stateOf(stores)
  t.match(await second.call('POST', '/resync'), { status: 202, body: { state: 'running', compared: 0 } })
  t.match((await second.call('GET', '/resync')).body, (await first.call('GET', '/resync')).body)
  t.equal((await stateOf(stores)).owner, owner)
  release()
  t.match(await ended(second), { marked: 1 })
  t.match((await second.call('GET', '/health/ready')).body, { status: 'ready' })
})

t.test('another instance goes on when the lease has ended; the first leaves it to that one', async t => {
  const { stores, first, second, release } = await midway(t)
  await stores.redis.hset(`${stores.prefix}tickets:resync`, 'lease_until_ms', 1)
  await second.call('POST', '/flush')
  t.match(await ended(second), { marked: 1 })
  const after = await stateOf(stores)
  release()
  await first.app.tickets.sync.resync.ended()
  t.strictSame(await stateOf(stores), after)
  t.strictSame(told(first, COMPARED), [])
})

t.test('a lease that a clock has put too far ahead has ended', async t => {
  const { stores, second, release } = await midway(t)
  await stores.redis.hset(`${stores.prefix}tickets:resync`, 'lease_until_ms', Date.now() + 86_400_000)
  await second.call('POST', '/flush')
  t.ok((await ended(second)).compared >= 1000)
  release()
})

t.test('an instance that stops leaves it to another one at once', async t => {
  const { stores, first, second, release } = await midway(t)
  const closing = first.app.close()
  release()
  await closing
  t.match(await stateOf(stores), { state: 'running' })
  await second.call('POST', '/flush')
  t.ok((await ended(second)).compared >= 1000)
})

t.test('the connection is lost meanwhile: it begins again', async t => {
  const { first, release } = await midway(t)
  first.app.tickets.shards.all[0]!.resync.markStale()
  release()
  t.match(await first.lines.waitFor(({ msg }) => /was interrupted/.test(msg)), { level: 40 })
  t.match((await first.call('GET', '/resync')).body, { state: 'running' })
  await first.call('POST', '/flush')
  t.ok((await ended(first)).compared >= 1000)
})

t.test('MySQL fails meanwhile: it goes on by itself when MySQL is back', async t => {
  const service = await createService(t)
  const { call, sql, lines } = service
  await synced(service, 3)
  await sql.query('RENAME TABLE wp_support_tickets TO away')
  t.equal((await call('POST', '/resync')).status, 202)
  await lines.waitFor(({ msg }) => /was interrupted/.test(msg))
  t.match((await call('GET', '/health/ready')).body, { status: 'degraded' })
  await sql.query('RENAME TABLE away TO wp_support_tickets')
  await call('POST', '/flush')
  t.match(await ended(service), { compared: 3, marked: 0 })
})

t.test('two instances tell of one loss once', async t => {
  const stores = await createStores(t)
  const [first, second] = [await createService(t, {}, stores), await createService(t, {}, stores)]
  await synced(first, 3)
  for (const { call } of [first, second]) await call('POST', '/flush')
  await stores.sql.query('DELETE FROM wp_support_tickets')
  // The second has looked before the first has said anything, and is slow.
  const { database } = second.app.tickets
  const { versions } = database
  const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  database.versions = async ids => {
    const held = await versions(ids)
    reached.resolve()
    await gate.promise
    return held
  }
  const flushing = second.call('POST', '/flush')
  await reached.promise
  await first.call('POST', '/flush')
  await ended(first)
  gate.resolve()
  await flushing
  await second.call('POST', '/flush')
  await ended(second)
  t.strictSame([told(first, LOST).length, told(second, LOST).length], [1, 0])
})

t.test('requests of POST /resync that are refused', async t => {
  const { call } = await createService(t)
  for (const body of [{ ticket_ids: [] }, { ticket_ids: ['1'] }, { ticket_ids: [1, 1] }, { scope: 'all' }, [], { ticket_ids: Array.from({ length: 501 }, (_, i) => i + 1) }]) {
    t.match(await call('POST', '/resync', body), { status: 400, body: { code: 'validation_failed' } }, JSON.stringify(body).slice(0, 40))
  }
  await setImmediate()
  t.match((await call('GET', '/resync')).body, { state: 'idle', compared: 0 })
})
