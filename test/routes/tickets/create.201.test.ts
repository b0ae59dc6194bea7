import t from 'tap'
import { createService } from '../../helper.ts'

const whole = {
  customer_id: 5,
  subject: 'Órder íssue 🎫',
  status: 'pending',
  category: 'billing',
  priority: 'high',
  channel: 'email',
  assigned_to: 7,
  custom_fields: { order: 'A-1', amount: 12.5, vip: true },
  created_at: 1_700_000_000,
}

t.test('201: every field, Location, ETag', async t => {
  const { call, hash } = await createService(t)
  const before = Math.floor(Date.now() / 1000)
  const { status, headers, body } = await call('POST', '/tickets/12', whole)

  t.equal(status, 201)
  t.equal(headers.location, '/tickets/12')
  t.equal(headers.etag, `"${body.version}"`)
  t.match(headers['content-type'], 'application/json')
  const { updated_at, version, ...rest } = body
  t.strictSame(rest, { ticket_id: 12, ...whole, synced_version: null })
  t.ok(updated_at >= before && updated_at <= before + 60, 'updated_at is now')
  t.equal(Math.floor(version / 1000), updated_at, 'the version is the time in ms')

  t.strictSame((await call('GET', '/tickets/12')).body, body, 'read back the same')
  t.strictSame({ ...await hash(12) }, {
    ticket_id: '12',
    customer_id: '5',
    subject: whole.subject,
    status: 'pending',
    category: 'billing',
    priority: 'high',
    channel: 'email',
    assigned_to: '7',
    'custom_fields.order': '"A-1"',
    'custom_fields.amount': '12.5',
    'custom_fields.vip': 'true',
    created_at: '1700000000',
    updated_at: String(updated_at),
    version: String(version),
    first_version: String(version),
  }, 'the hash is flat')
})

t.test('201: defaults', async t => {
  const { call } = await createService(t)
  const { body } = await call('POST', '/tickets/1', { customer_id: 1 })
  t.strictSame(body, {
    ticket_id: 1,
    customer_id: 1,
    status: 'open',
    created_at: body.updated_at,
    updated_at: body.updated_at,
    version: body.version,
    synced_version: null,
  })
  t.strictSame((await call('GET', '/tickets/1')).body, body)
})

t.test('201: no custom fields are no custom fields', async t => {
  const { call } = await createService(t)
  const { body } = await call('POST', '/tickets/1', { customer_id: 1, custom_fields: {} })
  t.strictSame((await call('GET', '/tickets/1')).body, body)
})

t.test('201: born closed', async t => {
  const { call, due } = await createService(t)
  const { body } = await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  t.equal(body.closed_at, body.updated_at)
  t.strictSame((await call('GET', '/tickets/1')).body, body)
  t.not(await due(1), 'inf', 'due now')
})

t.test('201: the largest id and longest values', async t => {
  const { call, row } = await createService(t)
  const id = Number.MAX_SAFE_INTEGER
  const fields = {
    customer_id: id,
    status: 'closed',
    subject: '🎫'.repeat(255),
    custom_fields: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, 'x'.repeat(1024)])),
  }
  t.equal((await call('POST', `/tickets/${id}`, fields)).status, 201)
  t.match((await call('POST', '/flush')).body, { synced: 1 })
  t.match((await call('GET', `/tickets/${id}`)).body, fields)
  t.match(await row(id), { customer_id: id, subject: fields.subject })
})
