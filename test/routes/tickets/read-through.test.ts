import t from 'tap'
import type { MaybeInDatabase } from '../../../src/store/write-codec.ts'
import { createService, createStores, type Service } from '../../helper.ts'

/** A closed ticket that MySQL holds and Redis has let go, as after the retention time. */
async function archived ({ call, redis, prefix }: Service, id: number, fields: object = {}) {
  await call('POST', `/tickets/${id}`, { customer_id: 5, subject: 'S', status: 'closed', custom_fields: { a: 1, b: 'x', c: false }, ...fields })
  await call('POST', '/flush', { ticket_ids: [id] })
  const { body } = await call('GET', `/tickets/${id}`)
  await redis.del(`${prefix}ticket:${id}`)
  return body
}

t.test('GET: MySQL answers, and Redis has the ticket again for a while', async t => {
  const service = await createService(t, { READ_CACHE_SECONDS: 1000 })
  const { call, redis, prefix, due } = service
  const ticket = await archived(service, 1)

  const fromArchive = await call('GET', '/tickets/1')
  t.equal(fromArchive.status, 200)
  t.equal(fromArchive.headers['x-ticket-source'], 'mysql')
  t.equal(fromArchive.headers.etag, `"${ticket.version}"`)
  t.strictSame(fromArchive.body, ticket, 'the same ticket, to the last field')

  const fromRedis = await call('GET', '/tickets/1')
  t.equal(fromRedis.headers['x-ticket-source'], 'redis')
  t.strictSame(fromRedis.body, ticket)
  const ttl = await redis.ttl(`${prefix}ticket:1`)
  t.ok(ttl > 900 && ttl <= 1000, `ttl ${ttl}`)
  t.equal(await due(1), null, 'it is not ahead of MySQL')
})

t.test('GET: rows of other programs', async t => {
  const { call, sql } = await createService(t)
  await call('GET', '/health/ready')
  await sql.query('INSERT INTO wp_support_tickets (ticket_id, customer_id, status, created_at, updated_at) VALUES (77, 3, \'open\', \'2020-01-02 03:04:05\', \'2020-01-02 03:04:06\')')
  await sql.query('INSERT INTO wp_support_tickets (ticket_id, customer_id, status, custom_fields, created_at, updated_at) VALUES (78, 3, \'open\', \'[1]\', NOW(), NOW())')
  const { status, headers, body } = await call('GET', '/tickets/77')
  t.equal(status, 200)
  t.equal(headers['x-ticket-source'], 'mysql')
  t.strictSame(body, { ticket_id: 77, customer_id: 3, status: 'open', created_at: 1_577_934_245, updated_at: 1_577_934_246, version: 1, synced_version: 1 })
  t.match(await call('GET', '/tickets/78'), { status: 500, body: { code: 'internal_error' } }, 'a row that is no ticket')
})

t.test('GET: tickets of one turn share one SELECT', async t => {
  const service = await createService(t)
  for (let id = 1; id <= 20; id += 1) await archived(service, id)
  const count = async () => Number(((await service.sql.query('SHOW GLOBAL STATUS LIKE \'Com_select\''))[0] as { Value: string }[])[0]!.Value)
  const answers = service.call('GET', `/tickets?ids=${Array.from({ length: 25 }, (_, i) => i + 1).join()}`)
  const before = await count()
  const { body } = await answers
  t.equal(body.tickets.length, 20)
  t.equal(body.missing.length, 5)
  // Other tests run beside this one on the same server; 20 single look-ups would show all the same.
  t.ok(await count() - before < 20, 'far fewer than one each')
})

t.test('PATCH: brings the ticket back first', async t => {
  const service = await createService(t)
  const { call, redis, prefix, row } = service
  const ticket = await archived(service, 1)

  const { status, body } = await call('PATCH', '/tickets/1', { status: 'open', custom_fields: { a: null } })
  t.equal(status, 200)
  t.match(body, { subject: 'S', status: 'open', custom_fields: { b: 'x', c: false }, created_at: ticket.created_at, synced_version: ticket.version })
  t.ok(body.version > ticket.version)
  t.equal(await redis.ttl(`${prefix}ticket:1`), -1)
  await call('POST', '/flush')
  t.match(await row(1), { status: 'open', closed_at: null, version: body.version }, 'the reopening reaches MySQL')
})

