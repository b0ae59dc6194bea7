import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadNewer } from '../../src/sync/reconcile.ts'
import { DatabaseUnavailable } from '../../src/mysql/failure.ts'
import { createService, createStores, eventually, privateRedis, replicaOf, type Service } from '../helper.ts'

/** What of a ticket Redis and MySQL have to agree on. */
async function agreed ({ hash, row }: Service, id: number) {
  const inRedis = await hash(id)
  const inMysql = (await row(id))!
  return { redis: [inRedis.version, inRedis.subject, inRedis.synced_version], mysql: [String(inMysql.version), inMysql.subject, String(inMysql.version)] }
}

t.test('a flush that finds a newer row in MySQL loads it into Redis', async t => {
  const service = await createService(t)
  const { call, sql, lines, due, redis, prefix } = service
  await call('POST', '/tickets/batch', { operations: [1, 2, 3].map(id => ({ op: 'create', ticket_id: id, customer_id: 1, status: 'closed', custom_fields: { gone: true } })) })
  await call('POST', '/flush')
  await sql.query('UPDATE wp_support_tickets SET version = version + 3600000, subject = \'newer\', custom_fields = \'{"a": 1}\' WHERE ticket_id <> 3')
  await call('POST', '/tickets/batch', { operations: [1, 2, 3].map(id => ({ op: 'update', ticket_id: id, subject: 'older' })) })
  await redis.hset(`${prefix}tickets:failures`, '1', '{"attempts":1,"error":"x"}')

  t.match((await call('POST', '/flush', { scope: 'all' })).body, { claimed: 3, synced: 3, retried: 0, remaining: 0 })
  for (const id of [1, 2]) {
    const { body } = await call('GET', `/tickets/${id}`)
    t.match(body, { subject: 'newer', custom_fields: { a: 1 } })
    t.strictSame(Object.keys(body.custom_fields), ['a'], 'as a whole')
    t.equal(body.synced_version, body.version)
    t.equal(await due(id), null)
    t.ok(await redis.ttl(`${prefix}ticket:${id}`) > 0)
    t.match(await lines.waitFor(({ ticket_id, msg }) => ticket_id === id && /older version/.test(msg)), { level: 40, redis_version: Number, mysql_version: body.version })
  }
  t.equal(await redis.exists(`${prefix}tickets:failures`), 0)
  t.match((await call('GET', '/tickets/3')).body, { subject: 'older' }, 'the others are written as always')
})

t.test('a newer row that cannot be read is said, and retried', async t => {
  const { call, sql, lines } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await sql.query('UPDATE wp_support_tickets SET version = version + 3600000, custom_fields = \'[1]\'')
  await call('PATCH', '/tickets/1', { subject: 'x' })
  t.match((await call('POST', '/flush')).body, { synced: 0, retried: 1 })
  t.match(await lines.waitFor(({ ticket_id, reason }) => ticket_id === 1 && reason !== undefined), { reason: /newer version.*custom_fields/ })
})

