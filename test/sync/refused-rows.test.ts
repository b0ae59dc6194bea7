import t from 'tap'
import { createService } from '../helper.ts'

/** A rule of the operator's that the service does not know. */
const rule = (table: string) => `ALTER TABLE ${table} ADD CONSTRAINT no_poison CHECK (subject IS NULL OR subject <> 'poison')`

t.test('a row that MySQL refuses does not stop the others, and is tried again with growing pauses', async t => {
  const { call, sql, rows, due, lines, redis, prefix } = await createService(t)
  await call('GET', '/health/ready')
  await sql.query(rule('wp_support_tickets'))
  for (let id = 1; id <= 50; id += 1) {
    await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed', subject: id % 20 === 0 ? 'poison' : 'good' })
  }
  t.match((await call('POST', '/flush')).body, { claimed: 50, synced: 48, retried: 2, remaining: 2 })
  t.equal((await rows()).length, 48, 'the good rows are committed in the same pass')
  const line = await lines.waitFor(({ ticket_id, msg }) => ticket_id === 20 && /could not be written/.test(msg))
  t.match(line, { attempts: 1, reason: /no_poison/ })

  const wait = async () => Number(await due(20)) - Number((await redis.time())[0]) * 1000
  t.ok(await wait() > -1000 && await wait() <= 2000, 'the first pause is about a second')
  for (const attempts of [2, 3, 4]) {
    await redis.zadd(`${prefix}tickets:due`, 0, '20')
    await call('POST', '/flush')
    t.match(JSON.parse((await redis.hget(`${prefix}tickets:failures`, '20'))!), { attempts })
  }
  t.ok(await wait() > 5000, 'the fourth is longer')

  await call('PATCH', '/tickets/20', { subject: 'good' })
  t.match((await call('POST', '/flush')).body, { synced: 1 }, 'a new write brings it back at once')
  t.equal(await redis.hget(`${prefix}tickets:failures`, '20'), null, 'and clears its record')
})

for (const [name, statements] of [
  ['a trigger that signals what says nothing of data', ["CREATE TRIGGER refuse BEFORE INSERT ON wp_support_tickets FOR EACH ROW IF NEW.ticket_id = 5 THEN SIGNAL SQLSTATE 'HY000' SET MESSAGE_TEXT = 'no'; END IF"]],
  ['a trigger that needs a table that is gone', ['CREATE TABLE audit (id INT)', 'CREATE TRIGGER refuse BEFORE INSERT ON wp_support_tickets FOR EACH ROW IF NEW.ticket_id = 5 THEN INSERT INTO audit VALUES (1); END IF', 'DROP TABLE audit']],
  ['a partition that is missing', ['ALTER TABLE wp_support_tickets PARTITION BY LIST (ticket_id) (PARTITION p VALUES IN (1,2,3,4,6,7,8,9,10))']],
] as const) {
  t.test(`an error that may be the server's, for one row alone: ${name}`, async t => {
    const { call, sql, rows } = await createService(t, { FLUSH_MAX_ATTEMPTS: 1 })
    for (const statement of statements) await sql.query(statement)
    await call('POST', '/tickets/batch', { operations: Array.from({ length: 10 }, (_, i) => ({ op: 'create', ticket_id: i + 1, customer_id: 1, status: 'closed' })) })
    t.match((await call('POST', '/flush')).body, { claimed: 10, synced: 9, dead: 1 })
    t.strictSame((await rows()).map(row => row.ticket_id), [1, 2, 3, 4, 6, 7, 8, 9, 10])
  })
}

t.test('an error that all rows meet is counted against none', async t => {
  const { call, sql, redis, prefix } = await createService(t)
  await sql.query("CREATE TRIGGER refuse BEFORE INSERT ON wp_support_tickets FOR EACH ROW SIGNAL SQLSTATE 'HY000' SET MESSAGE_TEXT = 'closed for today'")
  await call('POST', '/tickets/batch', { operations: Array.from({ length: 10 }, (_, i) => ({ op: 'create', ticket_id: i + 1, customer_id: 1, status: 'closed' })) })
  t.match(await call('POST', '/flush'), { status: 503, body: { code: 'store_unavailable' } })
  t.equal(await redis.exists(`${prefix}tickets:failures`), 0)
  t.match((await call('GET', '/flush')).body, { due: 10 })
})

