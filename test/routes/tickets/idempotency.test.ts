import t from 'tap'
import { createApiKey } from '../../../src/auth/api-keys.ts'
import { createService } from '../../helper.ts'

const key = (value: string) => ({ 'idempotency-key': value })

t.test('a repeated create answers the first result, whatever has happened since', async t => {
  const { call, hash, redis, prefix } = await createService(t)
  const body = { customer_id: 1, subject: 'first', custom_fields: { a: 1, b: 'x' } }
  const first = await call('POST', '/tickets/1', body, key('k1'))
  t.match(first, { status: 201, body: { version: Number } })
  t.equal(first.headers['idempotency-replayed'], undefined)
  await call('PATCH', '/tickets/1', { subject: 'second' })

  const again = await call('POST', '/tickets/1', body, key('k1'))
  t.equal(again.status, 201)
  t.strictSame(again.body, first.body)
  t.equal(again.headers['idempotency-replayed'], 'true')
  t.equal(again.headers.etag, first.headers.etag)
  t.equal(again.headers.location, '/tickets/1')
  t.equal((await hash(1)).subject, 'second', 'nothing was changed')
  t.equal((await call('POST', '/tickets/1', { custom_fields: { b: 'x', a: 1 }, subject: 'first', customer_id: 1 }, key('"k1"'))).headers['idempotency-replayed'], 'true',
    'the order of the members and the quotes of the key do not count')
  const ttl = await redis.ttl(`${prefix}idem::k1`)
  t.ok(ttl > 86_000 && ttl <= 86_400, `kept for a day: ${ttl} s`)
})

t.test('a repeated change is made once', async t => {
  const { call } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1, subject: 'x', custom_fields: { a: 1, b: 2 } })
  const change = { subject: null, status: 'closed', custom_fields: { a: null } }
  const first = await call('PATCH', '/tickets/1', change, key('k'))
  t.match(first, { status: 200, body: { status: 'closed', custom_fields: { b: 2 } } })
  await call('PATCH', '/tickets/1', { status: 'open' })
  const again = await call('PATCH', '/tickets/1', change, key('k'))
  t.strictSame(again.body, first.body)
  t.match(again.headers, { 'idempotency-replayed': 'true', etag: first.headers.etag })
  t.match((await call('GET', '/tickets/1')).body, { status: 'open' })
})

t.test('a key belongs to one request', async t => {
  const { call, hash } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 }, key('create'))
  await call('POST', '/tickets/2', { customer_id: 1 })
  const { body: { version } } = await call('PATCH', '/tickets/1', { subject: 'x' }, key('change'))
  for (const [method, url, body, headers] of [
    ['POST', '/tickets/1', { customer_id: 2 }, key('create')],
    ['POST', '/tickets/3', { customer_id: 1 }, key('create')],
    ['PATCH', '/tickets/1', { customer_id: 1 }, key('create')],
    ['PATCH', '/tickets/1', { subject: 'y' }, key('change')],
    ['PATCH', '/tickets/2', { subject: 'x' }, key('change')],
    ['PATCH', '/tickets/1', { subject: 'x' }, { ...key('change'), 'if-match': `"${version}"` }],
  ] as const) {
    const answer = await call(method, url, body, headers)
    t.match(answer, { status: 422, body: { code: 'idempotency_mismatch', detail: /new key/ } }, `${method} ${url} ${JSON.stringify(body)}`)
    t.equal(answer.headers['idempotency-replayed'], undefined)
  }
  t.strictSame(await hash(3), {})
  t.equal((await hash(1)).version, String(version))
  t.equal((await hash(2)).subject, undefined)
})

t.test('a refusal is a result too', async t => {
  const { call } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  const refusals = [
    ['POST', '/tickets/1', { customer_id: 1 }, key('exists'), 409, 'ticket_exists'],
    ['PATCH', '/tickets/2', { subject: 'x' }, key('missing'), 404, 'ticket_not_found'],
    ['PATCH', '/tickets/1', { subject: 'x' }, { ...key('conflict'), 'if-match': '"1"' }, 412, 'version_conflict'],
  ] as const
  for (const [method, url, body, headers, status, code] of refusals) t.match(await call(method, url, body, headers), { status, body: { code } })
  t.equal((await call('POST', '/tickets/2', { customer_id: 1 })).status, 201, 'now there is one')
  for (const [method, url, body, headers, status, code] of refusals) {
    t.match(await call(method, url, body, headers), { status, body: { code }, headers: { 'idempotency-replayed': 'true' } })
  }
  t.equal((await call('PATCH', '/tickets/2', { subject: 'x' }, key('another'))).status, 200)
})

t.test('what was never decided is not remembered', async t => {
  const { call, redis, prefix } = await createService(t)
  t.equal((await call('POST', '/tickets/1', { customer_id: 'x' }, key('k'))).status, 400)
  t.equal((await call('POST', '/tickets/1', { customer_id: 1 }, key('k'))).status, 201, 'a corrected body may use the key')
  await redis.hset(`${prefix}ticket:1`, 'version', 'x')
  t.equal((await call('PATCH', '/tickets/1', { subject: 'x' }, key('damaged'))).status, 500)
  await redis.hset(`${prefix}ticket:1`, 'version', '1')
  t.equal((await call('PATCH', '/tickets/1', { subject: 'x' }, key('damaged'))).status, 200, 'repaired')
})

