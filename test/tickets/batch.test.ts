import t from 'tap'
import { createService, createStores, eventually, privateRedis } from '../helper.ts'

const key = (value: string) => ({ 'idempotency-key': value })
const create = (ticket_id: number, fields: object = {}) => ({ op: 'create', ticket_id, customer_id: 1, ...fields })
const update = (ticket_id: number, fields: object) => ({ op: 'update', ticket_id, ...fields })

t.test('creates and updates, a result each, in the order given', async t => {
  const { call } = await createService(t)
  await call('POST', '/tickets/9', { customer_id: 1 })
  const answer = await call('POST', '/tickets/batch', {
    operations: [create(3), update(9, { status: 'closed' }), create(1, { subject: 'x', custom_fields: { a: true } }), update(3, { assigned_to: 7 })],
  })
  t.equal(answer.status, 200)
  t.equal(answer.headers['retry-after'], undefined)
  t.match(answer.body.results.map(({ ticket_id, status }: Record<string, unknown>) => [ticket_id, status]), [[3, 201], [9, 200], [1, 201], [3, 200]])
  t.ok(answer.body.results.every((result: object) => Object.keys(result).join() === 'ticket_id,status,version'))
  const { tickets } = (await call('GET', '/tickets?ids=1,3,9')).body
  t.match(tickets, [{ subject: 'x', custom_fields: { a: true } }, { assigned_to: 7 }, { status: 'closed' }])
  t.strictSame(tickets.map(({ version }: { version: number }) => version), [2, 3, 1].map(i => answer.body.results[i].version), 'the versions that were answered')
})

t.test('one bad operation does not stop the others, and its error is that of the single route', async t => {
  const { call, hash } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  const custom = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`a${i}`, i]))
  const more = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`b${i}`, i]))
  await call('POST', '/tickets/2', { customer_id: 1, custom_fields: custom })
  const bad = [
    ['POST', 1, { customer_id: 1 }],
    ['POST', 50, { customer_id: 'abc' }],
    ['POST', 50, { subject: 'x' }],
    ['POST', 50, { customer_id: 1, colour: 'red' }],
    ['POST', 50, { customer_id: 1, version: 1 }],
    ['POST', 50, { customer_id: 1, custom_fields: { 'A B': 1 } }],
    ['PATCH', 50, { subject: 'x' }],
    ['PATCH', 1, {}],
    ['PATCH', 1, { status: 'gone' }],
    ['PATCH', 1, { customer_id: null }],
    ['PATCH', 1, { subject: 'x' }, '"1"'],
    ['PATCH', 1, { subject: 'x' }, 'abc'],
    ['PATCH', 1, {}, '"1"'],
    ['PATCH', 2, { custom_fields: more }],
  ] as const
  const operations = bad.map(([method, ticket_id, fields, match]) => ({ op: method === 'POST' ? 'create' : 'update', ticket_id, ...(match !== undefined && { if_match: match }), ...fields }))
  const answer = await call('POST', '/tickets/batch', { operations: [create(100), ...operations, create(101)] })
  t.equal(answer.status, 207)
  const { results } = answer.body
  t.match([results[0], results.at(-1)], [{ ticket_id: 100, status: 201 }, { ticket_id: 101, status: 201 }])
  for (const [i, [method, id, fields, match]] of bad.entries()) {
    const single = await call(method, `/tickets/${id}`, fields, match === undefined ? {} : { 'if-match': match })
    const { ticket_id, status, error } = results[i + 1]
    t.strictSame({ ticket_id, status, code: error.code, in: error.status }, { ticket_id: id, status: single.status, code: single.body.code, in: single.status }, `${method} ${JSON.stringify(fields)}`)
    t.type(error.request_id, 'string')
    const findings = (single.body.errors ?? []).map(({ pointer, message }: Record<string, string>) => ({
      pointer: `/operations/${i + 1}${pointer!.replace('if-match', 'if_match')}`, message: message!.split('. Known')[0],
    }))
    t.strictSame((error.errors ?? []).map(({ pointer, message }: Record<string, string>) => ({ pointer, message: message!.split('. Known')[0] })), findings)
    if (findings.length > 0) t.match(error.detail, findings[0].pointer, 'the detail says where')
  }
  t.strictSame(await hash(50), {})
})

