import { once } from 'node:events'
import t from 'tap'
import { createService, createStores, eventually, privateRedis } from '../helper.ts'

t.test('Redis becomes unavailable and comes back', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const { call, hash } = await createService(t, { FALLBACK: 'off' }, await createStores(t, { redis: server.url }))
  await call('POST', '/tickets/1', { customer_id: 1 })
  await server.kill()

  await eventually(async () => {
    const { body } = await call('POST', '/tickets/2', { customer_id: 1 })
    if (body.code !== 'store_unavailable') throw new Error(body.code)
  })
  for (const [method, url, body] of [['POST', '/tickets/2', { customer_id: 1 }], ['PATCH', '/tickets/1', { subject: 'x' }], ['GET', '/tickets/1', undefined],
    ['GET', '/tickets?ids=1', undefined], ['POST', '/flush', undefined], ['GET', '/flush', undefined]] as const) {
    const answer = await call(method, url, body)
    t.match(answer, { status: 503, headers: { 'retry-after': /\d/ }, body: { code: 'store_unavailable' } }, `${method} ${url}`)
    t.notMatch(answer.text, /127\.0\.0\.1|ECONN|Stream/, 'says nothing of the inside')
  }
  t.match(await call('GET', '/health/ready'), { status: 503, body: { status: 'unavailable', redis: { state: 'down' }, mysql: { state: 'up' } } })
  t.equal((await call('GET', '/health/live')).status, 200)

  await server.restart()
  await eventually(async () => {
    const { status, text } = await call('PATCH', '/tickets/1', { subject: 'after' })
    if (status !== 200) throw new Error(text)
  })
  t.equal((await hash(1)).customer_id, '1', 'what was acknowledged is there')
  t.strictSame(await hash(2), {}, 'what was refused is not')
})

t.test('a connection that the client has given up is opened again', async t => {
  const { call, app } = await createService(t, { FALLBACK: 'off' })
  const client = await app.redis.shards[0]!.call(async node => node.client)
  const ended = once(client, 'end')
  // As it does by itself when Sentinel names another master while it asks who is.
  client.disconnect()
  await ended
  await eventually(async () => {
    const { status, text } = await call('POST', '/tickets/1', { customer_id: 1 })
    if (status !== 201) throw new Error(text)
  })
  t.pass('writes go on')
})

t.test('a start without Redis', async t => {
  const server = await privateRedis(t)
  const stores = await createStores(t, { redis: server.url })
  await server.stop()
  const { call, lines } = await createService(t, { FALLBACK: 'off' }, stores)
  t.ok(await lines.waitFor(({ msg }) => /Redis cannot be reached/.test(msg)))
  t.match(await call('POST', '/tickets/1', { customer_id: 1 }), { status: 503, body: { code: 'store_unavailable' } })
  await server.restart()
  await eventually(async () => {
    const { status, text } = await call('POST', '/tickets/1', { customer_id: 1 })
    if (status !== 201) throw new Error(text)
  })
  t.pass('recovered by itself')
})

t.test('a frozen Redis applies nothing after the caller was told otherwise', async t => {
  const server = await privateRedis(t)
  const { call, hash, app } = await createService(t, { FALLBACK: 'off', REDIS_COMMAND_TIMEOUT_MS: 200 }, await createStores(t, { redis: server.url }))
  await call('POST', '/tickets/1', { customer_id: 1 })
  await server.pause()
  const answers = await Promise.all([
    call('POST', '/tickets/2', { customer_id: 1 }),
    call('PATCH', '/tickets/1', { subject: 'late' }),
  ])
  for (const answer of answers) t.match(answer, { status: 503, headers: { 'retry-after': /\d/ }, body: { code: 'outcome_unknown' } })
  server.resume()
  await eventually(() => app.redis.ping())
  t.strictSame(await hash(2), {}, 'the create was refused by its deadline')
  t.equal((await hash(1)).subject, undefined, 'so was the change')
})

t.test('SCRIPT FLUSH is not noticed', async t => {
  const { call, redis } = await createService(t)
  for (let id = 1; id <= 20; id += 1) {
    const [answer] = await Promise.all([call('POST', `/tickets/${id}`, { customer_id: 1 }), redis.script('FLUSH')])
    t.equal(answer.status, 201)
  }
})

t.test('a full Redis refuses writes and serves the rest', async t => {
  const server = await privateRedis(t)
  const stores = await createStores(t, { redis: server.url })
  const { call } = await createService(t, { FALLBACK: 'off' }, stores)
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await stores.redis.config('SET', 'maxmemory', '1mb')
  t.match(await call('POST', '/tickets/2', { customer_id: 1 }), { status: 503, body: { code: 'store_unavailable' } })
  t.match(await call('PATCH', '/tickets/1', { subject: 'x' }), { status: 503, body: { code: 'store_unavailable' } })
  t.match(await call('POST', '/tickets/batch', { operations: [{ op: 'update', ticket_id: 1, subject: 'x' }] }), { status: 207, body: { results: [{ error: { code: 'store_unavailable' } }] } })
  t.match(await call('POST', '/tickets/3', { customer_id: 1 }, { 'idempotency-key': 'k' }), { status: 503, body: { code: 'store_unavailable' } })
  t.equal((await call('GET', '/tickets/1')).status, 200)
  t.equal((await call('GET', '/flush/dead')).status, 200)
  t.match((await call('POST', '/flush')).body, { synced: 1 }, 'draining goes on')
  await stores.redis.config('SET', 'maxmemory', '0')
  t.equal((await call('POST', '/tickets/2', { customer_id: 1 })).status, 201)
  t.match(await call('POST', '/tickets/3', { customer_id: 1 }, { 'idempotency-key': 'k' }), { status: 201 }, 'a refusal is not remembered')
})

