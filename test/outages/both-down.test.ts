import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createService, createStores, eventually, privateMariadb, privateRedis } from '../helper.ts'
import { journaling, ready, replayed } from './journal.ts'

t.test('both down: 503 at once, and each is used again when it is back, in any order', async t => {
  const redis = await privateRedis(t, { appendfsync: 'always' })
  const mariadb = await privateMariadb(t)
  const stores = await createStores(t, { redis: redis.url, mysql: mariadb.url })
  const service = await createService(t, {}, stores)
  const { call, hash } = service
  await call('POST', '/tickets/1', { customer_id: 1 })

  for (const [first, second] of [[redis, mariadb], [mariadb, redis]] as const) {
    await redis.kill()
    await mariadb.kill()
    await ready(service, 'unavailable')
    for (const [method, url, body] of [['POST', '/tickets/2', { customer_id: 1 }], ['PATCH', '/tickets/1', { subject: 'x' }], ['GET', '/tickets/1', undefined], ['GET', '/tickets?ids=1', undefined], ['GET', '/journal', undefined]] as const) {
      t.match(await call(method, url, body), { status: 503, headers: { 'retry-after': /\d/ }, body: { code: 'store_unavailable' } }, `${method} ${url}`)
    }
    await first.restart()
    await eventually(async () => {
      const { body } = await call('GET', '/health/ready')
      if (body[first === redis ? 'redis' : 'mysql'].state !== 'up') throw new Error(JSON.stringify(body))
    })
    await ready(service, 'degraded')
    t.equal((await call('PATCH', '/tickets/1', { subject: first.name })).status, first === redis ? 200 : 202, `${first.name} is back`)
    await second.restart()
    await ready(service, 'ready')
    t.equal((await hash(1)).subject, first.name)
    t.equal((await call('PATCH', '/tickets/1', { subject: 'both' })).status, 200)
  }
})

t.test('both hang: after the first timeouts nobody waits', async t => {
  const redis = await privateRedis(t)
  const mariadb = await privateMariadb(t)
  const service = await createService(t, { REDIS_COMMAND_TIMEOUT_MS: 200 }, await createStores(t, { redis: redis.url, mysql: mariadb.url }))
  const { call, app } = service
  await call('POST', '/tickets/1', { customer_id: 1 })
  await redis.pause()
  await mariadb.pause()
  t.match((await call('PATCH', '/tickets/1', { subject: 'x' })).body, { code: 'outcome_unknown' })
  t.equal((await call('PATCH', '/tickets/1', { subject: 'x' })).status, 503, 'the journal was tried')
  // A statement of MySQL takes a second to be given up: here none is waited for.
  const order: string[] = []
  await Promise.all([
    sleep(500).then(() => { order.push('half a second') }),
    ...Array.from({ length: 20 }, () => call('PATCH', '/tickets/1', { subject: 'x' }).then(({ body }) => { order.push(body.code) })),
    call('GET', '/tickets/1').then(({ body }) => { order.push(body.code) }),
  ])
  t.strictSame(order, [...Array.from({ length: 21 }, () => 'store_unavailable'), 'half a second'])
  redis.resume()
  mariadb.resume()
  await ready(service, 'ready')
  t.equal((await call('PATCH', '/tickets/1', { subject: 'y' })).status, 200)
  t.notOk(app.tickets.journal.gate.journaled().length)
})

t.test('MySQL becomes unavailable while the journal holds entries: Redis serves alone', async t => {
  const redis = await privateRedis(t, { appendfsync: 'always' })
  const mariadb = await privateMariadb(t)
  const service = await createService(t, {}, await createStores(t, { redis: redis.url, mysql: mariadb.url }))
  const { call, hash } = service
  await call('POST', '/tickets/1', { customer_id: 1 })
  await redis.kill()
  await journaling(service)
  t.equal((await call('PATCH', '/tickets/1', { subject: 'kept' })).status, 202)
  await mariadb.kill()
  await redis.restart()
  await eventually(async () => {
    const { status, text } = await call('POST', '/tickets/2', { customer_id: 1 })
    if (status !== 201) throw new Error(text)
  })
  t.match(await call('PATCH', '/tickets/1', { subject: 'newer' }), { status: 503, body: { code: 'store_unavailable' } }, 'what waits for it is older')
  t.match(await call('GET', '/tickets/1'), { status: 503 }, 'and is part of it')
  t.equal((await call('GET', '/tickets/2')).status, 200)
  await mariadb.restart()
  await ready(service, 'ready')
  t.match((await call('GET', '/journal')).body, { pending: 0, conflicts: 0 })
  t.match(await hash(1), { subject: 'kept' })
})

t.test('a ticket whose create waits in the journal is not called missing while the journal cannot be asked', async t => {
  const redis = await privateRedis(t, { appendfsync: 'always' })
  const service = await createService(t, {}, await createStores(t, { redis: redis.url }))
  const { call, sql, hash, lines } = service
  await redis.kill()
  await journaling(service)
  t.equal((await call('POST', '/tickets/1', { customer_id: 1 })).status, 202)
  await sql.query('RENAME TABLE wp_support_tickets_journal TO away')
  await redis.restart()
  t.ok(await lines.waitFor(({ msg }) => /were compared with MySQL/.test(msg)), 'Redis takes writes')
  await eventually(async () => {
    const { status, text } = await call('POST', '/tickets/2', { customer_id: 1 })
    if (status !== 201) throw new Error(text)
  })
  t.match(await call('PATCH', '/tickets/1', { subject: 'x' }), { status: 503, body: { code: 'store_unavailable' } })
  t.match(await call('GET', '/tickets/1'), { status: 503, body: { code: 'store_unavailable' } })
  await sql.query('RENAME TABLE away TO wp_support_tickets_journal')
  await ready(service, 'ready')
  t.equal((await call('PATCH', '/tickets/1', { subject: 'x' })).status, 200)
  t.match(await hash(1), { customer_id: '1', subject: 'x' })
})

t.test('a start with both unavailable, and with entries from before', async t => {
  const redis = await privateRedis(t, { appendfsync: 'always' })
  const mariadb = await privateMariadb(t)
  const stores = await createStores(t, { redis: redis.url, mysql: mariadb.url })
  const before = await createService(t, {}, stores)
  await before.call('POST', '/tickets/1', { customer_id: 1 })
  await redis.kill()
  await journaling(before)
  await before.call('PATCH', '/tickets/1', { subject: 'kept' })
  await before.app.close()

  const during = await createService(t, {}, stores)
  t.equal((await during.call('PATCH', '/tickets/1', { category: 'kept too' })).status, 202)
  await mariadb.kill()
  const service = await createService(t, {}, stores)
  t.match(await service.call('GET', '/health/ready'), { status: 503, body: { status: 'unavailable', redis: { reason: /ECONN/ }, mysql: { reason: /ECONN/ } } })
  await mariadb.restart()
  await redis.restart()
  await ready(service, 'ready')
  // Redis can be written to before the first look at the journal of a MySQL that has just come back.
  t.match(await replayed(service), { pending: 0, conflicts: 0 })
  t.match(await service.hash(1), { subject: 'kept', category: 'kept too' })
})
