import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createService, createStores, eventually, privateRedis, type Service, type Stores } from '../helper.ts'
import { closed } from './calls.ts'

const VANISHED = /unsynced tickets have vanished/

/** As FLUSHALL does, for the keys of this test. */
async function wipe ({ redis, prefix }: Stores) {
  const keys = await redis.keys(`${prefix}*`)
  if (keys.length > 0) await redis.del(keys)
}

async function createOpen ({ call }: Service, count: number, first = 1) {
  const operations = Array.from({ length: count }, (_, i) => ({ op: 'create', ticket_id: first + i, customer_id: 1 }))
  const { status } = await call('POST', '/tickets/batch', { operations })
  if (status !== 200) throw new Error(`${status}`)
}

const flush = async ({ call }: Service, body?: object) => await call('POST', '/flush', body)

/** How many tickets the service has said are gone: in its log, and in its metric. */
async function toldOf ({ call, lines }: Service) {
  const { text } = await call('GET', '/metrics')
  return [
    lines.all.filter(({ msg, level }) => VANISHED.test(msg) && level === 50).map(({ tickets }) => tickets),
    Number(/^tickets_vanished_total (\d+)$/m.exec(text)![1]),
  ]
}

t.test('Redis is emptied while the service is connected: the next pass says how many unsynced tickets are gone', async t => {
  const service = await createService(t)
  await createOpen(service, 5)
  await service.call('POST', '/tickets/6', { customer_id: 1, status: 'closed' })
  await flush(service)
  await wipe(service)
  await createOpen(service, 3, 21)
  await flush(service)
  t.strictSame(await toldOf(service), [[5], 5], 'the one that MySQL has is not among them, nor are those that came since')
  await flush(service)
  t.strictSame(await toldOf(service), [[5], 5], 'once')
  await wipe(service)
  await flush(service)
  t.strictSame(await toldOf(service), [[5, 3], 8])
})

t.test('dead letters are unsynced, too', async t => {
  const service = await createService(t, { FLUSH_MAX_ATTEMPTS: 1 })
  await service.sql.query('ALTER TABLE wp_support_tickets ADD CONSTRAINT none CHECK (ticket_id <> 1)')
  await service.call('POST', '/tickets/batch', closed(2))
  await flush(service)
  await wipe(service)
  await flush(service)
  t.strictSame(await toldOf(service), [[1], 1])
})

t.test('what a pass brings to MySQL is not counted, nor what somebody else does', async t => {
  const stores = await createStores(t)
  const [first, second] = [await createService(t, {}, stores), await createService(t, {}, stores)]
  await createOpen(first, 4)
  await flush(first)
  await flush(second)
  await flush(second, { scope: 'all' })
  await flush(first)
  await wipe(stores)
  await flush(first)
  await flush(second)
  t.strictSame([await toldOf(first), await toldOf(second)], [[[], 0], [[], 0]])
})

t.test('of several instances one tells', async t => {
  const stores = await createStores(t)
  const services = [await createService(t, {}, stores), await createService(t, {}, stores)]
  await createOpen(services[0]!, 4)
  for (const service of services) await flush(service)
  await wipe(stores)
  // One that knows nothing of it comes first.
  services.push(await createService(t, {}, stores))
  for (const service of services) await flush(service)
  t.strictSame(await Promise.all(services.map(toldOf)), [[[4], 4], [[], 0], [[], 0]])
})

t.test('Redis comes back without its data', async t => {
  const server = await privateRedis(t)
  const stores = await createStores(t, { redis: server.url })
  const service = await createService(t, {}, stores)
  await createOpen(service, 3)
  await flush(service)
  await server.stop()
  rmSync(join(server.directory, 'appendonlydir'), { recursive: true })
  await server.restart()
  t.match(await service.lines.waitFor(({ msg }) => VANISHED.test(msg)), { level: 50, tickets: 3 })
})

t.test('Redis comes back with all of its data: nothing is missing', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const stores = await createStores(t, { redis: server.url })
  const service = await createService(t, {}, stores)
  await createOpen(service, 3)
  await flush(service)
  await service.call('POST', '/tickets/batch', closed(5, 11))
  await flush(service, { ticket_ids: [1, 11] })
  await server.stop()
  await server.restart()
  const compared = () => service.lines.waitFor(({ msg }) => /were compared with MySQL/.test(msg))
  await compared()
  await eventually(async () => { if ((await flush(service)).status !== 200) throw new Error('not connected yet') })
  t.strictSame(await toldOf(service), [[], 0])
})