t.test('PATCH: If-Match looks at the version that MySQL holds', async t => {
  const service = await createService(t)
  const ticket = await archived(service, 1)
  t.equal((await service.call('PATCH', '/tickets/1', { subject: 'x' }, { 'if-match': '"1"' })).status, 412)
  t.equal((await service.call('PATCH', '/tickets/1', { subject: 'x' }, { 'if-match': `"${ticket.version}"` })).status, 200)
})

t.test('POST: an id that MySQL holds is refused', async t => {
  const service = await createService(t)
  const { call } = service
  const ticket = await archived(service, 10)
  t.match(await call('POST', '/tickets/10', { customer_id: 9 }), { status: 409, body: { code: 'ticket_exists' } })
  t.strictSame((await call('GET', '/tickets/10')).body, ticket, 'nothing was changed')
})

t.test('POST: only ids at or below the highest in MySQL are looked up', async t => {
  const service = await createService(t)
  const { call, redis, prefix, app } = service
  await archived(service, 10)
  t.equal(await redis.get(`${prefix}tickets:archived_max`), '10', 'raised by the flush')

  let asked: number[] = []
  const { find } = app.tickets.database
  app.tickets.database.find = ids => {
    asked = [...asked, ...ids]
    return find(ids)
  }
  t.equal((await call('POST', '/tickets/11', { customer_id: 1 })).status, 201)
  t.strictSame(asked, [], 'MySQL is not in the path of new ids')
  t.equal((await call('POST', '/tickets/9', { customer_id: 1 })).status, 201)
  t.strictSame(asked, [9])
})

t.test('the highest id is learnt at the start, and again when Redis has lost it', async t => {
  const stores = await createStores(t)
  const first = await createService(t, {}, stores)
  await archived(first, 50)
  await archived(first, 20)
  await first.redis.del(`${first.prefix}tickets:archived_max`)

  t.match(await first.call('POST', '/tickets/50', { customer_id: 1 }), { status: 409 }, 'unknown: MySQL is asked')
  t.equal((await first.call('POST', '/tickets/51', { customer_id: 1 })).status, 201)
  await first.call('POST', '/flush')
  t.equal(await first.redis.get(`${first.prefix}tickets:archived_max`), '50', 'a flush learns it')

  await first.redis.del(`${first.prefix}tickets:archived_max`)
  const second = await createService(t, {}, stores)
  await second.call('POST', '/flush')
  t.equal(await second.redis.get(`${first.prefix}tickets:archived_max`), '50', 'so does a start')
})

t.test('a settle never makes an unknown highest id known', async t => {
  const { call, redis, prefix, app } = await createService(t)
  await call('POST', '/flush')
  const { body } = await call('POST', '/tickets/5', { customer_id: 1, status: 'closed' })
  await redis.del(`${prefix}tickets:archived_max`)
  await app.tickets.shards.all[0]!.dueIndex.acknowledge('1.5', [body])
  t.equal(await redis.get(`${prefix}tickets:archived_max`), null)
})

t.test('a write that came first stands when MySQL answers', async t => {
  const service = await createService(t)
  const { call, app } = service
  const ticket = await archived(service, 1)
  const [held] = await app.tickets.shards.all[0]!.repository.read([1])
  const { stamp: asked } = held as MaybeInDatabase
  const [changed] = await app.tickets.repository.write([
    { op: 'restore', ticket_id: 1, ticket, asked },
    { op: 'update', ticket_id: 1, fields: { subject: 'newer' } },
    { op: 'restore', ticket_id: 1, ticket, asked },
  ]).then(answers => answers.slice(1))
  t.match(changed, { ticket: { subject: 'newer' } })
  t.match((await call('GET', '/tickets/1')).body, { subject: 'newer' }, 'a late restore changes nothing')
})

t.test('operations of one call on one ticket keep their order when MySQL has to be asked', async t => {
  const service = await createService(t)
  await archived(service, 100)
  const answers = await service.app.tickets.repository.write([
    { op: 'update', ticket_id: 7, fields: { subject: 'too early' } },
    { op: 'create', ticket_id: 7, fields: { customer_id: 1 } },
    { op: 'update', ticket_id: 7, fields: { subject: 'a' } },
    { op: 'update', ticket_id: 8, fields: { subject: 'nobody' } },
    { op: 'update', ticket_id: 7, fields: { assigned_to: 3 } },
  ])
  t.match(answers, [{ code: 'ticket_not_found' }, { ticket: { status: 'open' } }, { ticket: { subject: 'a' } }, { code: 'ticket_not_found' }, { ticket: { subject: 'a', assigned_to: 3 } }])
})
