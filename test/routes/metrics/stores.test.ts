import t from 'tap'
import { SCRAPE_TIMEOUT_MS } from '../../../src/metrics/metrics.ts'
import { createService, createStores, eventually, privateMariadb, privateRedis } from '../../helper.ts'
import { scrape, type Scrape } from './scrape.ts'

const BACKLOG = ['tickets_unsynced', 'tickets_due', 'tickets_oldest_due_age_seconds', 'tickets_dead_letters']

const JOURNAL = ['tickets_journal_entries{state="pending"}', 'tickets_journal_entries{state="conflict"}']

const values = (found: Scrape, series: readonly string[]) => series.map(found.value)

t.test('writes that arrive together share a call: its operations are the batch size', async t => {
  const { app, call } = await createService(t)
  // The first create of a range asks MySQL between two calls.
  await call('POST', '/tickets/99', { customer_id: 1 })
  const before = await scrape(app)
  await call('POST', '/tickets/1', { customer_id: 1 })
  await call('POST', '/tickets/batch', { operations: [{ op: 'create', ticket_id: 2, customer_id: 1 }, { op: 'update', ticket_id: 2, priority: 'high' }, { op: 'update', ticket_id: 1, priority: 'low' }] })
  const found = await scrape(app)
  const more = (series: string) => found.value(series)! - before.value(series)!
  t.strictSame(['1', '2', '5', '+Inf'].map(le => more(`tickets_write_batch_size_bucket{le="${le}"}`)), [1, 1, 2, 2])
  t.equal(more('tickets_write_batch_size_sum'), 4)
})

t.test('calls to Redis are counted by script, calls to MySQL by kind', async t => {
  const { app, call } = await createService(t)
  // The first create of a range makes two calls.
  await call('POST', '/tickets/99', { customer_id: 1 })
  const before = await scrape(app)
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('GET', '/tickets/1')
  await call('GET', '/tickets/1')
  await app.mysql.transaction(async query => { await query('SELECT 1', []) }, 1000)
  await app.mysql.exclusively('metrics', 1000, async query => { await query('SELECT 1', []) })
  const after = await scrape(app)
  const more = (series: string) => after.value(series)! - (before.value(series) ?? 0)
  t.strictSame(['write', 'read', 'backlog'].map(name => more(`tickets_redis_call_duration_seconds_count{call="${name}"}`)), [1, 2, 1], 'with the scrape\'s own')
  t.strictSame(['transaction', 'exclusively'].map(name => more(`tickets_mysql_call_duration_seconds_count{call="${name}"}`)), [1, 1])
  t.ok(more('tickets_mysql_call_duration_seconds_count{call="query"}') >= 1)
  t.ok(after.of('tickets_redis_errors_total').concat(after.of('tickets_mysql_errors_total')).every(series => after.value(series) === 0), 'nothing failed')
})

t.test('what fails is counted by its reason', async t => {
  const { app, call, redis, prefix, sql } = await createService(t, { FALLBACK: 'off' })
  await redis.set(`${prefix}tickets:due`, 'not a sorted set')
  await call('POST', '/tickets/1', { customer_id: 1 })
  await redis.del(`${prefix}tickets:due`)
  t.equal((await scrape(app)).value('tickets_redis_errors_total{reason="refused"}'), 1)

  await t.rejects(app.mysql.query('SELECT nonsense', [], 1000))
  await t.rejects(app.mysql.query('SELECT SLEEP(5)', [], 50))
  await t.rejects(app.mysql.transaction(async () => { throw new Error('not of MySQL') }, 1000))
  await sql.query('RENAME TABLE wp_support_tickets TO away')
  await call('GET', '/tickets/1')
  const found = await scrape(app)
  t.strictSame(values(found, ['refused', 'timeout', 'unavailable', 'lock_conflict', 'overloaded'].map(reason => `tickets_mysql_errors_total{reason="${reason}"}`)), [2, 1, 0, 0, 0])
})

t.test('Redis is unavailable: the scrape answers without what Redis holds, and writes are seen to go to the journal', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const { app, call } = await createService(t, {}, await createStores(t, { redis: server.url }))
  await call('POST', '/tickets/1', { customer_id: 1 })
  t.strictSame(values(await scrape(app), ['tickets_redis_up', 'tickets_mysql_up', 'tickets_fallback_active', ...BACKLOG, ...JOURNAL]), [1, 1, 0, 1, 0, 0, 0, 0, 0])

  await server.kill()
  await eventually(async () => {
    if ((await scrape(app)).value('tickets_redis_up') !== 0) throw new Error('still up')
  })
  t.equal((await call('POST', '/tickets/2', { customer_id: 1 })).status, 202)
  t.equal((await call('POST', '/tickets/batch', { operations: [3, 4].map(id => ({ op: 'create', ticket_id: id, customer_id: 1 })) })).status, 200)
  t.equal((await call('PATCH', '/tickets/99', { subject: 'there is no such ticket' })).status, 202)
  const away = await scrape(app)
  t.equal(away.status, 200)
  t.strictSame(values(away, BACKLOG), BACKLOG.map(() => undefined), 'absent, not 0')
  t.ok(BACKLOG.every(name => away.types.has(name)))
  t.strictSame(values(away, ['tickets_mysql_up', 'tickets_fallback_active', 'tickets_journaled_total', ...JOURNAL]), [1, 1, 4, 4, 0])
  t.ok(away.value('tickets_redis_errors_total{reason="not_connected"}')! >= 1)

  await server.restart()
  const back = await eventually(async () => {
    const found = await scrape(app)
    if (found.value('tickets_fallback_active') !== 0 || found.value('tickets_redis_up') !== 1) throw new Error('not yet')
    return found
  })
  t.strictSame(values(back, ['tickets_replayed_total{result="applied"}', 'tickets_replayed_total{result="conflict"}', ...JOURNAL]), [3, 1, 0, 1])
  t.equal(back.value('tickets_unsynced'), 4)
})