t.test('Redis comes back with older data: those that it does not know of are gone', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const stores = await createStores(t, { redis: server.url })
  const service = await createService(t, {}, stores)
  await createOpen(service, 3)
  await flush(service)
  await server.stop()
  const copy = join(t.testdir(), 'copy')
  cpSync(join(server.directory, 'appendonlydir'), copy, { recursive: true })
  await server.restart()
  await eventually(async () => { if ((await flush(service, { ticket_ids: [1] })).body.synced !== 1) throw new Error('not yet') })
  await createOpen(service, 4, 11)
  await flush(service)
  t.strictSame(await toldOf(service), [[], 0])

  await server.stop()
  rmSync(join(server.directory, 'appendonlydir'), { recursive: true })
  cpSync(copy, join(server.directory, 'appendonlydir'), { recursive: true })
  await server.restart()
  t.match(await service.lines.waitFor(({ msg }) => VANISHED.test(msg)), { tickets: 4 })
  await eventually(async () => { if ((await flush(service)).status !== 200) throw new Error('not yet') })
  t.strictSame(await toldOf(service), [[4], 4], 'the ticket that is unsynced again is not among them')
})

t.test('a replica takes over that has everything, and another instance is first to load newer rows: nothing is missing', async t => {
  const server = await privateRedis(t, { config: { 'enable-debug-command': 'local' } })
  const stores = await createStores(t, { redis: server.url })
  const [first, second] = [await createService(t, {}, stores), await createService(t, {}, stores)]
  await createOpen(first, 4)
  for (const service of [first, second]) await flush(service)
  await flush(first, { ticket_ids: [3, 4] })
  for (const service of [first, second]) await flush(service)
  // Another history of writes, as that of a replica that was promoted.
  await stores.redis.call('DEBUG', 'CHANGE-REPL-ID')
  await stores.sql.query('INSERT INTO wp_support_tickets (ticket_id, customer_id, status, created_at, updated_at, version) VALUES (1, 7, \'open\', NOW(), NOW(), 9000000000000)')
  for (const service of [first, second]) await flush(service)
  t.match(await first.hash(1), { customer_id: '7' })
  t.strictSame([await toldOf(first), await toldOf(second)], [[[], 0], [[], 0]])

  // The mark of a hash that is gone has been told of by the one that found it.
  await stores.redis.del(`${stores.prefix}ticket:2`)
  await flush(first, { ticket_ids: [2] })
  await stores.redis.call('DEBUG', 'CHANGE-REPL-ID')
  for (const service of [first, second]) await flush(service)
  t.strictSame([await toldOf(first), await toldOf(second)], [[[], 1], [[], 0]])
})

t.test('an older version of the service, which does not count what it brings to MySQL, is no loss', async t => {
  const service = await createService(t)
  const { redis, prefix } = service
  await createOpen(service, 3)
  await flush(service)
  await redis.zrem(`${prefix}tickets:due`, '1', '2')
  for (let i = 0; i < 2; i += 1) await flush(service)
  t.strictSame(await toldOf(service), [[], 0])
})

t.test('a mark whose hash is gone is an unsynced ticket that is gone', async t => {
  const service = await createService(t)
  const { redis, prefix } = service
  await createOpen(service, 3)
  await flush(service)
  await redis.del(`${prefix}ticket:1`)
  await redis.zadd(`${prefix}tickets:due`, 0, 'abc')
  t.match((await flush(service, { scope: 'all' })).body, { synced: 2 })
  await flush(service)
  t.strictSame(await toldOf(service), [[], 1], 'a log line of its own; what is no id was no ticket')
  t.ok(service.lines.all.some(({ member, level }) => member === '1' && level === 50))
})

t.test('the record alone is deleted, or is of another type: nothing is missing', async t => {
  const service = await createService(t)
  const { redis, prefix } = service
  await createOpen(service, 3)
  await flush(service)
  for (const spoil of [() => redis.del(`${prefix}tickets:synced`), () => redis.multi().del(`${prefix}tickets:synced`).set(`${prefix}tickets:synced`, 'x').exec(), () => redis.hset(`${prefix}tickets:synced`, 'removed', 'x', 'last', 'x:y'),
    () => redis.multi().del(`${prefix}tickets:resync`).set(`${prefix}tickets:resync`, 'x').exec()]) {
    await spoil()
    await service.call('POST', '/tickets/9', { customer_id: 1, status: 'closed' })
    t.equal((await flush(service, { ticket_ids: [9] })).status, 200)
    t.equal((await service.call('GET', '/resync')).status, 200)
    t.equal((await flush(service)).status, 200)
  }
  t.strictSame(await toldOf(service), [[], 0])
})
