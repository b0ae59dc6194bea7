import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createService, createStores, eventually, privateMariadb, privateRedis, type Service } from '../helper.ts'
import { startProxy } from '../faults/harness/proxy.ts'

const ready = async ({ call }: Pick<Service, 'call'>, status: string) => await eventually(async () => {
  const { body } = await call('GET', '/health/ready')
  if (body.status !== status) throw new Error(JSON.stringify(body))
  return body
})

/** Until the connection is known to be gone: a write before that may have reached Redis. */
const journaling = async ({ call }: Pick<Service, 'call'>) => await ready({ call }, 'degraded')

t.test('Redis is down: writes are journaled, reads come from MySQL, and all is made when it is back', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const service = await createService(t, {}, await createStores(t, { redis: server.url }))
  const { call, hash, row, lines } = service
  await call('POST', '/tickets/1', { customer_id: 1, subject: 'archived', status: 'closed', custom_fields: { a: 1, b: 2 } })
  await call('POST', '/flush')
  await call('POST', '/tickets/2', { customer_id: 2, subject: 'only in Redis' })
  await server.kill()
  t.match(await journaling(service), { redis: { state: 'down', reason: /ECONN|onnect/ }, mysql: { state: 'up' }, journal: 'idle' })

  t.strictSame((({ status, body, headers }) => ({ status, body, source: headers['x-ticket-source'] }))(await call('POST', '/tickets/3', { customer_id: 3, status: 'open' })),
    { status: 202, body: { ticket_id: 3, journaled: true }, source: 'journal' })
  t.match(await call('PATCH', '/tickets/1', { status: 'open', subject: null, custom_fields: { a: null, c: true } }), { status: 202, body: { journaled: true } })
  t.match(await call('PATCH', '/tickets/2', { assigned_to: 9 }), { status: 202 })
  t.match(await call('POST', '/tickets/batch', {
    operations: [
      { op: 'update', ticket_id: 3, status: 'pending' },
      { op: 'create', ticket_id: 4, customer_id: 4 },
      { op: 'update', ticket_id: 3, status: 'closed' },
      { op: 'create', ticket_id: 1, customer_id: 1 },
      { op: 'create', ticket_id: 3, customer_id: 1 },
    ],
  }), {
    status: 207,
    body: {
      results: [
        { ticket_id: 3, status: 202, journaled: true }, { status: 202 }, { status: 202 },
        { status: 409, error: { code: 'ticket_exists' } }, { status: 409, error: { code: 'ticket_exists' } },
      ],
    },
  })
  t.equal((await call('POST', '/tickets/batch', { operations: [{ op: 'update', ticket_id: 4, priority: 'high' }] })).status, 200, 'all succeeded')
  t.equal((await ready(service, 'degraded')).journal, 'active')

  const archived = await call('GET', '/tickets/1')
  t.match(archived, { status: 200, headers: { 'x-ticket-source': 'mysql', 'x-ticket-pending-changes': 1 }, body: { ticket_id: 1, status: 'open', custom_fields: { b: 2, c: true } } })
  t.strictSame([archived.headers.etag, archived.body.subject, archived.body.closed_at, archived.body.custom_fields.a], [undefined, undefined, undefined, undefined])
  t.match((await call('GET', '/tickets/3')).body, { status: 'closed', customer_id: 3, version: 0, synced_version: null, closed_at: Number })
  t.match(await call('GET', '/tickets/2'), { status: 503, headers: { 'retry-after': /\d/ }, body: { code: 'store_unavailable' } }, 'not 404: it may be in Redis')
  t.equal((await call('GET', '/tickets/99')).status, 503)
  t.match((await call('GET', '/tickets?ids=1,3')).body, { tickets: [{ ticket_id: 1 }, { ticket_id: 3 }], missing: [], archived: [1, 3] })
  t.match((await call('GET', '/journal?state=pending&limit=2')).body, { pending: 7, conflicts: 0, entries: [{ ticket_id: 3, op: 'create', state: 'pending' }, { ticket_id: 1, op: 'update', fields: { subject: null } }], next: Number })
  t.equal((await call('POST', '/journal/1/apply')).body.code, 'journal_entry_pending')

  await server.restart()
  await ready(service, 'ready')
  t.match((await call('GET', '/journal?state=pending')).body, { pending: 0, conflicts: 0, entries: [] })
  t.match(await hash(3), { status: 'closed', customer_id: '3' })
  t.match(await hash(4), { priority: 'high' })
  t.match(await hash(2), { assigned_to: '9', subject: 'only in Redis' })
  const { status, headers, body } = await call('GET', '/tickets/1')
  t.match({ status, headers, body }, { status: 200, headers: { 'x-ticket-source': 'redis', etag: /\d/ }, body: { status: 'open', custom_fields: { b: 2, c: true } } })
  t.notOk(headers['x-ticket-pending-changes'])
  await call('POST', '/flush')
  t.match(await row(3), { status: 'closed' }, 'and then MySQL has it')
  t.equal((await call('PATCH', '/tickets/3', { subject: 'x' })).status, 200, 'writes go to Redis again')
  t.ok(lines.all.some(({ msg }) => /replayed/.test(msg)))
})

