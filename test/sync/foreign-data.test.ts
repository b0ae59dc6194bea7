import { readFileSync } from 'node:fs'
import t from 'tap'
import { createService, createStores, eventually, privateMariadb, privateRedis } from '../helper.ts'

t.test('a date after the year 9999 concerns its ticket alone', async t => {
  const { call, redis, prefix, rows, lines } = await createService(t)
  for (const id of [1, 2, 3]) await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  await redis.hset(`${prefix}ticket:1`, 'created_at', '9999999999999')
  t.match((await call('POST', '/flush')).body, { synced: 2, retried: 1 })
  t.strictSame((await rows()).map(row => row.ticket_id), [2, 3])
  t.ok(await lines.waitFor(({ ticket_id, reason }) => ticket_id === 1 && /created_at/.test(String(reason))))
})

t.test('a change is refused where the ticket could not be read after it', async t => {
  const { call, hash, redis, prefix } = await createService(t)
  for (const [field, value] of [['custom_fields.x', 'not json'], ['custom_fields.x', '{}'], ['version', '9007199254740991'], ['version', '99999999999999999999'],
    ['closed_at', '9999999999999'], ['customer_id', '1.5']] as const) {
    const id = Math.floor(Math.random() * 1e12) + 1
    await call('POST', `/tickets/${id}`, { customer_id: 1 })
    await redis.hset(`${prefix}ticket:${id}`, field, value)
    const before = await hash(id)
    t.match(await call('PATCH', `/tickets/${id}`, { status: 'closed', subject: 'x' }), { status: 500, body: { code: 'internal_error' } }, `${field} = ${value}`)
    t.strictSame(await hash(id), before, 'nothing was changed')
  }
})

t.test('members of the due index that are no ids are removed, and reach no row', async t => {
  const { call, redis, prefix, rows, lines } = await createService(t)
  await call('POST', '/tickets/7', { customer_id: 1, status: 'closed' })
  for (const member of ['1.5', 'abc', '007', '-1', '9007199254740993', '{7}']) {
    await redis.hset(`${prefix}ticket:${member}`, 'customer_id', 77, 'status', 'closed', 'created_at', 1, 'updated_at', 1, 'version', 9_000_000_000_000_000)
    await redis.zadd(`${prefix}tickets:due`, 1, member)
  }
  t.match((await call('POST', '/flush')).body, { claimed: 1, synced: 1, remaining: 0 })
  t.match(await rows(), [{ ticket_id: 7, customer_id: 1 }])
  t.equal((await rows()).length, 1)
  t.ok(await lines.waitFor(({ member }) => member === 'abc'))
})

t.test('keys of another type, and values of another form', async t => {
  const { call, redis, prefix, rows } = await createService(t)
  const close = (id: number) => call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')

  await redis.set(`${prefix}tickets:failures`, 'x')
  await close(1)
  await close(2)
  t.match((await call('POST', '/flush')).body, { synced: 2 }, 'the failures are no condition of a success')
  await close(3)
  await redis.hset(`${prefix}ticket:3`, 'customer_id', 'abc')
  t.match((await call('POST', '/flush')).body, { synced: 0, retried: 1 }, 'nor of a failure')
  for (const value of ['not json', 'null', '{"attempts":"x"}', '[]']) {
    await redis.hset(`${prefix}tickets:failures`, '3', value)
    await redis.zadd(`${prefix}tickets:due`, 0, '3')
    t.match((await call('POST', '/flush')).body, { retried: 1 }, value)
    t.match(JSON.parse((await redis.hget(`${prefix}tickets:failures`, '3'))!), { attempts: 1 }, 'counted from the start')
  }

  await redis.del(`${prefix}ticket:2`)
  for (const spoil of [() => redis.hset(`${prefix}tickets:archived`, '0', 'abc'), () => redis.multi().del(`${prefix}tickets:archived`).set(`${prefix}tickets:archived`, 'b').exec()]) {
    await spoil()
    t.equal((await close(2)).status, 409, 'unknown: MySQL is asked')
    t.equal((await close(4)).status, 201)
    t.strictSame(await redis.hgetall(`${prefix}tickets:archived`), { 0: '2' }, 'and learnt again')
    await redis.del(`${prefix}ticket:4`, `${prefix}ticket:2`)
  }
  t.equal((await rows()).length, 2)
})

t.test('a closed row of another program, without closed_at: a change reaches MySQL', async t => {
  const { call, sql, row } = await createService(t)
  await sql.query('INSERT INTO wp_support_tickets (ticket_id, customer_id, status, created_at, updated_at) VALUES (5, 3, \'closed\', NOW(), NOW())')
  const { body } = await call('PATCH', '/tickets/5', { subject: 'x' })
  t.ok(body.closed_at, 'closed_at stands while the ticket is closed')
  t.match((await call('POST', '/flush')).body, { synced: 1 })
  t.match(await row(5), { subject: 'x' })
})

