import t from 'tap'
import { createService } from '../../helper.ts'

const whole = { customer_id: 5, subject: 'S', category: 'c', priority: 'p', channel: 'chat', assigned_to: 7, custom_fields: { a: 1, b: 'x', c: true } }

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
    channel: 'chat',
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
  const { status, body } = await call('PATCH', '/tickets/1', { subject: null, category: null, priority: null, channel: null, assigned_to: null, custom_fields: null })
  t.equal(status, 200)
  t.strictSame(Object.keys(body).sort(), ['created_at', 'customer_id', 'status', 'synced_version', 'ticket_id', 'updated_at', 'version'])
  t.strictSame(Object.keys(await hash(1)).sort(), ['created_at', 'customer_id', 'first_version', 'status', 'ticket_id', 'updated_at', 'version'])
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