t.test('a change is made as of its time, once, and not over newer data', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const stores = await createStores(t, { redis: server.url })
  const before = await createService(t, {}, stores)
  await before.call('POST', '/tickets/batch', { operations: [1, 2, 3, 4].map(ticket_id => ({ op: 'create', ticket_id, customer_id: 1, subject: 'first' })) })
  const { headers: { etag } } = await before.call('GET', '/tickets/4')
  await server.kill()
  await journaling(before)
  await before.call('PATCH', '/tickets/1', { subject: 'late' }, { 'idempotency-key': 'late' })
  await before.call('PATCH', '/tickets/2', { subject: 'first' })
  await before.call('PATCH', '/tickets/3', { subject: 'late' })
  await before.call('PATCH', '/tickets/4', { subject: 'conditional' }, { 'if-match': String(etag) })
  await before.call('PATCH', '/tickets/4', { subject: 'conditional too' }, { 'if-match': String(etag) })
  await before.call('PATCH', '/tickets/5', { subject: 'nobody created it' })
  // Nobody but this test writes to Redis now, so that it says what happened meanwhile.
  await before.app.close()

  await server.restart()
  const other = await createService(t, { FALLBACK: 'off' }, stores)
  t.ok(await other.lines.waitFor(({ msg, pending }) => /FALLBACK=off/.test(msg) && pending === 6))
  t.equal((await other.call('GET', '/journal')).status, 404)
  await other.call('PATCH', '/tickets/1', { subject: 'newer' })
  await other.call('PATCH', '/tickets/2', { category: 'newer' })

  const { call, hash } = await createService(t, {}, stores)
  await eventually(async () => {
    const { body } = await call('GET', '/journal')
    if (body.pending > 0) throw new Error(JSON.stringify(body))
  })
  const { body: { entries, conflicts } } = await call('GET', '/journal')
  t.equal(conflicts, 3)
  t.match(entries, [
    { ticket_id: 1, fields: { subject: 'late' }, state: 'conflict', reason: /^version_conflict: .*was changed/ },
    { ticket_id: 4, fields: { subject: 'conditional too' }, if_match: [/\d/], reason: /^version_conflict/ },
    { ticket_id: 5, reason: /^ticket_not_found/ },
  ])
  t.match(await call('PATCH', '/tickets/1', { subject: 'late' }, { 'idempotency-key': 'late' }), { status: 412, headers: { 'idempotency-replayed': 'true' }, body: { code: 'version_conflict' } }, 'who repeats the request is told')
  t.equal((await hash(1)).subject, 'newer')
  t.match(await hash(2), { subject: 'first', category: 'newer' }, 'what would change nothing is no conflict')
  t.match(await hash(3), { subject: 'late' })
  t.match(await hash(4), { subject: 'conditional' })

  t.test('an operator settles what is in conflict', async t => {
    const [one, four, five] = entries.map(({ seq }: { seq: number }) => seq)
    t.match(await call('POST', `/journal/${one}/apply`), { status: 200, headers: { etag: /\d/ }, body: { ticket_id: 1, subject: 'late' } })
    t.equal((await hash(1)).subject, 'late')
    t.match(await call('POST', `/journal/${one}/apply`), { status: 404, body: { code: 'journal_entry_not_found' } }, 'once')
    t.match(await call('POST', `/journal/${four}/apply`), { status: 200, body: { subject: 'conditional too' } }, 'whatever its version is')
    t.match(await call('POST', `/journal/${five}/apply`), { status: 404, body: { code: 'ticket_not_found' } })
    t.equal((await call('GET', '/journal')).body.conflicts, 1, 'it stays')
    t.match(await call('POST', `/journal/${five}/discard`), { status: 200, body: { ticket_id: 5, fields: { subject: 'nobody created it' } } })
    t.match(await call('POST', `/journal/${five}/discard`), { status: 404 })
    t.match((await call('GET', '/journal')).body, { pending: 0, conflicts: 0, entries: [] })
    t.match(await call('GET', '/journal?limit=0'), { status: 400 })
    t.match(await call('POST', '/journal/x/apply'), { status: 400 })
  })
})