t.test('MySQL is unavailable: the scrape answers without the journal', async t => {
  const mariadb = await privateMariadb(t)
  const { app, call } = await createService(t, {}, await createStores(t, { mysql: mariadb.url }))
  await mariadb.kill()
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  const away = await scrape(app)
  t.strictSame(values(away, ['tickets_mysql_up', 'tickets_redis_up', 'tickets_unsynced', 'tickets_due', 'tickets_flushes_total{outcome="error"}', ...JOURNAL]), [0, 1, 1, 1, 1, undefined, undefined])
  t.ok(away.value('tickets_mysql_errors_total{reason="unavailable"}')! >= 1)
  t.ok(away.types.has('tickets_journal_entries'))
  await mariadb.restart()
  await eventually(async () => {
    if ((await scrape(app)).value('tickets_mysql_up') !== 1) throw new Error('still down')
  })
})

t.test('both hang: a scrape answers', async t => {
  const [server, mariadb] = [await privateRedis(t), await privateMariadb(t)]
  // Nobody but the scrape gives up waiting for Redis before the test would be over.
  const { app } = await createService(t, { REDIS_COMMAND_TIMEOUT_MS: 600_000 }, await createStores(t, { redis: server.url, mysql: mariadb.url }))
  await server.pause()
  await mariadb.pause()
  const found = await scrape(app)
  server.resume()
  mariadb.resume()
  t.equal(found.status, 200)
  t.strictSame(values(found, [...BACKLOG, ...JOURNAL]), [...BACKLOG, ...JOURNAL].map(() => undefined))
})

t.test('that a scrape had no answer is no sign that MySQL is unavailable', async t => {
  const mariadb = await privateMariadb(t)
  // Nobody else asks.
  const { app } = await createService(t, { FALLBACK: 'off' }, await createStores(t, { mysql: mariadb.url }))
  await mariadb.pause()
  await t.rejects(app.tickets.journal.counts(SCRAPE_TIMEOUT_MS), { name: 'DatabaseUnavailable' })
  t.ok(app.mysql.isUp())
  mariadb.resume()
})

t.test('a call that hangs is counted as a timeout', async t => {
  const server = await privateRedis(t)
  const { app, call } = await createService(t, { FALLBACK: 'off', REDIS_COMMAND_TIMEOUT_MS: 200 }, await createStores(t, { redis: server.url }))
  const timeouts = (found: Scrape) => found.value('tickets_redis_errors_total{reason="timeout"}')!
  // On a busy machine the start may have had some.
  const before = timeouts(await scrape(app))
  await server.pause()
  t.equal((await call('POST', '/tickets/1', { customer_id: 1 })).body.code, 'outcome_unknown')
  const found = await scrape(app)
  server.resume()
  t.equal(timeouts(found), before + 1)
  t.ok(found.value('tickets_redis_call_duration_seconds_sum{call="write"}')! > 0.1, 'which took its time')
})

t.test('a full Redis is told from others that refuse', async t => {
  const server = await privateRedis(t)
  const stores = await createStores(t, { redis: server.url })
  const { app, call } = await createService(t, { FALLBACK: 'off' }, stores)
  await stores.redis.config('SET', 'maxmemory', '1mb')
  t.equal((await call('POST', '/tickets/1', { customer_id: 1 })).status, 503)
  t.strictSame(values(await scrape(app), ['out_of_memory', 'refused'].map(reason => `tickets_redis_errors_total{reason="${reason}"}`)), [1, 0])
})

t.test('a Cluster of which a part is unavailable: a part of the backlog would look like good news', async t => {
  const { app } = await createService(t)
  app.tickets.sync.backlog = async () => ({ unsynced: 1, waiting: 1, due: 1, dead: 1, oldest_due_age_ms: 1, isIndexed: true, unreachable: 1 })
  t.strictSame(values(await scrape(app), BACKLOG), BACKLOG.map(() => undefined))
})

t.test('FALLBACK=off: the journal is nobody\'s', async t => {
  const { app } = await createService(t, { FALLBACK: 'off' })
  t.strictSame(values(await scrape(app), [...JOURNAL, 'tickets_fallback_active', 'tickets_journaled_total']), [undefined, undefined, 0, 0])
})

t.test('scrapes at the same time ask the stores once', async t => {
  const { app } = await createService(t, { FLUSH_INTERVAL_MS: 3_600_000 })
  let counted = 0
  const { counts } = app.tickets.journal
  app.tickets.journal.counts = timeoutMs => {
    counted += 1
    return counts(timeoutMs)
  }
  let asked = 0
  app.redis.calls.on('ended', call => { if (call === 'backlog') asked += 1 })
  await Promise.all([scrape(app), scrape(app), scrape(app)])
  t.strictSame([asked, counted], [1, 1])
  await scrape(app)
  t.strictSame([asked, counted], [2, 2], 'and the next one again')
})