t.test('Redis comes back with older data: what MySQL has in a newer version is loaded, what it has not stays', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const stores = await createStores(t, { redis: server.url })
  const service = await createService(t, { FALLBACK: 'off' }, stores)
  const { call, lines, hash, due, row } = service
  const subject = (id: number, text: string) => call('PATCH', `/tickets/${id}`, { subject: text })
  // 1 stays open and unsynced. 2 is unsynced, 3 in step with MySQL, when the data is copied.
  for (const id of [1, 2, 3, 4]) await call('POST', `/tickets/${id}`, { customer_id: 1, subject: 'first' })
  await call('PATCH', '/tickets/3', { status: 'closed' })
  await call('POST', '/flush')

  await server.stop()
  const copy = join(t.testdir(), 'copy')
  cpSync(join(server.directory, 'appendonlydir'), copy, { recursive: true })
  await server.restart()
  await eventually(async () => {
    const { status, text } = await subject(2, 'second')
    if (status !== 200) throw new Error(text)
  })
  await subject(3, 'second')
  await call('POST', '/flush', { ticket_ids: [2, 3] })
  await subject(1, 'second')
  await call('POST', '/tickets/9', { customer_id: 9, status: 'closed' })
  await call('POST', '/flush')
  t.match([await row(2), await row(3)], [{ subject: 'second' }, { subject: 'second' }])
  const compared = lines.all.filter(({ msg }) => /were compared/.test(msg)).length

  await server.stop()
  rmSync(join(server.directory, 'appendonlydir'), { recursive: true })
  cpSync(copy, join(server.directory, 'appendonlydir'), { recursive: true })
  await server.restart()
  // Callers who do not wait: nothing of theirs is put on top of the older data.
  const [category, again] = await Promise.all(([
    ['PATCH', '/tickets/2', { category: 'x' }],
    ['POST', '/tickets/9', { customer_id: 1 }],
  ] as const).map(async ([method, url, body]) => {
    for (;;) {
      const answer = await call(method, url, body)
      if (answer.status !== 503) return answer
      t.equal(answer.body.code, 'store_unavailable')
    }
  }))
  t.match(category, { status: 200, body: { subject: 'second', category: 'x' } })
  t.equal(again!.status, 409, 'MySQL holds it')
  await eventually(async () => {
    if (lines.all.filter(({ msg }) => /were compared/.test(msg)).length === compared) throw new Error('not compared yet')
  })
  await call('POST', '/flush', { ticket_ids: [2] })
  for (const id of [2, 3]) {
    const { redis, mysql } = await agreed(service, id)
    t.strictSame(redis, mysql, `ticket ${id}`)
    t.equal(redis[1], 'second')
    t.equal(await due(id), null)
    t.ok(lines.all.some(({ ticket_id, msg }) => ticket_id === id && /older version/.test(msg)))
  }
  t.match(await hash(1), { subject: 'first' }, 'MySQL never had it: as safe as Redis')
  t.equal(await due(1), 'inf', 'and it is not pushed for that')
  t.match((await subject(2, 'third')).body, { subject: 'third' })
})

t.test('a replica with less is promoted', async t => {
  const master = await privateRedis(t, { config: { 'repl-diskless-sync-delay': 0 } })
  const stores = await createStores(t, { redis: master.url })
  const before = await createService(t, {}, stores)
  for (const id of [1, 2]) await before.call('POST', `/tickets/${id}`, { customer_id: 1, subject: 'first' })
  const replica = await privateRedis(t, { config: replicaOf(master) })
  const { redis, ...others } = await createStores(t, { redis: replica.url })
  await eventually(async () => {
    if (await redis.exists(`${stores.prefix}ticket:2`) === 0) throw new Error('not replicated yet')
  })
  await redis.replicaof('NO', 'ONE')
  await before.call('PATCH', '/tickets/1', { subject: 'second', status: 'closed' })
  await before.call('POST', '/flush')

  const promoted = { ...stores, redis, variables: { ...stores.variables, REDIS_URL: others.variables.REDIS_URL! } }
  const after = await createService(t, {}, promoted)
  t.ok(await after.lines.waitFor(({ msg }) => /were compared/.test(msg)), 'the first pass has compared')
  const { redis: held, mysql } = await agreed(after, 1)
  t.strictSame(held, mysql)
  t.match(await after.hash(2), { subject: 'first' })

  const again = await createService(t, {}, promoted)
  t.notOk(again.lines.all.some(({ msg }) => /were compared/.test(msg)), 'the next start on the same server has nothing to compare')
})

t.test('without MySQL the comparison waits for it', async t => {
  const { call, lines, sql, prefix, redis, app } = await createService(t)
  for (const id of [1, 2]) await call('POST', `/tickets/${id}`, { customer_id: 1 })
  await call('POST', '/flush', { ticket_ids: [1] })
  await redis.set(`${prefix}tickets:attested`, 'another:server 1764000000000')
  await sql.query('RENAME TABLE wp_support_tickets TO away')
  await call('POST', '/flush')
  t.ok(await lines.waitFor(({ msg }) => /could not be compared/.test(msg)))
  t.equal(await redis.get(`${prefix}tickets:attested`), 'another:server 1764000000000', 'nothing is attested that was not looked at')
  t.equal((await call('PATCH', '/tickets/2', { subject: 'x' })).status, 200, 'Redis serves alone')
  await sql.query('RENAME TABLE away TO wp_support_tickets')
  await sql.query('UPDATE wp_support_tickets SET version = version + 1, subject = \'newer\', synced_at = NOW()')
  t.equal((await call('POST', '/flush')).status, 200)
  t.ok(lines.all.some(({ msg, unsynced, changed }) => /were compared/.test(msg) && unsynced === 1 && changed === 1))
  t.match(await app.tickets.repository.read([1]), [{ ticket: { subject: 'newer' } }])
})

