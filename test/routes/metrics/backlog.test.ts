import t from 'tap'
import { createService } from '../../helper.ts'
import { scrape } from './scrape.ts'

t.test('the backlog, and what flushes make of it', async t => {
  const { app, call, sql, redis, prefix } = await createService(t, { FLUSH_MAX_ATTEMPTS: 2 })
  await sql.query('ALTER TABLE wp_support_tickets ADD CONSTRAINT no_poison CHECK (subject IS NULL OR subject <> \'poison\')')
  await call('POST', '/tickets/batch', {
    operations: [
      ...[1, 2].map(id => ({ op: 'create', ticket_id: id, customer_id: 1, status: 'closed' })),
      { op: 'create', ticket_id: 3, customer_id: 1, status: 'closed', subject: 'poison' },
      { op: 'create', ticket_id: 4, customer_id: 1 },
    ],
  })
  await redis.zadd(`${prefix}tickets:due`, Date.now() - 5000, '1')

  const before = await scrape(app)
  t.strictSame(['tickets_unsynced', 'tickets_due', 'tickets_dead_letters'].map(before.value), [4, 3, 0])
  const age = before.value('tickets_oldest_due_age_seconds')!
  t.ok(age >= 5 && age < 60, `${age} s`)

  const flushed = async () => {
    const { value } = await scrape(app)
    const counts = ['claimed', 'synced', 'retried', 'dead'].map(result => value(`tickets_flush_tickets_total{result="${result}"}`))
    return { counts, ok: value('tickets_flushes_total{outcome="ok"}'), error: value('tickets_flushes_total{outcome="error"}'), timed: value('tickets_flush_duration_seconds_count') }
  }
  t.strictSame(await flushed(), { counts: [0, 0, 0, 0], ok: 1, error: 0, timed: 1 }, 'the one at the start')
  await call('POST', '/flush')
  t.strictSame(await flushed(), { counts: [3, 2, 1, 0], ok: 2, error: 0, timed: 2 })
  await call('POST', '/flush', { ticket_ids: [3] })
  t.strictSame(await flushed(), { counts: [4, 2, 1, 1], ok: 3, error: 0, timed: 3 })
  await sql.query('RENAME TABLE wp_support_tickets TO away')
  await call('POST', '/flush', { ticket_ids: [4] })
  t.strictSame(await flushed(), { counts: [4, 2, 1, 1], ok: 3, error: 1, timed: 4 }, 'what was given back is not counted')

  const after = await scrape(app)
  t.strictSame(['tickets_unsynced', 'tickets_due', 'tickets_dead_letters'].map(after.value), [1, 1, 1])
  await sql.query('RENAME TABLE away TO wp_support_tickets')
  await call('POST', '/flush')
  t.strictSame(['tickets_unsynced', 'tickets_due', 'tickets_oldest_due_age_seconds', 'tickets_dead_letters'].map((await scrape(app)).value), [0, 0, 0, 1])
})

t.test('whether the indexes for lists are whole, and how often they were built', async t => {
  const { app, call, redis, prefix } = await createService(t)
  const { reindex } = app.tickets.sync
  const build = async () => {
    reindex.look()
    await reindex.ended()
  }
  const values = async () => {
    const { value } = await scrape(app)
    return [value('tickets_indexes_whole'), value('tickets_index_builds_total{outcome="built"}'), value('tickets_index_builds_total{outcome="failed"}')]
  }
  await build()
  t.strictSame(await values(), [1, 1, 0])
  await call('POST', '/tickets/1', { customer_id: 1 })
  await redis.hdel(`${prefix}tickets:index`, 'state')
  t.strictSame(await values(), [0, 1, 0])
  const { index } = app.tickets.shards.all[0]!
  const { rebuild } = index
  index.rebuild = async () => { throw new Error('no right') }
  await build()
  t.strictSame(await values(), [0, 1, 1])
  index.rebuild = rebuild
  await build()
  t.strictSame(await values(), [1, 2, 1])

  const off = await createService(t, { LISTS: 'off' })
  t.equal((await scrape(off.app)).value('tickets_indexes_whole'), undefined)
})
