import { createHash } from 'node:crypto'
import t from 'tap'
import { createService, createStores } from '../helper.ts'

t.test('204: what is left in Redis and MySQL says nothing of the customer', async t => {
  const { call, hash, row, due, redis, prefix } = await createService(t)
  const created = await call('POST', '/tickets/1', { customer_id: 77, subject: 'private', assigned_to: 7, custom_fields: { a: 'private' } })
  await call('POST', '/flush', { scope: 'all' })
  const deleted = await call('DELETE', '/tickets/1')
  t.strictSame([deleted.status, deleted.text], [204, ''])
  const left = await hash(1)
  t.strictSame(Object.keys(left).sort(), ['deleted_at', 'synced_version', 'ticket_id', 'version'])
  t.ok(Number(left.version) > created.body.version)
  t.equal(await redis.ttl(`${prefix}ticket:1`), -1, 'it stays until MySQL has it')
  t.ok(Number(await due(1)) <= Date.now() + 1000, 'it is due at once')

  t.match((await call('POST', '/flush')).body, { claimed: 1, synced: 1 })
  t.match(await row(1), { customer_id: 0, subject: null, status: '', assigned_to: null, custom_fields: null, closed_at: null, version: Number(left.version) })
  t.ok((await row(1))!.deleted_at)
  t.ok(await redis.ttl(`${prefix}ticket:1`) > 604_000)
  t.equal(await due(1), null)
})

t.test('410 on reads and changes, 409 on a create, missing in a list', async t => {
  const { call, redis, prefix } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  await call('DELETE', '/tickets/1')
  const check = async () => {
    t.match(await call('GET', '/tickets/1'), { status: 410, body: { code: 'ticket_deleted' } })
    t.match(await call('PATCH', '/tickets/1', { subject: 'x' }), { status: 410, body: { code: 'ticket_deleted' } })
    t.match(await call('DELETE', '/tickets/1'), { status: 410, body: { code: 'ticket_deleted' } })
    t.match(await call('POST', '/tickets/1', { customer_id: 1 }), { status: 409, body: { code: 'ticket_exists', detail: /was deleted/ } })
    t.strictSame((await call('GET', '/tickets?ids=1,2')).body, { tickets: [], missing: [1, 2] })
    t.match((await call('POST', '/flush', { ticket_ids: [1] })).body.results, [{ ticket_id: 1, state: 'deleted' }])
  }
  await check()
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:1`)
  t.comment('MySQL alone has it')
  await check()
})

t.test('404 and 412, and a body', async t => {
  const { call } = await createService(t)
  t.match(await call('DELETE', '/tickets/1'), { status: 404, body: { code: 'ticket_not_found' } })
  const { headers } = await call('POST', '/tickets/1', { customer_id: 1 })
  await call('PATCH', '/tickets/1', { subject: 'new' })
  t.match(await call('DELETE', '/tickets/1', undefined, { 'if-match': String(headers.etag) }), { status: 412, body: { code: 'version_conflict' } })
  t.match(await call('DELETE', '/tickets/1', { reason: 'x' }), { status: 400, body: { code: 'validation_failed' } })
  const { headers: { etag } } = await call('GET', '/tickets/1')
  t.equal((await call('DELETE', '/tickets/1', undefined, { 'if-match': String(etag) })).status, 204)
})

t.test('what only MySQL holds is deleted, too', async t => {
  const { call, redis, prefix, row } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:1`)
  t.equal((await call('DELETE', '/tickets/1')).status, 204)
  await call('POST', '/flush')
  t.ok((await row(1))!.deleted_at)
})

t.test('the same request again with its key', async t => {
  const { call } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  const key = { 'idempotency-key': 'k' }
  t.equal((await call('DELETE', '/tickets/1', undefined, key)).status, 204)
  const again = await call('DELETE', '/tickets/1', undefined, key)
  t.strictSame([again.status, again.headers['idempotency-replayed']], [204, 'true'])
  t.equal((await call('DELETE', '/tickets/1', undefined, { ...key, 'if-match': '"1"' })).status, 422)
})

t.test('in a batch: in its order, each with a result', async t => {
  const { call } = await createService(t)
  const { body, status } = await call('POST', '/tickets/batch', {
    operations: [
      { op: 'create', ticket_id: 1, customer_id: 1 },
      { op: 'delete', ticket_id: 1, if_match: '"1"' },
      { op: 'delete', ticket_id: 1 },
      { op: 'update', ticket_id: 1, subject: 'late' },
      { op: 'create', ticket_id: 1, customer_id: 1 },
      { op: 'delete', ticket_id: 2 },
      { op: 'delete', ticket_id: 3, subject: 'x' },
    ],
  })
  t.equal(status, 207)
  t.strictSame(body.results.map((result: { status: number }) => result.status), [201, 412, 204, 410, 409, 404, 400])
})

t.test('403 without the scope erase, by the route and in a batch', async t => {
  const stores = await createStores(t)
  const key = (name: string, scopes: string) => `${name}:${scopes}:${createHash('sha256').update(name).digest('hex')}`
  const { call } = await createService(t, { API_KEYS: [key('writer', 'read+write'), key('eraser', 'write+erase')].join() }, stores)
  const as = (name: string) => ({ authorization: `Bearer ${name}` })
  await call('POST', '/tickets/1', { customer_id: 1 }, as('writer'))
  t.match(await call('DELETE', '/tickets/1', undefined, as('writer')), { status: 403, body: { code: 'forbidden', detail: /erase/ } })
  const operations = [{ op: 'delete', ticket_id: 1 }, { op: 'update', ticket_id: 1, subject: 'x' }]
  t.match((await call('POST', '/tickets/batch', { operations }, as('writer'))).body.results, [{ status: 403, error: { code: 'forbidden' } }, { status: 200 }])
  t.match((await call('POST', '/tickets/batch', { operations: operations.slice(0, 1) }, as('eraser'))).body.results, [{ status: 204 }])
})

t.test('when the tombstone has expired, the id is free, and MySQL takes the new ticket', async t => {
  const { call, redis, prefix, sql, row, app } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  await call('POST', '/tickets/2', { customer_id: 1 })
  for (const id of [1, 2]) await call('DELETE', `/tickets/${id}`)
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:1`, `${prefix}ticket:2`)
  await sql.query('UPDATE wp_support_tickets SET deleted_at = deleted_at - INTERVAL 8 DAY, updated_at = updated_at - INTERVAL 8 DAY, synced_at = synced_at - INTERVAL 8 DAY')
  t.equal((await call('GET', '/tickets/1')).status, 404)
  t.equal((await call('POST', '/tickets/1', { customer_id: 5, status: 'closed' })).status, 201)
  t.match((await call('POST', '/flush')).body, { synced: 1, dead: 0 })
  t.match(await row(1), { customer_id: 5, deleted_at: null })
  t.equal(await app.tickets.database.purgeTombstones(), 1)
  t.equal(await row(2), undefined)
  t.match(await row(1), { customer_id: 5 })
})

t.test('a tombstone that has not expired is not purged', async t => {
  const { call, row, app } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  await call('DELETE', '/tickets/1')
  await call('POST', '/flush')
  t.equal(await app.tickets.database.purgeTombstones(), 0)
  t.ok(await row(1))
})
