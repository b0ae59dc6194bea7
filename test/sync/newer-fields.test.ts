import t from 'tap'
import { loadNewer } from '../../src/sync/reconcile.ts'
import { FIELD_LIST } from '../../src/tickets/fields.ts'
import { createService, type Service } from '../helper.ts'

/** What an instance of a newer version leaves in Redis, whose tickets may have a field more. */
async function registerNewer ({ redis, prefix }: Service) {
  await redis.hset(`${prefix}tickets:fields`, 'of_a_newer_version', Date.now())
}

t.test('an instance registers the fields that it knows', async t => {
  const { redis, prefix } = await createService(t)
  t.strictSame((await redis.hkeys(`${prefix}tickets:fields`)).sort(), FIELD_LIST.map(({ name }) => name).sort())
})

t.test('a ticket with a field of a newer version is left to it, and is not called in step', async t => {
  const service = await createService(t)
  const { call, redis, prefix, row, due, lines } = service
  await registerNewer(service)
  for (const id of [1, 2, 3]) await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  await redis.hset(`${prefix}ticket:1`, 'of_a_newer_version', 'angry')
  await redis.hset(`${prefix}ticket:3`, 'note', 'of another program, which no version knows')

  t.match((await call('POST', '/flush')).body, { claimed: 2, synced: 2 })
  t.strictSame([await row(1), (await row(2))?.ticket_id, (await row(3))?.ticket_id], [undefined, 2, 3])
  t.match((await call('GET', '/flush')).body, { unsynced: 1 })
  t.match((await call('GET', '/tickets/1')).body, { synced_version: null })
  t.match(await lines.waitFor(({ msg }) => msg.includes('does not know')), { level: 40, tickets: 1 })

  const mark = await due(1)
  t.match((await call('POST', '/flush', { ticket_ids: [1] })).body, { claimed: 0, results: [{ ticket_id: 1, state: 'unsynced' }] })
  t.equal(await due(1), mark, 'a ticket that is named stays as it is')

  // As an instance that knows the field.
  await redis.hdel(`${prefix}tickets:fields`, 'of_a_newer_version')
  t.match((await call('POST', '/flush', { scope: 'all' })).body, { claimed: 1, synced: 1 })
  t.equal((await row(1))?.ticket_id, 1)
})

t.test('a dead letter with a field of a newer version stays one', async t => {
  const service = await createService(t)
  const { call, redis, prefix } = service
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await registerNewer(service)
  await redis.multi().hset(`${prefix}ticket:1`, 'of_a_newer_version', 'angry').zrem(`${prefix}tickets:due`, '1').zadd(`${prefix}tickets:dead`, Date.now(), '1').exec()
  t.match((await call('POST', '/flush', { ticket_ids: [1] })).body, { claimed: 0 })
  t.equal(await redis.zcard(`${prefix}tickets:dead`), 1)
})

t.test('an open ticket with a field of a newer version is not made due by being named', async t => {
  const service = await createService(t)
  const { call, redis, prefix, due } = service
  await call('POST', '/tickets/1', { customer_id: 1 })
  await registerNewer(service)
  await redis.hset(`${prefix}ticket:1`, 'of_a_newer_version', 'angry')
  await call('POST', '/flush', { ticket_ids: [1] })
  t.equal(await due(1), 'inf')
})

t.test('what only MySQL holds is not brought back without the field: it is read from there, and changed by a newer version', async t => {
  const service = await createService(t)
  const { call, redis, prefix, hash, app } = service
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:1`)
  await registerNewer(service)

  const read = await call('GET', '/tickets/1')
  t.match([read.status, read.headers['x-ticket-source'], read.body.customer_id], [200, 'mysql', 1])
  const changed = await call('PATCH', '/tickets/1', { subject: 'new' })
  t.match(changed, { status: 503, headers: { 'retry-after': '1' }, body: { code: 'store_unavailable', detail: /newer version/ } })
  t.strictSame(await hash(1), {})
  t.ok(app.tickets.journal.gate.isIdle(), 'it is not for the journal either')

  await redis.hdel(`${prefix}tickets:fields`, 'of_a_newer_version')
  t.equal((await call('PATCH', '/tickets/1', { subject: 'new' })).status, 200)
})

t.test('a ticket that is older in Redis is not replaced by a row that was read without the field', async t => {
  const service = await createService(t)
  const { call, hash, sql, app, redis, prefix } = service
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await sql.query("UPDATE wp_support_tickets SET version = version + 1, subject = 'newer'")
  await registerNewer(service)
  const before = await hash(1)
  t.match(await loadNewer(app.tickets.shards, [1]), { loaded: 0, newer: [1] })
  t.strictSame(await hash(1), before)

  await redis.hdel(`${prefix}tickets:fields`, 'of_a_newer_version')
  t.match(await loadNewer(app.tickets.shards, [1]), { loaded: 1 })
  t.match(await hash(1), { subject: 'newer' })
})

t.test('a row that is newer in MySQL, and left to a newer version, does not keep the flush from the others', async t => {
  const service = await createService(t)
  const { call, sql, row } = service
  for (const id of [1, 2]) await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await sql.query('UPDATE wp_support_tickets SET version = version + 1000000 WHERE ticket_id = 1')
  for (const id of [1, 2]) await call('PATCH', `/tickets/${id}`, { subject: 'new' })
  await registerNewer(service)
  t.match(await call('POST', '/flush'), { status: 200, body: { claimed: 2, synced: 1 } })
  t.match([(await row(1))?.subject, (await row(2))?.subject], [null, 'new'])
  t.match((await call('GET', '/tickets/2')).body, { synced_version: Number((await row(2))!.version) })
  t.match((await call('GET', '/flush')).body, { unsynced: 1 }, 'the other is not called in step')
})

t.test('Redis that comes back with older data is not trusted by a version that does not know all fields', async t => {
  const service = await createService(t)
  const { call, sql, app, redis, prefix } = service
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await sql.query("UPDATE wp_support_tickets SET version = version + 1, subject = 'newer'")
  await registerNewer(service)
  const { reconcile } = app.tickets.shards.all[0]!
  reconcile.markStale()
  await redis.set(`${prefix}tickets:attested`, 'another:server 1')
  await t.rejects(reconcile.check(AbortSignal.timeout(20_000)), { code: 'store_unavailable' })
  t.notOk(reconcile.isTrusted())

  await redis.hdel(`${prefix}tickets:fields`, 'of_a_newer_version')
  await reconcile.check(AbortSignal.timeout(20_000))
  t.ok(reconcile.isTrusted())
  t.match((await call('GET', '/tickets/1')).body, { subject: 'newer' })
})