t.test('another history of writes on the same process, and no record at all, are compared too', async t => {
  const { call, sql, prefix, redis, hash, due } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  await call('POST', '/flush', { scope: 'all' })
  const newer = () => sql.query('UPDATE wp_support_tickets SET version = version + 1000, subject = CONCAT(\'newer\', version)')
  const attested = `${prefix}tickets:attested`

  const [, replid] = /master_replid:(\w+)/.exec(await redis.info('replication'))!
  t.match(await redis.get(attested), `:${replid} `)
  await newer()
  await redis.set(attested, (await redis.get(attested))!.replace(/:\w+ /, ':0000 '))
  await call('POST', '/flush')
  t.match((await hash(1)).subject, /newer/)

  const first = (await hash(1)).subject
  await redis.zadd(`${prefix}tickets:due`, '+inf', '1')
  await newer()
  await redis.del(attested)
  await call('POST', '/flush')
  t.not((await hash(1)).subject, first, 'an unsynced ticket that is not due')
  t.equal(await due(1), null)
})

t.test('what is not older in Redis is not replaced', async t => {
  const { call, app, hash, due } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed', subject: 'first' })
  await call('POST', '/flush')
  t.strictSame(await loadNewer(app.tickets.shards, [1]), { loaded: 0, failures: [], newer: [] }, 'the same version')
  await call('PATCH', '/tickets/1', { subject: 'second' })
  t.strictSame(await loadNewer(app.tickets.shards, [1]), { loaded: 0, failures: [], newer: [] }, 'a newer one')
  t.match(await hash(1), { subject: 'second' })
  t.not(await due(1), null)
})

t.test('large tickets, and marks of other programs, do not stop a comparison', async t => {
  const { call, app, sql, redis, prefix, lines } = await createService(t)
  const custom_fields = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, 'x'.repeat(1024)]))
  for (let id = 1; id <= 120; id += 40) {
    await call('POST', '/tickets/batch', { operations: Array.from({ length: 40 }, (_, i) => ({ op: 'create', ticket_id: id + i, customer_id: 1, status: 'closed', custom_fields })) })
  }
  await call('POST', '/flush')
  await sql.query('UPDATE wp_support_tickets SET version = version + 1, subject = \'newer\'')
  await redis.zadd(`${prefix}tickets:due`, '+inf', 'abc')
  await redis.hset(`${prefix}ticket:abc`, 'version', 5)
  await redis.set(`${prefix}tickets:attested`, `another:server ${Date.now()}`)
  t.equal((await call('POST', '/flush')).status, 200)
  t.equal(lines.all.filter(({ msg }) => /older version/.test(msg)).length, 120, 'each is logged')
  t.ok((await app.tickets.repository.read(Array.from({ length: 120 }, (_, i) => i + 1))).every(found => found !== null && 'ticket' in found && found.ticket.subject === 'newer'))
})

t.test('thousands of tickets are compared, page by page', async t => {
  const { call, sql, redis, prefix, lines } = await createService(t)
  const count = 1700
  for (let from = 1; from <= count; from += 500) {
    const operations = Array.from({ length: Math.min(500, count - from + 1) }, (_, i) => ({ op: 'create', ticket_id: from + i, customer_id: 1, status: (from + i) % 2 ? 'closed' : 'open' }))
    t.equal((await call('POST', '/tickets/batch', { operations })).status, 200)
  }
  await call('POST', '/flush', { scope: 'all' })
  await sql.query('UPDATE wp_support_tickets SET version = version + 1, subject = \'newer\' WHERE ticket_id % 3 = 0')
  const marks = Array.from({ length: count / 2 }, (_, i) => ['+inf', String(i + 1)]).flat()
  await redis.zadd(`${prefix}tickets:due`, ...marks)
  await redis.set(`${prefix}tickets:attested`, `another:server ${Date.now() - 1000}`)
  await call('POST', '/flush')
  t.ok(lines.all.some(({ msg, unsynced, changed }) => /were compared/.test(msg) && unsynced === 850 - Math.floor(850 / 3) && changed === count))
  const ids = Array.from({ length: count }, (_, i) => i + 1)
  const newer = (await Promise.all(ids.map(id => redis.hget(`${prefix}ticket:${id}`, 'subject')))).filter(text => text === 'newer')
  t.equal(newer.length, Math.floor(count / 3))
})