t.test('what is no operation', async t => {
  const { call, hash } = await createService(t)
  const answer = await call('POST', '/tickets/batch', {
    operations: [null, 5, 'x', [], {}, { op: 'delete', ticket_id: 1 }, { op: 'create', customer_id: 1 }, create(0), create(1.5), { ...create(1), ticket_id: '1' },
      create(2 ** 53), { ...create(2), if_match: '"1"' }, { op: ['create'], ticket_id: 1, customer_id: 1 }, create(7)],
  })
  t.equal(answer.status, 207)
  const { results } = answer.body
  t.strictSame(results.map(({ status }: { status: number }) => status), [...Array(13).fill(400), 201])
  t.strictSame(results.map(({ ticket_id }: { ticket_id: number }) => ticket_id), [null, null, null, null, null, 1, null, null, null, null, null, 2, 1, 7])
  t.strictSame(results.slice(0, 13).map(({ error }: { error: { errors: { pointer: string }[] } }) => error.errors[0]!.pointer.replace(/^\/operations\/\d+/, '')),
    ['', '', '', '', '/op', '/op', '/ticket_id', '/ticket_id', '/ticket_id', '/ticket_id', '/ticket_id', '/if_match', '/op'])
  t.match(results[5].error.detail, /create, update/)
  t.strictSame(await hash(1), {})
})

t.test('an envelope that is wrong is the whole request\'s error, and nothing is written', async t => {
  const { call, redis, prefix } = await createService(t)
  for (const body of [
    [create(1)], create(1), {}, { operations: {} }, { operations: [] }, { operations: null }, { operations: [create(1)], dry_run: true },
    { operations: Array.from({ length: 501 }, (_, i) => create(i + 1)) }, 'operations',
  ]) {
    t.match(await call('POST', '/tickets/batch', typeof body === 'string' ? JSON.stringify(body) : body, { 'content-type': 'application/json' }),
      { status: 400, body: { code: 'validation_failed', errors: [{ pointer: String }] } }, JSON.stringify(body).slice(0, 50))
  }
  t.match(await call('POST', '/tickets/batch'), { status: 400 })
  t.match(await call('POST', '/tickets/batch', { operations: [create(1)] }, key('a b')), { status: 400, body: { errors: [{ pointer: '/idempotency-key' }] } })
  const large = (size: number) => ({ operations: [create(1), create(2, { subject: 'x'.repeat(size) })] })
  t.match(await call('POST', '/tickets/batch', large(4 * 1024 * 1024)), { status: 413, body: { code: 'payload_too_large', detail: /4 MiB/ } })
  t.strictSame((await redis.keys(`${prefix}ticket:*`)), [])
  t.match(await call('POST', '/tickets/batch', large(2 * 1024 * 1024)), { status: 207, body: { results: [{ status: 201 }, { status: 400 }] } }, 'more than a single route takes')
})

t.test('500 operations', async t => {
  const { call, redis, prefix } = await createService(t)
  const answer = await call('POST', '/tickets/batch', { operations: Array.from({ length: 500 }, (_, i) => create(500 - i)) })
  t.equal(answer.status, 200)
  t.strictSame(answer.body.results.map(({ ticket_id }: { ticket_id: number }) => ticket_id), Array.from({ length: 500 }, (_, i) => 500 - i))
  t.equal(await redis.zcard(`${prefix}tickets:due`), 500)
})