t.test('a create of a ticket that Redis has is a conflict; an operator may turn it into a change', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const service = await createService(t, {}, await createStores(t, { redis: server.url }))
  const { call, hash } = service
  await call('POST', '/tickets/1', { customer_id: 1, subject: 'first', created_at: 1_700_000_000 })
  await server.kill()
  await journaling(service)
  t.equal((await call('POST', '/tickets/1', { customer_id: 2, created_at: 1_800_000_000 })).status, 202, 'MySQL does not know it')
  await server.restart()
  await ready(service, 'ready')
  const { body: { entries: [entry] } } = await call('GET', '/journal')
  t.match(entry, { op: 'create', reason: /^ticket_exists/ })
  t.match(await call('POST', `/journal/${entry.seq}/apply`), { status: 200, body: { customer_id: 2, subject: 'first', created_at: 1_700_000_000 } })
  t.match(await hash(1), { customer_id: '2' })
})

t.test('an Idempotency-Key is one before, during and after', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const service = await createService(t, {}, await createStores(t, { redis: server.url }))
  const { call, hash } = service
  const key = (name: string) => ({ 'idempotency-key': name })
  await call('POST', '/tickets/1', { customer_id: 1, custom_fields: { n: 0 } }, key('before'))
  await server.kill()
  await journaling(service)
  t.equal((await call('POST', '/tickets/1', { customer_id: 1, custom_fields: { n: 0 } }, key('before'))).status, 202, 'Redis alone knows the key')
  const [first, second] = await Promise.all([1, 2].map(() => call('PATCH', '/tickets/1', { subject: 'during' }, key('during'))))
  t.strictSame([first!.status, second!.status], [202, 202])
  t.match(await call('PATCH', '/tickets/1', { subject: 'during' }, key('during')), { status: 202, headers: { 'idempotency-replayed': 'true' } })
  t.match(await call('PATCH', '/tickets/1', { subject: 'another' }, key('during')), { status: 422, body: { code: 'idempotency_mismatch' } })
  const racing = await Promise.all(['a', 'b'].map(subject => call('PATCH', '/tickets/1', { category: subject }, key('race'))))
  t.strictSame(racing.map(({ status }) => status).sort(), [202, 422], 'of two requests with one key one is kept')
  t.equal((await call('GET', '/journal')).body.pending, 3)
  await server.restart()
  await ready(service, 'ready')
  t.match((await call('GET', '/journal')).body, { pending: 0, conflicts: 0 }, 'what was made before is no conflict')
  const { version } = await hash(1)
  t.match(await call('PATCH', '/tickets/1', { subject: 'during' }, key('during')), { status: 200, headers: { 'idempotency-replayed': 'true' } })
  t.equal((await hash(1)).version, version, 'not made again')
})

t.test('entries of another instance, and of one that is no more', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const stores = await createStores(t, { redis: server.url })
  const away = await createStores(t, { redis: server.url })
  const cut = await createService(t, { REDIS_URL: 'redis://127.0.0.1:1/0' }, { ...away, variables: { ...stores.variables, REDIS_URL: 'redis://127.0.0.1:1/0' } })
  const { call, hash } = await createService(t, {}, stores)
  await call('POST', '/tickets/1', { customer_id: 1 })
  t.equal((await cut.call('PATCH', '/tickets/1', { subject: 'from the one that is cut off' })).status, 202)
  await eventually(async () => {
    const { body } = await call('GET', '/journal')
    if (body.pending > 0) throw new Error('not yet')
  })
  t.equal((await hash(1)).subject, 'from the one that is cut off')
  t.equal((await call('GET', '/journal')).body.conflicts, 0)
})

t.test('a hung Redis: the first writes end with outcome_unknown, the others are journaled at once', async t => {
  const server = await privateRedis(t)
  const service = await createService(t, { REDIS_COMMAND_TIMEOUT_MS: 300 }, await createStores(t, { redis: server.url }))
  const { call, hash } = service
  await call('POST', '/tickets/1', { customer_id: 1 })
  await server.pause()
  t.match(await call('PATCH', '/tickets/1', { subject: 'unknown' }), { status: 503, body: { code: 'outcome_unknown' } })
  t.equal((await call('PATCH', '/tickets/1', { category: 'kept' })).status, 202)
  t.match(await call('GET', '/health/ready'), { status: 200, body: { status: 'degraded', redis: { state: 'down' } } })
  server.resume()
  await ready(service, 'ready')
  t.match(await hash(1), { category: 'kept', subject: undefined })
})