t.test('a ticket that was corrected while its row was refused is not blamed, though the change is not due by itself', async t => {
  const { call, app, due, redis, prefix } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1, subject: 'poison' })
  const { dueIndex } = app.tickets.shards.all[0]!
  const { lease, tickets } = await dueIndex.claim({ leaseMs: 30_000, ticketsMax: 10, ids: [1] })
  await call('PATCH', '/tickets/1', { subject: 'good' })
  t.strictSame(await dueIndex.retry(lease, [{ ticketId: 1, version: tickets[0]!.version, reason: 'refused' }]), [0])
  t.ok(Number(await due(1)) <= Date.now(), 'it is due at once')
  t.equal(await redis.exists(`${prefix}tickets:failures`), 0)
})

t.test('a ticket that changed between claim and settling is due at once, though the change is not due by itself', async t => {
  const { call, app, due } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  const { dueIndex } = app.tickets.shards.all[0]!
  const { lease, tickets } = await dueIndex.claim({ leaseMs: 30_000, ticketsMax: 10, ids: [1] })
  await call('PATCH', '/tickets/1', { subject: 'newer' })
  t.strictSame(await dueIndex.acknowledge(lease, tickets), { inStep: 0, older: [] })
  t.ok(Number(await due(1)) <= Date.now())
})

t.test('a hash that is no ticket is logged and passed over', async t => {
  const { call, redis, prefix, rows, lines } = await createService(t)
  for (const id of [1, 2, 3, 4]) await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  await redis.hset(`${prefix}ticket:2`, 'customer_id', 'abc')
  await redis.set(`${prefix}ticket:3`, 'a string')

  for (const [method, body] of [['GET', undefined], ['PATCH', { subject: 'x' }]] as const) {
    for (const id of [2, 3]) {
      const answer = await call(method, `/tickets/${id}`, body)
      t.match(answer, { status: 500, body: { code: 'internal_error' } }, `${method} ${id}`)
      t.notMatch(answer.text, /abc|WRONGTYPE|customer_id/, 'says nothing of the inside')
    }
  }
  t.match(await lines.waitFor(({ ticket_id }) => ticket_id === 2), { level: 50 }, 'logged with the id')
  t.equal((await redis.hgetall(`${prefix}ticket:2`)).subject, undefined, 'the change was not made')
  t.equal((await call('GET', '/tickets/1')).status, 200, 'the others are well')

  const many = await call('GET', '/tickets?ids=1,2,3,9')
  t.equal(many.status, 200)
  t.match(many.body, { tickets: [{ ticket_id: 1 }], missing: [9], errors: [{ ticket_id: 2, error: { code: 'internal_error' } }, { ticket_id: 3 }] })

  t.match((await call('POST', '/flush')).body, { synced: 2, retried: 2 })
  t.strictSame((await rows()).map(row => row.ticket_id), [1, 4])
  t.match((await call('POST', '/flush', { ticket_ids: [2] })).body.results, [{ ticket_id: 2, state: 'unreadable' }])
})

t.test('a foreign program can repair or spoil one field without harm to the others of its turn', async t => {
  const { call, redis, prefix } = await createService(t)
  for (const id of [1, 2, 3]) await call('POST', `/tickets/${id}`, { customer_id: 1 })
  await redis.hdel(`${prefix}ticket:2`, 'version')
  const answers = await Promise.all([1, 2, 3].map(id => call('PATCH', `/tickets/${id}`, { subject: 'x' })))
  t.strictSame(answers.map(({ status }) => status), [200, 500, 200])
})

t.test('a ticket whose hash was deleted by another program leaves a trace', async t => {
  const { call, redis, prefix, lines, due } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await redis.del(`${prefix}ticket:1`)
  t.match((await call('POST', '/flush')).body, { claimed: 0, synced: 0, remaining: 0 })
  t.match(await lines.waitFor(({ member }) => member === '1'), { level: 50, msg: /vanished/ })
  t.equal(await due(1), null)
})