t.test('of requests that race with one key one is applied, over all instances', async t => {
  const one = await createService(t)
  const other = await createService(t, {}, one)
  for (const [method, url, body, status] of [['POST', '/tickets/1', { customer_id: 1 }, 201], ['PATCH', '/tickets/1', { subject: 'x' }, 200]] as const) {
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 ? one : other).call(method, url, body, key(method))))
    t.ok(answers.every(answer => answer.status === status))
    t.equal(answers.filter(({ headers }) => headers['idempotency-replayed'] === undefined).length, 1)
    t.equal(new Set(answers.map(({ body }) => body.version)).size, 1)
  }
})

t.test('so it is for tickets that only MySQL holds', async t => {
  const { call, redis, prefix, hash } = await createService(t)
  for (const id of [1, 3]) await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:1`, `${prefix}ticket:3`)
  const changes = await Promise.all(Array.from({ length: 10 }, () => call('PATCH', '/tickets/1', { subject: 'x' }, key('change'))))
  t.ok(changes.every(({ status }) => status === 200))
  t.equal(changes.filter(({ headers }) => headers['idempotency-replayed'] === undefined).length, 1)
  t.equal((await hash(1)).version, String(changes[0]!.body.version))

  const creates = await Promise.all(Array.from({ length: 10 }, () => call('POST', '/tickets/2', { customer_id: 1 }, key('create'))))
  t.ok(creates.every(({ status }) => status === 201))
  t.equal(creates.filter(({ headers }) => headers['idempotency-replayed'] === undefined).length, 1)
  t.match(await call('POST', '/tickets/3', { customer_id: 1 }, key('taken')), { status: 409 })
  t.match(await call('POST', '/tickets/3', { customer_id: 1 }, key('taken')), { status: 409, headers: { 'idempotency-replayed': 'true' } })
})

t.test('a key is forgotten after its time, and every use renews it', async t => {
  const { call, redis, prefix } = await createService(t, { IDEMPOTENCY_TTL_SECONDS: 100 })
  await call('POST', '/tickets/1', { customer_id: 1 })
  const { body: { version } } = await call('PATCH', '/tickets/1', { subject: 'x' }, key('k'))
  await redis.expire(`${prefix}idem::k`, 5)
  t.equal((await call('PATCH', '/tickets/1', { subject: 'x' }, key('k'))).body.version, version)
  t.ok(await redis.ttl(`${prefix}idem::k`) > 90)
  await redis.pexpire(`${prefix}idem::k`, 0)
  t.ok((await call('PATCH', '/tickets/1', { subject: 'x' }, key('k'))).body.version > version, 'forgotten: applied again')
})

t.test('keys', async t => {
  const { call, redis, prefix } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  const patch = (value: string) => call('PATCH', '/tickets/1', { subject: 'x' }, key(value))
  for (const [value, held] of [
    ['a', 'a'], ['"a b, c"', 'a b, c'], ['"say \\"hi\\" \\\\"', 'say "hi" \\'], ['8e03978e-40d5-43e8-bc93-6894a57f9324', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['a:b/c{d}?=+;*', 'a:b/c{d}?=+;*'], ['k'.repeat(255), 'k'.repeat(255)], [`"${'q'.repeat(255)}"`, 'q'.repeat(255)], ['fingerprint', 'fingerprint'],
    ['"a "', 'a '], ['" "', ' '],
  ] as const) {
    t.equal((await patch(value)).status, 200, value)
    t.equal(await redis.exists(`${prefix}idem::${held}`), 1)
  }
  for (const value of ['', '""', 'a b', 'a, b', '"a", "b"', '"a', 'a"', '"a"b', '"a\\b"', '"a";p=1', 'käse', 'k'.repeat(256), `"${'q'.repeat(256)}"`]) {
    t.match(await patch(value), { status: 400, body: { code: 'validation_failed', errors: [{ pointer: '/idempotency-key' }] } }, value)
  }
  await redis.set(`${prefix}idem::foreign`, 'x')
  t.match(await patch('foreign'), { status: 422 }, 'another program uses the key')
})

t.test('a stored result that another program has damaged concerns its key alone', async t => {
  const { call, redis, prefix } = await createService(t)
  const create = (id: number, key: string) => call('POST', `/tickets/${id}`, { customer_id: 1 }, { 'idempotency-key': key })
  const damaged = ['[1764000000000]', '[1e999]', 'nonsense', '[]', '[null]', '[{"a":1}]', `[${'['.repeat(999)}${']'.repeat(999)}]`]
  for (const [i, stored] of damaged.entries()) {
    const key = `key-${i}`
    await create(i + 1, key)
    await redis.hset(`${prefix}idem::${key}`, '0', stored)
    const [, neighbour] = await Promise.all([
      create(i + 1, key).then(answer => { t.match(answer, { status: 503, body: { code: 'outcome_unknown' } }, stored) }),
      call('POST', `/tickets/${i + 101}`, { customer_id: 1 }),
    ])
    t.equal(neighbour.status, 201, 'a write of the same turn')
  }
})

t.test('keys are each caller\'s own', async t => {
  const [shop, rotated, desk] = [createApiKey('shop', 'read+write'), createApiKey('shop', 'read+write'), createApiKey('desk', 'read+write')]
  const { call, redis, prefix } = await createService(t, { API_KEYS: [shop, rotated, desk].map(({ entry }) => entry).join() })
  const as = (caller: { key: string }) => ({ authorization: `Bearer ${caller.key}`, ...key('k') })
  const first = await call('POST', '/tickets/1', { customer_id: 1 }, as(shop))
  t.equal(first.status, 201)
  t.equal((await call('POST', '/tickets/2', { customer_id: 2 }, as(desk))).status, 201, 'the same key, and another request')
  const again = await call('POST', '/tickets/1', { customer_id: 1 }, as(rotated))
  t.match(again, { status: 201, headers: { 'idempotency-replayed': 'true' }, body: first.body }, 'the new key of the same caller')
  t.equal((await call('POST', '/tickets/3', { customer_id: 1 }, as(rotated))).status, 422)
  t.match((await call('POST', '/tickets/1', { customer_id: 1 }, as(desk))), { status: 422 }, 'what it is of its own')

  const operations = [{ op: 'update', ticket_id: 1, subject: 'x' }]
  const batch = { ...key('b') }
  t.equal((await call('POST', '/tickets/batch', { operations }, { ...as(shop), ...batch })).status, 200)
  t.match(await call('POST', '/tickets/batch', { operations }, { ...as(desk), ...batch }), { status: 200, headers: { 'idempotency-replayed': undefined } })
  t.strictSame((await redis.keys(`${prefix}idem:*`)).map(name => name.slice(prefix.length)).sort(), ['idem:desk:b', 'idem:desk:k', 'idem:shop:b', 'idem:shop:k'])
})

t.test('of a large ticket the version is kept, and a repeated change answers the ticket as it is', async t => {
  const { call, redis, prefix, hash } = await createService(t)
  const custom_fields = Object.fromEntries(Array.from({ length: 49 }, (_, i) => [`field_${i}`, 'x'.repeat(1020)]))
  await call('POST', '/tickets/1', { customer_id: 1, custom_fields }, key('create'))
  const first = await call('PATCH', '/tickets/1', { subject: 'first', status: 'closed' }, key('change'))
  t.match(first, { status: 200, body: { subject: 'first' } })
  t.ok(Number(await redis.memory('USAGE', `${prefix}idem::change`)) < 500, 'nothing of 50 KiB')
  const again = await call('PATCH', '/tickets/1', { subject: 'first', status: 'closed' }, key('change'))
  t.strictSame(again.body, first.body, 'unchanged meanwhile: the same')
  t.match(again.headers, { 'idempotency-replayed': 'true', etag: first.headers.etag })

  const second = await call('PATCH', '/tickets/1', { subject: 'second' })
  const now = await call('PATCH', '/tickets/1', { subject: 'first', status: 'closed' }, key('change'))
  t.match(now, { status: 200, headers: { 'idempotency-replayed': 'true', etag: second.headers.etag } })
  t.strictSame(now.body, second.body)
  t.equal((await hash(1)).subject, 'second', 'nothing was changed')
  t.match(await call('POST', '/tickets/1', { customer_id: 1, custom_fields }, key('create')), { status: 201, headers: { 'idempotency-replayed': 'true' }, body: { custom_fields } }, 'a create has it in its request')

  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:1`)
  t.match(await call('PATCH', '/tickets/1', { subject: 'first', status: 'closed' }, key('change')), { status: 200, headers: { 'idempotency-replayed': 'true' }, body: { subject: 'second', version: second.body.version } }, 'also when MySQL alone has it')

  await redis.hset(`${prefix}ticket:1`, 'version', 'x')
  t.equal((await call('PATCH', '/tickets/1', { subject: 'first', status: 'closed' }, key('change'))).status, 500, 'damaged: said, and not remembered')
  await redis.hset(`${prefix}ticket:1`, 'version', String(second.body.version))
  t.equal((await call('PATCH', '/tickets/1', { subject: 'first', status: 'closed' }, key('change'))).status, 200)
})

t.test('a large ticket that is gone is 404 to who repeats a change', async t => {
  const { call, redis, prefix, sql } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed', custom_fields: { a: 'x'.repeat(1000), b: 'x'.repeat(1000), c: 'x' } })
  t.equal((await call('PATCH', '/tickets/1', { subject: 'x' }, key('k'))).status, 200)
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:1`)
  await sql.query('DELETE FROM wp_support_tickets')
  t.match(await call('PATCH', '/tickets/1', { subject: 'x' }, key('k')), { status: 404, headers: { 'idempotency-replayed': 'true' }, body: { code: 'ticket_not_found' } })
})
