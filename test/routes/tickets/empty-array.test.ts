import t from 'tap'
import { createService, createStores, privateRedis, eventually } from '../../helper.ts'
import { replayed } from '../../outages/journal.ts'

const key = (value: string) => ({ 'idempotency-key': value })

t.test('custom_fields: [], as PHP encodes an empty array, is {}', async t => {
  const { call, hash } = await createService(t)
  const created = await call('POST', '/tickets/1', { customer_id: 1, custom_fields: [] }, key('a'))
  t.equal(created.status, 201)
  t.notOk('custom_fields' in created.body, 'a ticket without custom fields')
  t.equal((await call('POST', '/tickets/1', { customer_id: 1, custom_fields: {} }, key('a'))).headers['idempotency-replayed'], 'true', 'the same request')

  await call('PATCH', '/tickets/1', { custom_fields: { a: 1, b: 'x' } })
  const changed = await call('PATCH', '/tickets/1', { subject: 'x', custom_fields: [] })
  t.match(changed, { status: 200, body: { subject: 'x', custom_fields: { a: 1, b: 'x' } } }, 'it merges nothing and removes nothing')
  t.equal((await call('PATCH', '/tickets/1', { custom_fields: [] }, key('b'))).status, 200)
  t.equal((await call('PATCH', '/tickets/1', { custom_fields: {} }, key('b'))).headers['idempotency-replayed'], 'true')

  const operations = [{ op: 'create', ticket_id: 2, customer_id: 1, custom_fields: [] }, { op: 'update', ticket_id: 1, custom_fields: [] }]
  t.match(await call('POST', '/tickets/batch', { operations }, key('c')), { status: 200, body: { results: [{ status: 201 }, { status: 200 }] } })
  t.equal((await call('POST', '/tickets/batch', { operations: operations.map(operation => ({ ...operation, custom_fields: {} })) }, key('c'))).headers['idempotency-replayed'], 'true')
  t.match(await hash(1), { 'custom_fields.a': '1', 'custom_fields.b': '"x"' })
})

t.test('a list that is not empty is refused, and so is an empty one elsewhere', async t => {
  const { call } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  for (const custom_fields of [['a'], [[]], [{}], [null]]) {
    t.match(await call('POST', '/tickets/2', { customer_id: 1, custom_fields }), { status: 400, body: { errors: [{ pointer: '/custom_fields', message: 'must be object, not array' }] } })
    t.match(await call('PATCH', '/tickets/1', { custom_fields }), { status: 400, body: { errors: [{ pointer: '/custom_fields', message: 'must be object or null, not array' }] } })
    t.match((await call('POST', '/tickets/batch', { operations: [{ op: 'update', ticket_id: 1, custom_fields }] })).body.results[0], { status: 400, error: { errors: [{ pointer: '/operations/0/custom_fields' }] } })
  }
  t.match(await call('PATCH', '/tickets/1', { subject: [] }), { status: 400, body: { errors: [{ pointer: '/subject', message: 'must be string or null, not array' }] } })
  t.match(await call('PATCH', '/tickets/1', []), { status: 400, body: { errors: [{ pointer: '', message: 'must be object, not array' }] } })
})

t.test('and so it is kept in the journal', async t => {
  const server = await privateRedis(t)
  const { call, hash } = await createService(t, {}, await createStores(t, { redis: server.url }))
  await call('POST', '/tickets/1', { customer_id: 1, custom_fields: { a: 1 } })
  await server.stop()
  await eventually(async () => {
    const { status } = await call('PATCH', '/tickets/1', { subject: 'x', custom_fields: [] })
    if (status !== 202) throw new Error(String(status))
  })
  t.match((await call('GET', '/journal?state=pending')).body.entries.at(-1).fields, { subject: 'x', custom_fields: {} })
  t.notOk(Array.isArray((await call('GET', '/journal?state=pending')).body.entries.at(-1).fields.custom_fields))
  await server.restart()
  await replayed({ call })
  t.match(await hash(1), { subject: 'x', 'custom_fields.a': '1' })
})