t.test('operations on one ticket are applied in their order, wherever it is', async t => {
  const { call, redis, prefix, hash } = await createService(t)
  for (const id of [50, 51]) await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:50`, `${prefix}ticket:51`)
  const steps = Array.from({ length: 490 }, (_, i) => update(1, { custom_fields: { n: i } }))
  const statuses = (answer: { body: { results: { status: number }[] } }) => answer.body.results.map(({ status }) => status)

  const long = await call('POST', '/tickets/batch', { operations: [create(1), ...steps, update(1, { status: 'closed' }), update(1, { status: 'open' })] })
  t.equal(long.status, 200)
  const versions = long.body.results.map(({ version }: { version: number }) => version)
  t.strictSame(versions, versions.toSorted((a: number, b: number) => a - b))
  t.match(await hash(1), { status: 'open', 'custom_fields.n': '489', closed_at: undefined })

  t.strictSame(statuses(await call('POST', '/tickets/batch', { operations: [update(2, { subject: 'too early' }), create(2), update(2, { category: 'x' }), create(2)] })), [404, 201, 200, 409])
  t.equal((await hash(2)).subject, undefined)
  t.strictSame(statuses(await call('POST', '/tickets/batch', { operations: [update(60, { subject: 'too early' }), create(60, { subject: 'first' })] })), [404, 201],
    'the update asks MySQL, and the create waits for it')
  t.equal((await hash(60)).subject, 'first')
  t.strictSame(statuses(await call('POST', '/tickets/batch', { operations: [create(50), update(50, { subject: 'a' }), update(51, { subject: 'b' }), create(51), update(50, { category: 'c' })] })), [409, 200, 200, 409, 200])
  t.match(await hash(50), { subject: 'a', category: 'c' })
})

t.test('so they are when many others stand between them', async t => {
  const { call, hash } = await createService(t)
  const others = Array.from({ length: 100 }, (_, i) => create(100 + i))
  const { body } = await call('POST', '/tickets/batch', { operations: [update(500, { subject: 'too early' }), ...others, create(500, { subject: 'first' })] })
  t.strictSame([body.results[0].status, body.results.at(-1).status], [404, 201])
  t.equal((await hash(500)).subject, 'first')
})

t.test('many changes of a large ticket cost Redis little, and their key too', async t => {
  const { call, redis, prefix } = await createService(t)
  const custom_fields = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, '€'.repeat(1024)]))
  await call('POST', '/tickets/1', { customer_id: 1, custom_fields })
  const { status, body } = await call('POST', '/tickets/batch', { operations: Array.from({ length: 500 }, (_, n) => update(1, { assigned_to: n + 1 })) }, key('large'))
  t.equal(status, 200)
  t.equal(new Set(body.results.map(({ version }: { version: number }) => version)).size, 500)
  t.ok(Number(await redis.memory('USAGE', `${prefix}idem:large`)) < 200_000, 'of each result the version is kept')
})

t.test('a nesting that no stack holds is one operation\'s fault', async t => {
  const { call } = await createService(t)
  const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`
  for (const text of ['"x"', '"\\ud83c\\udfab"']) {
    const answer = await call('POST', '/tickets/batch', `{"operations": [${deep}, {"op": "create", "ticket_id": 1, "customer_id": 1, "subject": ${text}}]}`,
      { ...key(text === '"x"' ? 'a' : 'b'), 'content-type': 'application/json' })
    t.match(answer, { status: 207, body: { results: [{ status: 400 }, {}] } })
  }
})

t.test('thousands of operations on one ticket are marked as one is', async t => {
  const { app, due, call, row } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  const answers = await app.tickets.repository.write(Array.from({ length: 9000 }, (_, n) => ({ op: 'update', ticket_id: 1, fields: { status: n % 2 ? 'closed' : 'open' } })))
  t.match(answers.at(-1), { ticket: { status: 'closed' } })
  t.ok(Number(await due(1)) < Infinity, 'it is due')
  await call('POST', '/flush')
  t.match(await row(1), { status: 'closed' })
})

