import t from 'tap'
import { createService, createStores, eventually, privateRedis } from '../../helper.ts'
import { startProxy } from '../../faults/harness/proxy.ts'
import { insertEntry, journaling, ready } from '../../outages/journal.ts'

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

t.test('an entry in conflict is resolved once', async t => {
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

t.test('what an operator applies is known by the same key to every version: a create as 0, a change as 1', async t => {
  const { call, sql, redis, prefix } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  const key = '8e03978e-40d5-43e8-bc93-6894a57f9324'
  await insertEntry(sql, { seq: 10, ticket_id: 1, fields: { subject: 'applied' }, state: 'conflict' })
  await sql.query('UPDATE wp_support_tickets_journal SET settle_key = ? WHERE seq = 10', [key])
  t.equal((await call('POST', '/journal/10/apply')).status, 200)
  t.strictSame((await redis.hkeys(`${prefix}idem:${key}`)).sort(), ['1', 'fingerprint'])
})