const ANOTHER_SERVER = 'another:server 1'

for (const [where, method] of [['while it is found out whether Redis can be trusted', 'changedSince'], ['while what is unsynced is compared', 'versions']] as const) {
  t.test(`the connection is lost ${where}: who answers then is not taken for compared`, async t => {
    const { call, app, redis, prefix } = await createService(t)
    await call('POST', '/tickets/1', { customer_id: 1 })
    const { database, shards: { all: [shard] } } = app.tickets
    const { reconcile } = shard!
    const check = () => reconcile.check(AbortSignal.timeout(20_000))
    const asked = database[method] as (...args: unknown[]) => never
    const interrupted = (...args: unknown[]) => {
      reconcile.markStale()
      return asked(...args)
    }
    database[method] = interrupted as never
    reconcile.markStale()
    await redis.set(`${prefix}tickets:attested`, ANOTHER_SERVER)
    await t.rejects(check(), { code: 'store_unavailable', cause: { message: /connection was lost/ } })
    t.strictSame([await redis.get(`${prefix}tickets:attested`), reconcile.isTrusted()], [ANOTHER_SERVER, false])

    database[method] = asked as never
    await check()
    t.equal(reconcile.isTrusted(), true)
    t.not(await redis.get(`${prefix}tickets:attested`), ANOTHER_SERVER)
  })
}

t.test('Redis itself fails while it is compared: it is not trusted for that, as it is when MySQL fails', async t => {
  const server = await privateRedis(t, { config: { 'busy-reply-threshold': 10 } })
  const stores = await createStores(t, { redis: server.url })
  const { call, app, prefix } = await createService(t, {}, stores)
  const { redis } = stores
  await call('POST', '/tickets/1', { customer_id: 1 })
  const { database, shards: { all: [shard] } } = app.tickets
  const { reconcile } = shard!
  const { changedSince } = database
  const busy = redis.duplicate()
  t.teardown(() => { busy.disconnect() })
  let ended: Promise<unknown> | undefined
  database.changedSince = async function * () {
    ended = busy.eval('while true do end', 0).catch(() => {})
    await eventually(async () => {
      if (await redis.ping().then(() => true, () => false)) throw new Error('not busy yet')
    })
    yield new Map([[1, 1]])
  }
  reconcile.markStale()
  await redis.set(`${prefix}tickets:attested`, ANOTHER_SERVER)
  await t.rejects(reconcile.check(AbortSignal.timeout(20_000)), { code: 'store_unavailable', cause: { message: /BUSY/ } })
  t.equal(reconcile.isTrusted(), false)
  await redis.script('KILL')
  await ended

  database.changedSince = async function * () {
    yield await Promise.reject(new DatabaseUnavailable('away'))
  }
  await t.rejects(reconcile.check(AbortSignal.timeout(20_000)), { name: 'DatabaseUnavailable' })
  t.equal(reconcile.isTrusted(), true, 'Redis serves alone')
  database.changedSince = changedSince
})

t.test('Redis loses a ticket between its claim and the settling: what MySQL has received is loaded', async t => {
  const service = await createService(t)
  const { call, app, hash, row, due, redis, prefix } = service
  const { body: first } = await call('POST', '/tickets/1', { customer_id: 1, subject: 'first' })
  const before = await hash(1)
  const { body: second } = await call('PATCH', '/tickets/1', { subject: 'second' })
  const { database } = app.tickets
  const { upsert } = database
  database.upsert = async tickets => {
    const outcome = await upsert(tickets)
    // As on a server that had less.
    await redis.multi().del(`${prefix}ticket:1`).hset(`${prefix}ticket:1`, before).zrem(`${prefix}tickets:due`, '1').exec()
    t.equal((await hash(1)).version, String(first.version))
    return outcome
  }
  t.match((await call('POST', '/flush', { ticket_ids: [1] })).body, { claimed: 1, synced: 1, retried: 0 })
  database.upsert = upsert
  t.match(await row(1), { version: second.version, subject: 'second' })
  const { redis: held, mysql } = await agreed(service, 1)
  t.strictSame(held, mysql)
  t.equal(await due(1), null)
})