t.test('thousands of foreign custom fields can be removed, and do not stop a ticket from being closed', async t => {
  const { call, redis, prefix, hash } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  await redis.hset(`${prefix}ticket:1`, Object.fromEntries(Array.from({ length: 9000 }, (_, i) => [`custom_fields.f${i}`, '1'])))
  t.equal((await call('PATCH', '/tickets/1', { status: 'closed' })).status, 200)
  t.equal((await call('PATCH', '/tickets/1', { custom_fields: null })).status, 200)
  t.equal(Object.keys(await hash(1)).filter(name => name.startsWith('custom_fields')).length, 0)
})

t.test('which ids MySQL holds is asked again after every start and every connect to Redis, not only when it is unknown', async t => {
  const stores = await createStores(t)
  const first = await createService(t, {}, stores)
  await first.call('POST', '/tickets/8', { customer_id: 1, status: 'closed' })
  await first.call('POST', '/flush')
  await first.sql.query('INSERT INTO wp_support_tickets (ticket_id, customer_id, status, created_at, updated_at) VALUES (5000, 3, \'open\', NOW(), NOW())')

  const second = await createService(t, {}, stores)
  await second.call('POST', '/flush')
  t.equal((await second.call('POST', '/tickets/5000', { customer_id: 1 })).status, 409, 'imported before the start')

  await first.sql.query('INSERT INTO wp_support_tickets (ticket_id, customer_id, status, created_at, updated_at) VALUES (6000, 3, \'open\', NOW(), NOW())')
  await second.app.redis.shards[0]!.call(async node => { node.client.disconnect(true) })
  await eventually(async () => { await second.app.redis.ping() })
  await second.call('POST', '/flush')
  t.equal((await second.call('POST', '/tickets/6000', { customer_id: 1 })).status, 409, 'imported before the reconnect')
})

t.test('a start while another session holds the migration\'s lock', async t => {
  const mariadb = await privateMariadb(t)
  const stores = await createStores(t, { mysql: mariadb.url })
  const [[{ lock }]] = await stores.sql.query('SELECT CONCAT(\'migrate:\', SHA1(CONCAT(DATABASE(), \'.wp_support_tickets\'))) AS `lock`') as unknown as [[{ lock: string }]]
  await stores.sql.query('SELECT GET_LOCK(?, 1)', [lock])
  const { call } = await createService(t, {}, stores)
  t.equal((await call('POST', '/tickets/1', { customer_id: 1 })).status, 201, 'Redis serves meanwhile')
  t.match((await call('GET', '/health/ready')).body, { status: 'degraded' })
  await stores.sql.query('SELECT RELEASE_LOCK(?)', [lock])
  await eventually(async () => {
    const { body } = await call('GET', '/health/ready')
    if (body.status !== 'ready') throw new Error(JSON.stringify(body))
  })
})

t.test('an operation that Redis fails in does not stop the others, and leaves its reason in the log of Redis', async t => {
  const server = await privateRedis(t)
  const stores = await createStores(t, { redis: server.url })
  const { app, call } = await createService(t, {}, stores)
  await stores.redis.acl('SETUSER', 'tickets', '-hdel')
  await call('POST', '/tickets/1', { customer_id: 1, subject: 'x' })
  const [failed, created] = await app.tickets.repository.write([
    { op: 'update', ticket_id: 1, fields: { subject: null } },
    { op: 'create', ticket_id: 2, fields: { customer_id: 1, status: 'closed' } },
  ])
  t.match(failed, { code: 'outcome_unknown' })
  t.match(created, { ticket: { ticket_id: 2 } })
  t.match(readFileSync(server.logFile, 'utf8'), /ticket 1: .*can't run/)
  await stores.redis.acl('SETUSER', 'tickets', '+hdel')
  t.match((await call('POST', '/flush', { scope: 'all' })).body, { synced: 2 }, 'both are marked')
})

t.test('versions near the largest integer are answered to their last digit', async t => {
  const { call, redis, prefix, row } = await createService(t)
  const version = Number.MAX_SAFE_INTEGER - 3
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await redis.hset(`${prefix}ticket:1`, 'version', String(version))
  t.equal((await call('GET', '/tickets/1')).headers.etag, `"${version}"`)
  t.equal((await call('PATCH', '/tickets/1', { subject: 'x' })).body.version, version + 1)
  t.match((await call('POST', '/tickets/batch', { operations: [{ op: 'update', ticket_id: 1, subject: 'y' }] })).body, { results: [{ status: 200, version: version + 2 }] })
  await call('POST', '/flush')
  t.equal(Number((await row(1))!.version), version + 2)
})
