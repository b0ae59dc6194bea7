import t from 'tap'
import { createService } from '../../helper.ts'
import { watchResults } from '../../results.ts'
import { createSite } from './site.ts'

const long = (i: number) => Object.fromEntries(Array.from({ length: 50 }, (_, j) => [`field_${j}`, `${i} \u00fc`.padEnd(1000, '.')]))

t.test('a batch of short changes does not read the long values that WordPress holds', async t => {
  const site = await createSite(t)
  const { app, call } = await createService(t, { ...site.variables }, site.stores)
  const ids = await site.posts(60)
  const change = async (fields: (i: number) => object, op = 'update') => {
    t.equal((await call('POST', '/tickets/batch', { operations: ids.map((ticket_id, i) => ({ op, ticket_id, ...op === 'create' && { customer_id: 1 }, ...fields(i) })) })).status, 200)
    const { body } = await call('POST', '/flush', { scope: 'all' })
    t.match(body, { synced: ids.length, retried: 0, dead: 0 })
  }
  await change(i => ({ custom_fields: long(i) }), 'create')
  const largest = watchResults(app.mysql)
  await change(() => ({ subject: 'the long value stays' }))
  t.strictSame(JSON.parse(String((await site.seen(ids[7]!)).meta._ticket_custom_fields)), long(7))
  await change(() => ({ custom_fields: null, subject: 'x' }))
  t.ok(largest.bytes < 1024 * 1024, `${largest.bytes} bytes of ${largest.sql.slice(0, 60)}`)
  t.notOk('_ticket_custom_fields' in (await site.seen(ids[7]!)).meta)
})

t.test('a long value that has not changed is not written again, and one that differs is', async t => {
  const site = await createSite(t)
  const { app, call } = await createService(t, { ...site.variables }, site.stores)
  const [id] = await site.posts(1) as [number]
  await call('POST', `/tickets/${id}`, { customer_id: 1, custom_fields: long(1), status: 'closed' })
  await call('POST', '/flush')
  const statements: string[] = []
  const { transaction } = app.mysql
  app.mysql.transaction = (work, timeoutMs) => transaction(query => work((sql, values) => {
    if (sql.startsWith('INSERT')) statements.push(JSON.stringify(values))
    return query(sql, values)
  }), timeoutMs)
  await call('PATCH', `/tickets/${id}`, { subject: 'x' })
  t.match((await call('POST', '/flush')).body, { synced: 1 })
  t.notOk(statements.join().includes('field_49'))
  await call('PATCH', `/tickets/${id}`, { custom_fields: { field_49: 'y' } })
  t.match((await call('POST', '/flush')).body, { synced: 1 })
  t.strictSame(JSON.parse(String((await site.seen(id)).meta._ticket_custom_fields)), { ...long(1), field_49: 'y' })
})

t.test('a key of another program that MySQL holds equal to one of the service\'s is no value of a ticket', async t => {
  const site = await createSite(t)
  const service = await createService(t, { ...site.variables }, site.stores)
  const { app, call, sql } = service
  const [id] = await site.posts(1) as [number]
  await sql.query('INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES ?', [[[id, '_Ticket_Status', 'theirs'], [id, '_ticket_subject ', 'theirs']]])
  await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed', subject: 'ours' })
  t.match((await call('POST', '/flush')).body, { synced: 1 })
  t.match((await site.seen(id)).meta, { _Ticket_Status: 'theirs', '_ticket_subject ': 'theirs', _ticket_status: 'closed', _ticket_subject: 'ours' })
  t.strictSame(await app.tickets.database.statuses(), ['closed'])
  await service.redis.del(`${service.prefix}ticket:${id}`)
  t.match((await call('GET', `/tickets/${id}`)).body, { status: 'closed', subject: 'ours' })
})