t.test('what waits for a hung Redis is bounded: past it the answer is overloaded, at once', async t => {
  const server = await privateRedis(t)
  const { call, app, redis, prefix } = await createService(t, { FALLBACK: 'off', REDIS_COMMAND_TIMEOUT_MS: 2000 }, await createStores(t, { redis: server.url }))
  await call('POST', '/tickets/1', { customer_id: 1 })
  await server.pause()
  const batch = (n: number) => ({ operations: Array.from({ length: 500 }, (_, i) => ({ op: 'create', ticket_id: n * 500 + i + 2, customer_id: 1 })) })
  const answered: string[][] = []
  const answers = Array.from({ length: 70 }, (_, n) => call('POST', '/tickets/batch', batch(n)).then(({ body }) => {
    answered.push(body.results.map(({ error }: { error: { code: string } }) => error.code))
  }))
  await Promise.all(answers)
  t.strictSame(answered.slice(0, 10).flat().filter(code => code !== 'overloaded'), [], 'refused before the first of those that wait has its answer')
  const waited = answered.slice(10).flat()
  t.equal(waited.length, 30_000, 'thirty thousand wait')
  t.strictSame(new Set(waited), new Set(['outcome_unknown', 'store_unavailable']))
  t.ok(waited.filter(code => code === 'outcome_unknown').length < 5000, 'most were never sent, and so have certainly not been applied')
  server.resume()
  await eventually(() => app.redis.ping())
  t.strictSame(await redis.keys(`${prefix}ticket:*`), [`${prefix}ticket:1`], 'none of them was applied')
  t.equal((await call('POST', '/tickets/batch', batch(0))).status, 200)
})

t.test('a full Redis goes on draining when MySQL refuses, is unavailable, or is newer', async t => {
  const server = await privateRedis(t)
  const stores = await createStores(t, { redis: server.url })
  const { call, sql, due, row } = await createService(t, { FALLBACK: 'off', FLUSH_MAX_ATTEMPTS: 2 }, stores)
  await call('POST', '/tickets/batch', { operations: [1, 2, 3].map(id => ({ op: 'create', ticket_id: id, customer_id: 1, status: 'closed', ...(id === 1 && { subject: 'poison' }) })) })
  await call('POST', '/flush', { ticket_ids: [3] })
  await call('PATCH', '/tickets/3', { subject: 'older' })
  await sql.query('UPDATE wp_support_tickets SET version = version + 3600000, subject = \'newer\'')
  await sql.query('ALTER TABLE wp_support_tickets ADD CONSTRAINT no_poison CHECK (subject IS NULL OR subject <> \'poison\')')
  await stores.redis.config('SET', 'maxmemory', '1mb')

  await sql.query('RENAME TABLE wp_support_tickets TO away')
  t.equal((await call('POST', '/flush')).status, 503)
  t.ok(Number(await due(2)) <= Date.now(), 'release: claims go back')
  await sql.query('RENAME TABLE away TO wp_support_tickets')
  t.match((await call('POST', '/flush')).body, { synced: 2, retried: 1 }, 'settle, repair and retry')
  t.match((await call('GET', '/tickets/3')).body, { subject: 'newer' })
  t.ok(await row(2))
  t.match((await call('POST', '/flush', { ticket_ids: [1] })).body, { dead: 1 })
  t.match((await call('POST', '/flush/dead/retry')).body, { redriven: 1 })
})

t.test('what waits is bounded in bytes too', async t => {
  const { app } = await createService(t)
  const custom_fields = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, 'x'.repeat(1024)]))
  const answers = await app.tickets.repository.write(Array.from({ length: 340 }, (_, i) => ({ op: 'create', ticket_id: i + 1, fields: { customer_id: 1, custom_fields } })))
  t.ok(answers.every(answer => 'code' in answer && answer.code === 'overloaded'))
})

t.test('an eviction policy that may drop tickets is refused', async t => {
  const server = await privateRedis(t, { config: { 'maxmemory-policy': 'allkeys-lru', appendonly: 'no' } })
  const stores = await createStores(t, { redis: server.url })
  await t.rejects(createService(t, { FALLBACK: 'off' }, stores), { name: 'UnsafeEvictionError', message: /allkeys-lru.*noeviction/ })
  const { lines } = await createService(t, { ALLOW_UNSAFE_EVICTION: true }, stores)
  t.match(await lines.waitFor(({ msg }) => /AOF/.test(msg)), { level: 40 }, 'AOF off is a warning')
  t.match(await lines.waitFor(({ msg }) => /allkeys-lru/.test(msg)), { level: 40, msg: /accepts/ }, 'and so is a policy that was accepted')
})

t.test('a process that was held up does not take Redis or MySQL for one that hangs', async t => {
  const { app, call } = await createService(t, { REDIS_COMMAND_TIMEOUT_MS: 200 })
  let isLost = false
  app.redis.shards[0]!.on('lost', () => { isLost = true })
  const asked = app.tickets.sync.backlog()
  const looked = app.mysql.query('SELECT 1', [], 1000)
  // Longer than any time that it is given.
  const until = performance.now() + 1000
  while (performance.now() < until);
  t.match(await asked, { unsynced: 0 }, 'what has long arrived is read')
  await looked
  await new Promise(resolve => { setImmediate(() => { setImmediate(resolve) }) })
  t.notOk(isLost, 'the connection is kept')
  t.equal((await call('GET', '/tickets/1')).status, 404)
  t.ok(app.mysql.isUp())
})
