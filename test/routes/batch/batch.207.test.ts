import t from 'tap'
import { createService, createStores, eventually, privateRedis } from '../../helper.ts'
import { create, key } from './operations.ts'

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
    operations: [null, 5, 'x', [], {}, { op: 'merge', ticket_id: 1 }, { op: 'create', customer_id: 1 }, create(0), create(1.5), { ...create(1), ticket_id: '1' },
      create(2 ** 53), { ...create(2), if_match: '"1"' }, { op: ['create'], ticket_id: 1, customer_id: 1 }, create(7)],
  })
  t.equal(answer.status, 207)
  const { results } = answer.body
  t.strictSame(results.map(({ status }: { status: number }) => status), [...Array(13).fill(400), 201])
  t.strictSame(results.map(({ ticket_id }: { ticket_id: number }) => ticket_id), [null, null, null, null, null, 1, null, null, null, null, null, 2, 1, 7])
  t.strictSame(results.slice(0, 13).map(({ error }: { error: { errors: { pointer: string }[] } }) => error.errors[0]!.pointer.replace(/^\/operations\/\d+/, '')),
    ['', '', '', '', '/op', '/op', '/ticket_id', '/ticket_id', '/ticket_id', '/ticket_id', '/ticket_id', '/if_match', '/op'])
  t.match(results[5].error.detail, /create, import, update, delete/)
  t.strictSame(await hash(1), {})
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

t.test('an if_match of more than some dozen versions is refused, by itself', async t => {
  const { call } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  const { status, body } = await call('POST', '/tickets/batch', { operations: [{ op: 'update', ticket_id: 1, priority: 'high', if_match: '"1",'.repeat(1000) }, { op: 'update', ticket_id: 1, priority: 'low' }] })
  t.match({ status, body }, { status: 207, body: { results: [{ status: 400, error: { errors: [{ pointer: '/operations/0/if_match', message: /1024/ }] } }, { status: 200 }] } })
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
