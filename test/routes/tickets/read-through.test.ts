import t from 'tap'
import { DatabaseUnavailable } from '../../../src/mysql/failure.ts'
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

/** Tells which ids MySQL is asked for. */
function watchLookUps ({ app }: Service) {
  const asked: number[] = []
  const { find } = app.tickets.database
  app.tickets.database.find = (ids, timeoutMs) => {
    asked.push(...ids)
    return find(ids, timeoutMs)
  }
  return asked
}

const create = ({ call }: Service, id: number) => call('POST', `/tickets/${id}`, { customer_id: 1 })

t.test('POST: only ids at or below the highest that MySQL holds of their range are looked up', async t => {
  const service = await createService(t)
  const { redis, prefix } = service
  const asked = watchLookUps(service)
  await archived(service, 10)
  t.strictSame(asked, [10], 'nothing was known of the range')
  t.strictSame(await redis.hgetall(`${prefix}tickets:archived`), { 0: '10' }, 'raised by the flush')

  t.equal((await create(service, 11)).status, 201)
  t.strictSame(asked, [10], 'MySQL is not in the path of new ids')
  t.equal((await create(service, 9)).status, 201)
  t.strictSame(asked, [10, 9])
})

t.test('POST: ids far apart do not make each other unknown, up to the largest id', async t => {
  const service = await createService(t)
  const { redis, prefix, sql } = service
  await sql.query('INSERT INTO wp_support_tickets (ticket_id, customer_id, status, created_at, updated_at) VALUES (150007, 3, \'open\', NOW(), NOW())')
  const starts = [1, 150_008, 100_000_000_005, Number.MAX_SAFE_INTEGER - 5]
  for (const id of starts) await archived(service, id)
  const asked = watchLookUps(service)
  for (const id of starts) for (const next of [id + 1, id + 2]) t.equal((await create(service, next)).status, 201, String(next))
  t.strictSame(asked, [], 'MySQL is asked for none')
  t.strictSame(await redis.hgetall(`${prefix}tickets:archived`), { 0: '1', 1: '150008', 1000000: '100000000005', 90071992547: '9007199254740986' })
  t.equal((await create(service, 150_006)).status, 201)
  t.strictSame(asked, [150_006], 'below the highest of its range')
})

t.test('POST: a batch over many ranges asks MySQL in few statements', async t => {
  const service = await createService(t)
  let statements = 0
  service.app.mysql.on('ended', () => { statements += 1 })
  const operations = Array.from({ length: 500 }, (_, i) => ({ op: 'create', ticket_id: 1 + i * 1_000_000_007, customer_id: 1 }))
  const before = statements
  t.equal((await service.call('POST', '/tickets/batch', { operations })).status, 200)
  t.ok(statements - before <= 500 / 32 + 500 / 50 + 3, `${statements - before} statements`)
})

t.test('what is known of the ranges is bounded, and learnt again', async t => {
  const service = await createService(t)
  const { redis, prefix } = service
  await archived(service, 5)
  await redis.hset(`${prefix}tickets:archived`, Object.fromEntries(Array.from({ length: 9_999 }, (_, i) => [i + 7, '0'])))
  t.equal((await create(service, 100_000_000_005)).status, 201)
  t.strictSame(await redis.hgetall(`${prefix}tickets:archived`), { 1000000: '0' })
  t.equal((await create(service, 5)).status, 409)
  t.equal((await create(service, 6)).status, 201)
  t.strictSame(await redis.hgetall(`${prefix}tickets:archived`), { 0: '5', 1000000: '0' })
})

t.test('what is known goes with the data that knew it', async t => {
  const stores = await createStores(t)
  const first = await createService(t, {}, stores)
  await archived(first, 50)
  await archived(first, 20)
  await first.redis.hset(`${first.prefix}tickets:archived`, '0', '7')
  await first.redis.set(`${first.prefix}tickets:attested`, `another:server ${Date.now()}`)
  await first.call('POST', '/flush')
  t.equal((await create(first, 50)).status, 409, 'older data: MySQL is asked')
  t.equal((await create(first, 51)).status, 201)
  t.strictSame(await first.redis.hgetall(`${first.prefix}tickets:archived`), { 0: '50' })
})

t.test('what is acknowledged never makes an unknown range known, and is not lost while the range is asked for', async t => {
  const service = await createService(t)
  const { call, redis, prefix, app } = service
  const { dueIndex } = app.tickets.shards.all[0]!
  const { body } = await call('POST', '/tickets/5', { customer_id: 1, status: 'closed' })
  await redis.del(`${prefix}tickets:archived`)
  await dueIndex.acknowledge('1.5', [body])
  t.strictSame(await redis.hgetall(`${prefix}tickets:archived`), {})

  const { database } = app.tickets
  const { highestIds } = database
  database.highestIds = async ranges => {
    const answer = await highestIds(ranges)
    // Another instance brings a ticket to MySQL after it was asked.
    await dueIndex.acknowledge('1.5', [{ ...body, ticket_id: 70 }])
    t.strictSame(await redis.hgetall(`${prefix}tickets:archived`), { 0: '?70' })
    return answer
  }
  t.equal((await create(service, 8)).status, 201)
  t.strictSame(await redis.hgetall(`${prefix}tickets:archived`), { 0: '70' })
})

t.test('a range that cannot be asked for stays unknown; the next create asks again', async t => {
  const service = await createService(t)
  const { redis, prefix, app } = service
  const { database } = app.tickets
  const { highestIds } = database
  database.highestIds = async () => { throw new DatabaseUnavailable('too late') }
  t.equal((await create(service, 8)).status, 201, 'MySQL was asked for the id alone')
  t.strictSame(await redis.hgetall(`${prefix}tickets:archived`), { 0: '?0' })
  database.highestIds = highestIds
  t.equal((await create(service, 9)).status, 201)
  t.strictSame(await redis.hgetall(`${prefix}tickets:archived`), { 0: '0' })
})

t.test('a write that came first stands when MySQL answers', async t => {
  const service = await createService(t)
  const { call, app } = service
  const ticket = await archived(service, 1)
  const [held] = await app.tickets.store.read([1])
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
