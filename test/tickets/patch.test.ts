import t from 'tap'
import { createService } from '../helper.ts'

const whole = { customer_id: 5, subject: 'S', category: 'c', priority: 'p', assigned_to: 7, custom_fields: { a: 1, b: 'x', c: true } }

t.test('200: what is absent stays, null removes, custom_fields is merged', async t => {
  const { call, hash } = await createService(t)
  const created = await call('POST', '/tickets/1', whole)
  const changed = await call('PATCH', '/tickets/1', { subject: null, assigned_to: 8, custom_fields: { a: null, b: 'y', d: false } })

  t.equal(changed.status, 200)
  t.equal(changed.headers.etag, `"${changed.body.version}"`)
  t.ok(changed.body.version > created.body.version, 'the version grew')
  const { version, updated_at, ...rest } = changed.body
  t.strictSame(rest, {
    ticket_id: 1,
    customer_id: 5,
    status: 'open',
    category: 'c',
    priority: 'p',
    assigned_to: 8,
    custom_fields: { b: 'y', c: true, d: false },
    created_at: created.body.created_at,
    synced_version: null,
  })
  t.strictSame((await call('GET', '/tickets/1')).body, changed.body)
  t.notOk('subject' in await hash(1), 'removed from the hash')
})

t.test('200: every optional field can be removed, custom_fields as a whole too', async t => {
  const { call, hash } = await createService(t)
  await call('POST', '/tickets/1', whole)
  const { status, body } = await call('PATCH', '/tickets/1', { subject: null, category: null, priority: null, assigned_to: null, custom_fields: null })
  t.equal(status, 200)
  t.strictSame(Object.keys(body).sort(), ['created_at', 'customer_id', 'status', 'synced_version', 'ticket_id', 'updated_at', 'version'])
  t.strictSame(Object.keys(await hash(1)).sort(), ['created_at', 'customer_id', 'status', 'ticket_id', 'updated_at', 'version'])
})

t.test('closed_at stands exactly while the status is a closed one', async t => {
  const { call } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  const resolved = (await call('PATCH', '/tickets/1', { status: 'resolved' })).body
  t.equal(resolved.closed_at, resolved.updated_at)
  t.equal((await call('PATCH', '/tickets/1', { status: 'closed' })).body.closed_at, resolved.closed_at, 'from one closed status to another it stays')
  t.equal((await call('PATCH', '/tickets/1', { subject: 'x' })).body.closed_at, resolved.closed_at, 'a change while closed leaves it')
  t.notOk('closed_at' in (await call('PATCH', '/tickets/1', { status: 'open' })).body, 'reopening removes it')
})

t.test('versions grow, however fast the changes come', async t => {
  const { call } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => call('PATCH', '/tickets/1', { assigned_to: i + 1 })))
  const versions = answers.map(({ body }) => body.version)
  t.equal(new Set(versions).size, 200, 'no version twice')
  t.strictSame(versions, versions.toSorted(), 'in the order of arrival')
  t.equal((await call('GET', '/tickets/1')).body.assigned_to, 200, 'the last one stands')
})

t.test('the version grows even if the ticket is ahead of the clock', async t => {
  const { call, redis, prefix } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  const ahead = Date.now() + 3_600_000
  await redis.hset(`${prefix}ticket:1`, 'version', ahead)
  t.equal((await call('PATCH', '/tickets/1', { subject: 'x' })).body.version, ahead + 1)
})

t.test('404: there is no such ticket', async t => {
  const { call, hash } = await createService(t)
  const { status, body } = await call('PATCH', '/tickets/1', { subject: 'x' })
  t.equal(status, 404)
  t.equal(body.code, 'ticket_not_found')
  t.strictSame(await hash(1), {}, 'nothing was written')
})

t.test('If-Match', async t => {
  const { call } = await createService(t)
  const { headers } = await call('POST', '/tickets/1', { customer_id: 1 })
  const change = (ifMatch: string) => call('PATCH', '/tickets/1', { subject: ifMatch.slice(0, 50) }, { 'if-match': ifMatch })

  const stale = String(headers.etag)
  const changed = await change(stale)
  t.equal(changed.status, 200, 'the version fits')

  const conflict = await change(stale)
  t.equal(conflict.status, 412)
  t.equal(conflict.body.code, 'version_conflict')
  t.strictSame((await call('GET', '/tickets/1')).body, changed.body, 'nothing was changed')

  t.equal((await change(`W/${String(changed.headers.etag)}`)).status, 412, 'a weak tag fits nothing')
  t.equal((await change('"other"')).status, 412, 'a tag that is no version')
  t.equal((await change(`"1,${changed.body.version},2"`)).status, 412, 'a comma in a tag')
  t.equal((await change('*')).status, 200, 'any')
  const { etag } = (await call('GET', '/tickets/1')).headers
  t.equal((await change(`"1", ${String(etag)}`)).status, 200, 'one of a list')
  t.equal((await change('123')).status, 400, 'without its quotes')
})

t.test('the merge cannot pass 50 custom fields', async t => {
  const { call } = await createService(t)
  const fields = (from: number, count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${from + i}`, i]))
  const { body } = await call('POST', '/tickets/1', { customer_id: 1, custom_fields: fields(0, 49) })
  const refused = await call('PATCH', '/tickets/1', { subject: 'no', custom_fields: fields(49, 2) })
  t.equal(refused.status, 400)
  t.match(refused.body, { code: 'validation_failed', errors: [{ pointer: '/custom_fields' }] })
  t.strictSame((await call('GET', '/tickets/1')).body, body, 'nothing was changed')
  t.equal((await call('PATCH', '/tickets/1', { custom_fields: { f0: null, ...fields(49, 2) } })).status, 200, 'removing one makes room')
})