t.test('a full Redis: the journal takes what it refuses', async t => {
  const server = await privateRedis(t)
  const stores = await createStores(t, { redis: server.url })
  const service = await createService(t, {}, stores)
  const { call, hash } = service
  await stores.redis.config('SET', 'maxmemory', '1mb')
  t.equal((await call('POST', '/tickets/1', { customer_id: 1 })).status, 202)
  await stores.redis.config('SET', 'maxmemory', '0')
  await ready(service, 'ready')
  t.match(await hash(1), { customer_id: '1' })
})

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

t.test('MySQL goes away while the journal holds entries: Redis serves alone', async t => {
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

t.test('a start with both away, and with entries from before', async t => {
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
  await eventually(async () => {
    if ((await service.call('GET', '/journal')).body.pending > 0) throw new Error('entries wait')
  })
  t.match((await service.call('GET', '/journal')).body, { pending: 0, conflicts: 0 })
  t.match(await service.hash(1), { subject: 'kept', category: 'kept too' })
})

t.test('an instance that reaches Redis knows of a ticket whose create waits', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const stores = await createStores(t, { redis: server.url })
  const { call, sql, hash, due } = await createService(t, { TICKET_RETENTION_SECONDS: 3600 }, stores)
  // As another instance keeps it that is cut off, at a moment when nobody replays.
  await call('POST', '/tickets/5', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await sql.query('SELECT GET_LOCK(?, 1)', [replayLock(String(stores.variables.MYSQL_URL))])
  await insertEntry(sql, { ticket_id: 4, op: 'create', fields: { customer_id: 7 } })
  t.match(await call('GET', '/tickets/4'), { status: 200, headers: { 'x-ticket-source': 'mysql', 'x-ticket-pending-changes': 1 }, body: { customer_id: 7 } }, 'not 404')
  t.equal((await call('PATCH', '/tickets/3', { subject: 'x' })).status, 404, 'of others it says that there are none')
  const change = () => call('PATCH', '/tickets/4', { subject: 'after' }, { 'idempotency-key': 'k' })
  t.equal((await change()).status, 202, 'it waits behind the create')
  t.match(await call('POST', '/tickets/4', { customer_id: 8 }), { status: 409, body: { code: 'ticket_exists' } })
  await sql.query('DO RELEASE_LOCK(?)', [replayLock(String(stores.variables.MYSQL_URL))])
  await eventually(async () => {
    const { body } = await call('GET', '/journal')
    if (body.pending > 0) throw new Error(JSON.stringify(body))
  })
  t.match(await hash(4), { customer_id: '7', subject: 'after' })
  t.ok(await due(4), 'and it is to be pushed')
  t.match(await change(), { status: 200, headers: { 'idempotency-replayed': 'true' } })
})

t.test('an entry that changes nothing of newer data does not make those that follow it newer', async t => {
  const service = await createService(t)
  const { call, sql, hash } = service
  await call('POST', '/tickets/1', { customer_id: 1, priority: 'high', subject: 'newer' })
  const accepted_at = Date.now() - 10_000
  // The first as it was kept in a Cluster that is no more.
  await insertEntry(sql, { ticket_id: 1, partition_index: 63, fields: { priority: 'high' }, accepted_at })
  await insertEntry(sql, { ticket_id: 1, fields: { subject: 'older' }, accepted_at })
  await eventually(async () => {
    const { body } = await call('GET', '/journal')
    if (body.pending > 0) throw new Error(JSON.stringify(body))
  })
  t.equal((await hash(1)).subject, 'newer')
  t.match((await call('GET', '/journal')).body, { conflicts: 1, entries: [{ fields: { subject: 'older' } }] })
})

t.test('entries are in their order whatever their clocks said, over rounds and instances', async t => {
  const service = await createService(t)
  const { call, sql, hash } = service
  await call('POST', '/tickets/1', { customer_id: 1 })
  const { version } = await hash(1)
  // More than a round, of instances whose clocks differ, after the last change.
  const entries = Array.from({ length: 1200 }, (_, i) => ({ ticket_id: 1, fields: { subject: `change ${i}` }, accepted_at: Number(version) + 1000 - (i % 2) * 500 }))
  await insertEntry(sql, ...entries)
  await eventually(async () => {
    const { body } = await call('GET', '/journal')
    if (body.pending > 0) throw new Error(JSON.stringify(body))
  })
  t.equal((await call('GET', '/journal')).body.conflicts, 0)
  t.equal((await hash(1)).subject, 'change 1199')
})

t.test('an entry in conflict is settled once', async t => {
  const stores = await createStores(t)
  const proxy = await startProxy(t, String(stores.variables.MYSQL_URL))
  const { call, sql, hash } = await createService(t, {}, stores)
  const other = await createService(t, { MYSQL_URL: proxy.url }, stores)
  await call('POST', '/tickets/1', { customer_id: 1 })

  await insertEntry(sql, ...Array.from({ length: 20 }, (_, i) => ({ seq: 101 + i, ticket_id: 1, fields: { custom_fields: { [`f${i}`]: i } }, state: 'conflict' })))
  const { version } = await hash(1)
  const outcomes = await Promise.all(Array.from({ length: 20 }, async (_, i) => {
    const answers = await Promise.all([call, other.call, call].map((each, n) => each('POST', `/journal/${101 + i}/${n === 2 ? 'discard' : 'apply'}`)))
    return { statuses: answers.map(({ status }) => status), isDiscarded: answers[2]!.status === 200 }
  }))
  for (const { statuses } of outcomes) t.equal(statuses.filter(status => status === 200).length, 1, statuses.join())
  const made = Object.keys(await hash(1)).filter(name => name.startsWith('custom_fields.'))
  t.equal(made.length, outcomes.filter(({ isDiscarded }) => !isDiscarded).length, 'what was discarded was not made')
  t.ok(Number((await hash(1)).version) > Number(version))

  await insertEntry(sql, { seq: 200, ticket_id: 1, fields: { subject: 'applied' }, state: 'conflict' })
  const removal = proxy.holdRequest(/DELETE FROM/)
  const applied = other.call('POST', '/journal/200/apply')
  await removal.held
  removal.drop()
  t.match(await applied, { status: 503, body: { code: 'outcome_unknown' } })
  t.equal((await hash(1)).subject, 'applied')
  await call('PATCH', '/tickets/1', { subject: 'newer' })
  await eventually(async () => {
    const { status, text } = await call('POST', '/journal/200/apply')
    if (status !== 200) throw new Error(text)
  })
  t.equal((await hash(1)).subject, 'newer', 'it was not made again')
  t.equal((await call('GET', '/journal')).body.conflicts, 0)
})

t.test('writes do not wait for a long replay', async t => {
  const stores = await createStores(t)
  const { call, sql, hash } = await createService(t, {}, stores)
  await call('POST', '/tickets/1', { customer_id: 1 })
  await sql.query('SELECT GET_LOCK(?, 1)', [replayLock(String(stores.variables.MYSQL_URL))])
  await insertEntry(sql, { ticket_id: 4, op: 'create', fields: { customer_id: 7 } })
  // The instance has entries in the journal, and another one is replaying.
  t.equal((await call('PATCH', '/tickets/4', { subject: 'x' })).status, 202)
  t.equal((await call('PATCH', '/tickets/1', { subject: 'first' })).status, 202)
  await sql.query('DO RELEASE_LOCK(?)', [replayLock(String(stores.variables.MYSQL_URL))])
  await eventually(async () => {
    const { status, text } = await call('PATCH', '/tickets/1', { subject: 'second' })
    if (status !== 200) throw new Error(text)
  })
  t.equal((await hash(1)).subject, 'second')
})

t.test('an entry whose condition another program has damaged is a conflict, and stops no other', async t => {
  const { call, sql } = await createService(t)
  for (const id of [1, 2]) await call('POST', `/tickets/${id}`, { customer_id: 1 })
  await insertEntry(sql, { ticket_id: 1, fields: { subject: 'x' }, if_match: '5"', accepted_at: Date.now() + 1000 }, { ticket_id: 2, fields: { subject: 'x' }, accepted_at: Date.now() + 1000 })
  await eventually(async () => {
    const { body } = await call('GET', '/journal')
    if (body.pending > 0) throw new Error(JSON.stringify(body))
  })
  t.match((await call('GET', '/journal')).body, { conflicts: 1, entries: [{ ticket_id: 1 }] })
  t.match((await call('GET', '/tickets/2')).body, { subject: 'x' })
})

/** The name of the lock that the replay takes. */
function replayLock (mysqlUrl: string): string {
  return `journal:${createHash('sha1').update(`${new URL(mysqlUrl).pathname.slice(1)}.wp_support_tickets_journal:replay`).digest('hex')}`
}

interface NewEntry { seq?: number, ticket_id: number, partition_index?: number, op?: string, fields: object, if_match?: string, accepted_at?: number, state?: string }

/** As another instance keeps them. */
async function insertEntry (sql: Service['sql'], ...entries: NewEntry[]) {
  const rows = entries.map(({ seq = null, ticket_id: id, partition_index: partition = 0, op = 'update', fields, if_match: versions = null, accepted_at: at = Date.now(), state = 'pending' }) =>
    [seq, id, partition, op, JSON.stringify(fields), versions, at, randomUUID(), '', 0, state])
  await sql.query('INSERT INTO wp_support_tickets_journal (seq, ticket_id, partition_index, op, fields, if_match, accepted_at, idempotency_key, fingerprint, operation_index, state) VALUES ?', [rows])
}

t.test('a statement that arrives when its caller has been given up does not come behind what was kept later', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const stores = await createStores(t, { redis: server.url })
  const mysql = await startProxy(t, String(stores.variables.MYSQL_URL))
  const service = await createService(t, { MYSQL_URL: mysql.url }, stores)
  const { call, hash } = service
  await call('POST', '/tickets/1', { customer_id: 1, subject: 'first' })
  await server.kill()
  await journaling(service)
  const insert = mysql.holdRequest(/INSERT INTO `wp_support_tickets_journal`/)
  t.match(await call('PATCH', '/tickets/1', { subject: 'late' }), { status: 503, body: { code: 'outcome_unknown' } })
  await eventually(async () => {
    const { status, text } = await call('PATCH', '/tickets/1', { subject: 'last' })
    if (status !== 202) throw new Error(text)
  })
  await server.restart()
  await ready(service, 'ready')
  t.equal((await hash(1)).subject, 'last')
  await insert.release()
  const [[count]] = await stores.sql.query('SELECT COUNT(*) AS entries FROM wp_support_tickets_journal') as unknown as [[{ entries: number }]]
  t.equal(Number(count.entries), 0, 'nobody commits it')
  t.equal((await hash(1)).subject, 'last')
})

t.test('a change is accepted as of its own time, also when Redis became slow before it went', async t => {
  const stores = await createStores(t)
  const proxy = await startProxy(t, String(stores.variables.REDIS_URL))
  const cut = await createService(t, { REDIS_URL: proxy.url }, stores)
  const { call, hash } = await createService(t, {}, stores)
  await call('POST', '/tickets/1', { customer_id: 1 })
  const time = proxy.holdRequest(/\btime\b/i)
  proxy.cut()
  await time.held
  // Less than a command may take, more than the two changes do.
  await sleep(800)
  await time.release()
  await ready(cut, 'ready')
  const passing = proxy.refuse()
  await journaling(cut)
  t.equal((await cut.call('PATCH', '/tickets/1', { subject: 'earlier' })).status, 202)
  t.equal((await call('PATCH', '/tickets/1', { subject: 'later' })).status, 200)
  passing.resume()
  await ready(cut, 'ready')
  t.match((await call('GET', '/journal')).body, { pending: 0, conflicts: 1 })
  t.equal((await hash(1)).subject, 'later')
})

t.test('as many decisions of operators as there are connections to MySQL do not wait for each other', async t => {
  const { call, sql, hash, redis, prefix } = await createService(t)
  const ids = Array.from({ length: 12 }, (_, i) => i + 1)
  await call('POST', '/tickets/batch', { operations: ids.map(ticket_id => ({ op: 'create', ticket_id, customer_id: 1, status: 'closed' })) })
  await call('POST', '/flush')
  // Each has to be brought from MySQL first.
  await redis.del(ids.map(id => `${prefix}ticket:${id}`))
  await insertEntry(sql, ...ids.map(id => ({ seq: 100 + id, ticket_id: id, fields: { subject: 'applied' }, state: 'conflict' })))
  const statuses = (await Promise.all(ids.map(id => call('POST', `/journal/${100 + id}/apply`)))).map(({ status }) => status)
  t.strictSame(statuses, ids.map(() => 200))
  t.match(await hash(12), { subject: 'applied' })
})