t.test('a batch of which the answer was lost is repeated with its key', async t => {
  const { call, redis, prefix, hash } = await createService(t)
  await call('POST', '/tickets/9', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:9`)
  const operations = [create(1), update(1, { subject: 'x' }), update(77, { subject: 'x' }), update(9, { subject: 'y' }), create(9), create(0)]
  const first = await call('POST', '/tickets/batch', { operations }, key('b'))
  t.match(first, { status: 207, body: { results: [201, 200, 404, 200, 409, 400].map(status => ({ status })) } })
  t.equal(first.headers['idempotency-replayed'], undefined)
  await call('PATCH', '/tickets/1', { subject: 'z' })
  const again = await call('POST', '/tickets/batch', { operations }, key('b'))
  t.equal(again.headers['idempotency-replayed'], 'true')
  const known = ({ ticket_id, status, version }: Record<string, unknown>) => ({ ticket_id, status, version })
  t.strictSame(again.body.results.map(known), first.body.results.map(known))
  t.equal((await hash(1)).subject, 'z')

  for (const other of [[create(5)], [...operations, create(5)], operations.toReversed()]) {
    t.match(await call('POST', '/tickets/batch', { operations: other }, key('b')), { status: 422, body: { code: 'idempotency_mismatch' } })
  }
  t.match(await call('POST', '/tickets/5', { customer_id: 1 }, key('b')), { status: 422 })
  t.strictSame(await hash(5), {}, 'nothing of them was applied')
})

t.test('of batches that race with one key one is applied', async t => {
  const { call, hash } = await createService(t)
  const operations = Array.from({ length: 100 }, (_, i) => create(i + 1))
  const same = await Promise.all([1, 2, 3].map(() => call('POST', '/tickets/batch', { operations }, key('same'))))
  t.ok(same.every(({ status }) => status === 200))
  t.equal(same.filter(({ headers }) => headers['idempotency-replayed']).length, 2)

  const changes = await Promise.all([1, 2, 3].map(n => call('POST', '/tickets/batch', { operations: operations.map(({ ticket_id }) => update(ticket_id, { custom_fields: { n } })) }, key('other'))))
  t.strictSame(changes.map(({ status }) => status).sort(), [200, 422, 422])
  const winner = changes.findIndex(({ status }) => status === 200) + 1
  for (const id of [1, 50, 100]) t.equal((await hash(id))['custom_fields.n'], String(winner))
})

t.test('without Redis every operation says that it was not applied', async t => {
  const server = await privateRedis(t)
  const { call, lines } = await createService(t, { FALLBACK: 'off' }, await createStores(t, { redis: server.url }))
  await server.stop()
  await eventually(async () => {
    const answer = await call('POST', '/tickets/batch', { operations: [create(1), create(2), create(0)] })
    if (answer.body.results[0].error.code !== 'store_unavailable') throw new Error(answer.text)
    t.match(answer, { status: 207, headers: { 'retry-after': /\d/ }, body: { results: [{ status: 503 }, { status: 503 }, { status: 400 }] } })
  })
  t.ok(await lines.waitFor(({ code }) => code === 'store_unavailable'))
})

t.test('an if_match of more than some dozen versions is refused, by itself', async t => {
  const { call } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  const { status, body } = await call('POST', '/tickets/batch', { operations: [{ op: 'update', ticket_id: 1, priority: 'high', if_match: '"1",'.repeat(1000) }, { op: 'update', ticket_id: 1, priority: 'low' }] })
  t.match({ status, body }, { status: 207, body: { results: [{ status: 400, error: { errors: [{ pointer: '/operations/0/if_match', message: /1024/ }] } }, { status: 200 }] } })
})

t.test('a body that is nested deeply is refused before it is read, also where it does not end', async t => {
  const { call } = await createService(t)
  for (const [open, close] of [['[', ']'], ['{"a":', '}']] as const) {
    for (const end of [close.repeat(50_000), '']) {
      const { status, body } = await call('POST', '/tickets/batch', `{"operations":${open.repeat(50_000)}1${end}}`, { 'content-type': 'application/json' })
      t.match({ status, body }, { status: 400, body: { code: 'validation_failed', detail: /nested more than 20 levels/ } })
    }
  }
  const text = '[{'.repeat(20_000)
  t.equal((await call('POST', '/tickets/batch', { operations: [{ op: 'create', ticket_id: 1, customer_id: 1, subject: `${'['.repeat(100)}\\"` }], text })).body.errors[0].pointer, '/text', 'brackets in text are text')
})
