import t from 'tap'
import { createService } from '../../helper.ts'

const minimal = { prefer: 'return=minimal' }

t.test('Prefer: return=minimal: a create and a change have no body, and are made', async t => {
  const { call, hash } = await createService(t)
  const created = await call('POST', '/tickets/1', { customer_id: 1, custom_fields: { a: 1 } }, minimal)
  t.match(created, { status: 201, headers: { location: '/tickets/1', etag: /^"\d+"$/, 'preference-applied': 'return=minimal', 'content-length': '0' } })
  t.strictSame([created.body, created.headers['content-type']], [undefined, undefined])
  t.equal(created.headers.etag, `"${(await hash(1)).version}"`)

  const changed = await call('PATCH', '/tickets/1', { status: 'closed', custom_fields: { b: 2 } }, { ...minimal, 'if-match': String(created.headers.etag) })
  t.match(changed, { status: 204, headers: { 'preference-applied': 'return=minimal' } })
  t.strictSame([changed.body, changed.headers['content-type'], changed.headers['content-length']], [undefined, undefined, undefined])
  t.match(await call('GET', '/tickets/1'), { headers: { etag: changed.headers.etag }, body: { status: 'closed', custom_fields: { a: 1, b: 2 } } })
})

t.test('a refusal has its body', async t => {
  const { call } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 }, minimal)
  for (const [method, url, body, headers, status] of [
    ['POST', '/tickets/1', { customer_id: 1 }, {}, 409],
    ['PATCH', '/tickets/2', { status: 'open' }, {}, 404],
    ['PATCH', '/tickets/1', { status: 'open' }, { 'if-match': '"1"' }, 412],
    ['PATCH', '/tickets/1', { status: '' }, {}, 400],
  ] as const) {
    const answer = await call(method, url, body, { ...minimal, ...headers })
    t.match(answer, { status, body: { code: String, detail: String } })
    t.equal(answer.headers['preference-applied'], undefined)
  }
})

t.test('it is found among others, and what is no such preference is ignored', async t => {
  const { call } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  for (const [prefer, status] of [
    ['Return = "minimal"', 204], ['respond-async, wait=10, RETURN=MINIMAL; foo="a"', 204], ['return=minimal, return=representation', 204],
    ['return=representation, return=minimal', 200], ['return=representation', 200], ['minimal', 200], ['return', 200], ['return=minimalist', 200], ['handling=lenient; return=minimal', 200], ['', 200], [',;=",', 200],
  ] as const) {
    t.equal((await call('PATCH', '/tickets/1', { subject: prefer.slice(0, 9) || 'x' }, { prefer })).status, status, prefer)
  }
})

t.test('what it was the first time does not count for a repetition', async t => {
  const { call } = await createService(t)
  const create = (headers: object) => call('POST', '/tickets/1', { customer_id: 1 }, { 'idempotency-key': 'create', ...headers })
  const change = (headers: object) => call('PATCH', '/tickets/1', { subject: 'x' }, { 'idempotency-key': 'change', ...headers })
  const created = await create(minimal)
  const replay = { 'idempotency-replayed': 'true', etag: created.headers.etag }
  const again = await create(minimal)
  t.match(again, { status: 201, headers: { ...replay, 'preference-applied': 'return=minimal' } })
  t.equal(again.body, undefined)
  t.match(await create({}), { status: 201, headers: replay, body: { ticket_id: 1, customer_id: 1 } })

  const changed = await change(minimal)
  await call('PATCH', '/tickets/1', { priority: 'high' })
  t.match(await change(minimal), { status: 204, headers: { 'idempotency-replayed': 'true', etag: changed.headers.etag } })
  t.match(await change({}), { status: 200, headers: { 'idempotency-replayed': 'true' }, body: { subject: 'x', priority: 'high' } }, 'the ticket as it is now')

  const whole = await call('PATCH', '/tickets/1', { subject: 'y' }, { 'idempotency-key': 'whole' })
  t.match(await call('PATCH', '/tickets/1', { subject: 'y' }, { 'idempotency-key': 'whole', ...minimal }), { status: 204, headers: { 'idempotency-replayed': 'true', etag: whole.headers.etag } })
})
