import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createService, createStores, eventually, privateRedis } from '../helper.ts'
import { startProxy } from '../faults/harness/proxy.ts'
import { insertEntry, journaling, ready, replayed, replayLock } from './journal.ts'

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
  t.match(await call('PATCH', '/tickets/2', { assigned_to: 9 }, { prefer: 'return=minimal' }), { status: 202, body: { journaled: true } }, 'that it is journaled is told in any case')
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
  t.match((await call('GET', '/tickets?ids=1,3')).body, { tickets: [{ ticket_id: 1 }, { ticket_id: 3 }], missing: [], from_mysql: [1, 3] })
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
  await replayed({ call })
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

  t.test('an operator resolves what is in conflict', async t => {
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
  await replayed({ call })
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
  await replayed({ call })
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
  await replayed({ call })
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
  await replayed({ call })
  t.equal((await call('GET', '/journal')).body.conflicts, 0)
  t.equal((await hash(1)).subject, 'change 1199')
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
  await replayed({ call })
  t.match((await call('GET', '/journal')).body, { conflicts: 1, entries: [{ ticket_id: 1 }] })
  t.match((await call('GET', '/tickets/2')).body, { subject: 'x' })
})

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
