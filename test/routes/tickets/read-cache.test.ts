import t from 'tap'
import { createService, createStores, eventually, privateMariadb, privateRedis, type Service } from '../../helper.ts'

/** A closed ticket that MySQL holds and Redis has let go. */
async function archived ({ call, redis, prefix }: Service, id: number) {
  await call('POST', `/tickets/${id}`, { customer_id: 5, status: 'closed' })
  await call('POST', '/flush', { ticket_ids: [id] })
  await redis.del(`${prefix}ticket:${id}`)
}

t.test('one ticket that is read comes back for READ_CACHE_SECONDS, and a change keeps it', async t => {
  const service = await createService(t)
  const { call, redis, prefix } = service
  await archived(service, 1)
  await call('GET', '/tickets/1')
  const ttl = await redis.ttl(`${prefix}ticket:1`)
  t.ok(ttl > 0 && ttl <= 60, `ttl ${ttl}`)
  await call('PATCH', '/tickets/1', { subject: 'x' })
  t.equal(await redis.ttl(`${prefix}ticket:1`), -1)
  await call('POST', '/flush')
  t.ok(await redis.ttl(`${prefix}ticket:1`) > 604_000, 'then it stays as any closed ticket does')
})

t.test('a change of a ticket that MySQL holds brings it back for the retention time', async t => {
  const service = await createService(t)
  await archived(service, 1)
  t.equal((await service.call('PATCH', '/tickets/1', { subject: 'x' }, { 'if-match': '"1"' })).status, 412)
  t.ok(await service.redis.ttl(`${service.prefix}ticket:1`) > 604_000)
})

t.test('lists, and flushes that name tickets, put nothing back', async t => {
  const service = await createService(t)
  await archived(service, 1)
  t.match((await service.call('GET', '/tickets?ids=1')).body, { tickets: [{ ticket_id: 1 }], from_mysql: [1] })
  t.match((await service.call('POST', '/flush', { ticket_ids: [1] })).body, { results: [{ state: 'synced' }] })
  t.strictSame(await service.hash(1), {})
})

t.test('READ_CACHE_SECONDS=0: reads put nothing back', async t => {
  const service = await createService(t, { READ_CACHE_SECONDS: 0 })
  await archived(service, 1)
  t.match(await service.call('GET', '/tickets/1'), { status: 200, headers: { 'x-ticket-source': 'mysql' } })
  t.strictSame(await service.hash(1), {})
  t.equal((await service.call('PATCH', '/tickets/1', { subject: 'x' })).status, 200)
})

t.test('reads leave a fifth of the memory to writes', async t => {
  const server = await privateRedis(t)
  const service = await createService(t, {}, await createStores(t, { redis: server.url }))
  const { call, redis, hash } = service
  for (const id of [1, 2, 3]) await archived(service, id)
  const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))![1])

  await redis.config('SET', 'maxmemory', String(Math.round(used * 1.1)))
  t.match(await call('GET', '/tickets/1'), { status: 200, headers: { 'x-ticket-source': 'mysql' } })
  t.strictSame(await hash(1), {}, 'the memory that is left is for writes')
  t.match(await call('PATCH', '/tickets/2', { subject: 'x' }), { status: 200 }, 'such as this one')
  t.match(await hash(2), { subject: 'x' })

  await redis.config('SET', 'maxmemory', String(used * 10))
  await call('GET', '/tickets/1')
  t.match(await hash(1), { customer_id: '5' })
})

t.test('a full Redis: reads are answered', async t => {
  const server = await privateRedis(t)
  const service = await createService(t, {}, await createStores(t, { redis: server.url }))
  await archived(service, 1)
  await service.redis.config('SET', 'maxmemory', '1mb')
  t.match(await service.call('GET', '/tickets/1'), { status: 200, headers: { 'x-ticket-source': 'mysql' } })
  await service.redis.config('SET', 'maxmemory', '0')
})

/** The statements of this test's own server that have asked for rows. */
const selects = async ({ sql }: Service) => Number(((await sql.query('SHOW GLOBAL STATUS LIKE \'Com_select\''))[0] as { Value: string }[])[0]!.Value)

t.test('an id that is nowhere is asked for once in a second, in MySQL and in the journal', async t => {
  const mariadb = await privateMariadb(t)
  const service = await createService(t, {}, await createStores(t, { mysql: mariadb.url }))
  const { call } = service
  t.equal((await call('GET', '/tickets/1')).status, 404)
  const [before, startedAt] = [await selects(service), performance.now()]
  for (let i = 0; i < 50; i += 1) {
    t.equal((await call('GET', '/tickets/1')).status, 404)
    t.match((await call('GET', '/tickets?ids=1')).body, { missing: [1] })
  }
  const seconds = (performance.now() - startedAt) / 1000
  // A row and its journal entries are two.
  t.ok(await selects(service) - before <= 2 * Math.ceil(seconds), 'few, and not one for each request')
})

t.test('what comes meanwhile is found: at once from this service, in a second from another program', async t => {
  const stores = await createStores(t)
  const [service, other] = [await createService(t, {}, stores), await createService(t, {}, stores)]
  const { call, sql, redis, prefix } = service
  t.equal((await call('GET', '/tickets/1')).status, 404)
  t.equal((await call('GET', '/tickets/2')).status, 404)
  t.equal((await call('GET', '/tickets/3')).status, 404)

  await other.call('POST', '/tickets/1', { customer_id: 1 })
  t.equal((await call('GET', '/tickets/1')).status, 200, 'Redis is asked first')
  await archived(other, 2)
  t.equal((await call('GET', '/tickets/2')).status, 200, 'and tells that MySQL has received something')

  await sql.query('INSERT INTO wp_support_tickets (ticket_id, customer_id, status, created_at, updated_at) VALUES (3, 3, \'open\', NOW(), NOW())')
  await eventually(async () => {
    const { status } = await call('GET', '/tickets/3')
    if (status !== 200) throw new Error(String(status))
  })
  await redis.del(`${prefix}ticket:3`)
})

t.test('a write is never decided by what a read has not found', async t => {
  const service = await createService(t)
  const { call, sql } = service
  await archived(service, 10)
  t.equal((await call('GET', '/tickets/3')).status, 404)
  await sql.query('INSERT INTO wp_support_tickets (ticket_id, customer_id, status, created_at, updated_at) VALUES (3, 3, \'open\', NOW(), NOW())')
  t.equal((await call('POST', '/tickets/3', { customer_id: 1 })).status, 409)
  t.equal((await call('GET', '/tickets/4')).status, 404)
  await sql.query('INSERT INTO wp_support_tickets (ticket_id, customer_id, status, created_at, updated_at) VALUES (4, 3, \'open\', NOW(), NOW())')
  t.match(await call('PATCH', '/tickets/4', { subject: 'x' }), { status: 200, body: { customer_id: 3, subject: 'x' } })
})
