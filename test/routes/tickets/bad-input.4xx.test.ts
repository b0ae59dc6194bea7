import t from 'tap'
import { createService } from '../../helper.ts'

/** Requests that are refused before anything is written: what is sent, what is answered. */
const bodies: [string, unknown, { pointer?: string, message?: RegExp }][] = [
  ['an array', [], { pointer: '', message: /object/ }],
  ['null', 'null', { pointer: '', message: /object, not null/ }],
  ['text', '"x"', { pointer: '', message: /object/ }],
  ['an unknown field', { customer_id: 1, foo: 1 }, { pointer: '/foo', message: /unknown.*subject/ }],
  ['an unknown field with a slash', { customer_id: 1, 'a/b~c': 1 }, { pointer: '/a~1b~0c', message: /unknown/ }],
  ['a number as text', { customer_id: '1' }, { pointer: '/customer_id', message: /integer, not "1"/ }],
  ['a customer of 0', { customer_id: 0 }, { pointer: '/customer_id', message: />= 1/ }],
  ['a customer of 1.5', { customer_id: 1.5 }, { pointer: '/customer_id', message: /integer/ }],
  ['a customer of 2^53', { customer_id: 2 ** 53 }, { pointer: '/customer_id', message: /<= 9007199254740991/ }],
  ['a customer of 1e400', '{"customer_id":1e400}', { pointer: '/customer_id', message: /integer/ }],
  ['a status that is not in the list', { customer_id: 1, status: 'done' }, { pointer: '/status', message: /open, pending, on-hold, resolved, closed/ }],
  ['an empty subject', { customer_id: 1, subject: '' }, { pointer: '/subject', message: /1 char/ }],
  ['a subject of 256 characters', { customer_id: 1, subject: 'x'.repeat(256) }, { pointer: '/subject', message: /255/ }],
  ['a channel of 65 characters', { customer_id: 1, channel: 'x'.repeat(65) }, { pointer: '/channel', message: /64/ }],
  ['a category of 65 characters', { customer_id: 1, category: 'x'.repeat(65) }, { pointer: '/category', message: /64/ }],
  ['an assignee of false', { customer_id: 1, assigned_to: false }, { pointer: '/assigned_to', message: /integer.*, not false/ }],
  ['51 custom fields', { customer_id: 1, custom_fields: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`f${i}`, i])) }, { pointer: '/custom_fields', message: /50/ }],
  ['a custom field with a bad name', { customer_id: 1, custom_fields: { Bad: 1 } }, { pointer: '/custom_fields/Bad', message: /not a valid name.*pattern/ }],
  ['a custom field that is an object', { customer_id: 1, custom_fields: { a: {} } }, { pointer: '/custom_fields/a', message: /string or number or boolean/ }],
  ['a custom field of 1025 characters', { customer_id: 1, custom_fields: { a: 'x'.repeat(1025) } }, { pointer: '/custom_fields/a', message: /1024/ }],
  ['a custom field that would lose digits', '{"customer_id":1,"custom_fields":{"a":12345678901234567890}}', { pointer: '/custom_fields/a', message: /9007199254740991/ }],
  ...['ticket_id', 'updated_at', 'closed_at', 'version', 'synced_version'].map((field): [string, unknown, { pointer: string, message: RegExp }] =>
    [`the service's ${field}`, { customer_id: 1, [field]: 1 }, { pointer: `/${field}`, message: /not the caller's/ }]),
  ['truncated JSON', '{"customer_id":1', {}],
  ['an empty body', '', {}],
  ['half of a surrogate pair', '{"customer_id":1,"subject":"\\ud800"}', {}],
  ['half of a surrogate pair in a name', '{"customer_id":1,"\\udfff":1}', {}],
]

t.test('400: bodies', async t => {
  const { call, redis, prefix } = await createService(t)
  const json = { 'content-type': 'application/json' }
  await call('POST', '/tickets/2', { customer_id: 1 })
  const before = await call('GET', '/tickets/2')

  for (const [name, body, { pointer, message }] of bodies) {
    const payload = typeof body === 'string' ? body : JSON.stringify(body)
    for (const [method, url] of [['POST', '/tickets/1'], ['PATCH', '/tickets/2']] as const) {
      const { status, headers, body: problem } = await call(method, url, payload, json)
      t.equal(status, 400, `${method}: ${name}`)
      t.equal(headers['content-type'], 'application/problem+json')
      t.equal(problem.code, 'validation_failed')
      t.ok(problem.detail.length > 10, problem.detail)
      if (message) t.match(problem.errors, [{ pointer, message }])
    }
  }
  t.equal((await call('POST', '/tickets/1', {})).body.errors[0].pointer, '/customer_id', 'a required field is missing')
  t.match((await call('PATCH', '/tickets/2', {})).body.errors[0].message, 'at least one', 'a change of nothing')
  for (const field of ['customer_id', 'status']) {
    t.equal((await call('PATCH', '/tickets/2', { [field]: null })).status, 400, `${field} cannot be removed`)
  }
  t.equal((await call('PATCH', '/tickets/2', { created_at: 1 })).status, 400, 'created_at is set once')

  t.equal(await redis.exists(`${prefix}ticket:1`), 0, 'nothing was created')
  t.strictSame((await call('GET', '/tickets/2')).body, before.body, 'nothing was changed')
})

t.test('a pair of surrogates is a character', async t => {
  const { call } = await createService(t)
  const { status, body } = await call('POST', '/tickets/1', '{"customer_id":1,"subject":"\\ud83c\\udfab"}', { 'content-type': 'application/json' })
  t.equal(status, 201)
  t.equal(body.subject, '🎫')
})

t.test('400: ids', async t => {
  const { call, redis, prefix } = await createService(t)
  for (const id of ['', '0', '-1', '1.5', '9007199254740992', 'abc', '01', '1e3', '0x10', '+1', '%201', '1%20', '1%00', '{1}', '1:2', '99999999999999999999']) {
    for (const [method, body] of [['POST', { customer_id: 1 }], ['PATCH', { customer_id: 1 }], ['GET', undefined]] as const) {
      const answer = await call(method, `/tickets/${id}`, body)
      t.match(answer, { status: 400, body: { code: 'validation_failed', errors: [{ pointer: '/id' }] } }, `${method} ${id}`)
    }
  }
  t.strictSame((await redis.keys(`${prefix}*`)).filter(key => !/tickets:(acknowledged|attested|fields|index|partitions|synced)$/.test(key)), [], 'nothing was written')
})

t.test('413: a body over 1 MiB', async t => {
  const { call, hash } = await createService(t)
  const answer = await call('POST', '/tickets/1', { customer_id: 1, subject: 'x'.repeat(1024 * 1024) })
  t.match(answer, { status: 413, body: { code: 'payload_too_large', detail: /1 MiB/ } })
  t.strictSame(await hash(1), {})
})

t.test('415: another content type', async t => {
  const { call, hash } = await createService(t)
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/merge-patch+json', 'application/jsonx', 'nonsense']) {
    const answer = await call('POST', '/tickets/1', '{"customer_id":1}', { 'content-type': type })
    t.match(answer, { status: 415, body: { code: 'unsupported_media_type', detail: /application\/json/ } }, type)
  }
  for (const type of ['application/json;', 'application/json; charset', 'application/json; charset=utf-16', 'application/json, application/json', 'text/plain; charset=utf-8']) {
    const { status, body } = await call('POST', '/tickets/1', '{"customer_id":1}', { 'content-type': type })
    t.match({ status, body }, { status: 415, body: { detail: `The header Content-Type is "${type}": it must be application/json, or application/json; charset=utf-8.` } }, type)
  }
  t.match((await call('POST', '/tickets/1', '{"customer_id":1}', { 'content-type': '' })).body.detail, /^The header Content-Type is "": it must be application\/json/)
  t.match((await call('POST', '/tickets/1', '{"customer_id":1}', { 'content-type': `text/${'x'.repeat(500)}` })).body.detail, /^The header Content-Type is "text\/x{75}\.\.\.": it must/)
  t.match((await call('POST', '/tickets/1', '{"customer_id":1}', { 'content-type': 'application/json', 'content-encoding': 'gzip' })).body.detail, /^The header Content-Encoding is "gzip": leave it out/)
  t.equal((await call('POST', '/tickets/2', '{"customer_id":1}', { 'content-type': 'application/json; charset=utf-8' })).status, 201)
  t.strictSame(await hash(1), {})
})

t.test('names that JavaScript would take for its own', async t => {
  const { call } = await createService(t)
  for (const body of ['{"customer_id":1,"__proto__":{"a":1}}', '{"customer_id":1,"constructor":{"prototype":{}}}', '{"customer_id":1,"custom_fields":{"__proto__":1}}']) {
    const answer = await call('POST', '/tickets/1', body, { 'content-type': 'application/json' })
    t.match(answer, { status: 400, body: { code: 'validation_failed', detail: /__proto__|constructor/ } }, body)
  }
})

t.test('bytes that are not UTF-8, charsets and encodings', async t => {
  const { app, hash } = await createService(t)
  const send = (payload: Buffer, headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url: '/tickets/1', payload, headers: { 'content-type': 'application/json', ...headers } })
  for (const bytes of [[0xff], [0xf0, 0x9f, 0x98], [0xc0, 0xaf], [0xed, 0xa0, 0x80]]) {
    const answer = await send(Buffer.concat([Buffer.from('{"customer_id":1,"subject":"a'), Buffer.from(bytes), Buffer.from('"}')]))
    t.equal(answer.statusCode, 400)
    t.match(answer.json().detail, /UTF-8/)
  }
  const plain = Buffer.from('{"customer_id":1}')
  t.equal((await send(plain, { 'content-type': 'application/json; charset=utf-16' })).statusCode, 415)
  t.equal((await send(plain, { 'content-encoding': 'gzip' })).statusCode, 415)
  t.strictSame(await hash(1), {})
  t.equal((await send(plain, { 'content-type': 'application/json;charset="UTF-8"' })).statusCode, 201)
  const replacement = await app.inject({ method: 'POST', url: '/tickets/2', payload: { customer_id: 1, subject: '\ufffd' } })
  t.equal(replacement.json().subject, '\ufffd', 'the replacement character itself may be sent')
})

t.test('a body that is missing is named', async t => {
  const { call } = await createService(t)
  t.match(await call('POST', '/tickets/1'), { status: 400, body: { code: 'validation_failed' } })
})
