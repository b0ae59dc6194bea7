import t from 'tap'
import { createService, createStores, eventually, privateRedis } from '../helper.ts'
import { startReceiver, status, webhooks } from './receiver.ts'
import { begun, createTold, webhookOf, webhookThat } from './service.ts'

t.test('Redis is killed and comes back: what waited is told, and what changes after it', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const { call, receiver, lines } = await createTold(t, { stores: await createStores(t, { redis: server.url }), variables: { FALLBACK: 'off', WEBHOOK_RETRY_SECONDS: '1,3600' } })
  receiver.answer(status(500))
  await call('POST', '/tickets/1', { customer_id: 1 })
  await webhookThat({ call }, ({ last_failure: failure }) => failure !== null)
  await server.kill()
  await lines.waitFor(({ msg }) => /cannot be worked on/.test(msg))
  receiver.answer()
  for (const [method, url] of [['GET', '/webhooks'], ['GET', '/webhooks/crm'], ['POST', '/webhooks/crm/retry']] as const) {
    t.match(await call(method, url), { status: 503, headers: { 'retry-after': /\d/ }, body: { code: 'store_unavailable' } }, url)
  }
  t.notMatch((await call('GET', '/metrics')).text, /^tickets_webhook_waiting\{/m, 'what is not known is absent')
  const seen = receiver.calls.length
  await server.restart()
  await receiver.arrived(seen + 1)
  await eventually(async () => {
    const { status: code, text } = await call('POST', '/tickets/2', { customer_id: 1 })
    if (code !== 201) throw new Error(text)
  })
  await receiver.when(calls => calls.some(({ ticketId }) => ticketId === 2))
  t.equal(new Set(receiver.calls.filter(({ ticketId }) => ticketId === 1).map(({ id }) => id)).size, 1, 'with the same id')
  t.match(await webhookThat({ call }, ({ waiting }) => waiting === 0), { gaps: 0 })
})

t.test('an answer that cannot be recorded at once is recorded when Redis is back, and not asked for again', async t => {
  const server = await privateRedis(t)
  const { call, receiver, redis, lines } = await createTold(t, { stores: await createStores(t, { redis: server.url }), variables: { LOG_LEVEL: 'debug' } })
  receiver.answer(async response => {
    // Redis takes no writes until a replica is there.
    await redis.config('SET', 'min-replicas-to-write', '1')
    response.end()
  })
  await call('POST', '/tickets/1', { customer_id: 1 })
  await lines.waitFor(({ msg }) => /could not be recorded/.test(msg))
  receiver.answer()
  await redis.config('SET', 'min-replicas-to-write', '0')
  await webhookThat({ call }, ({ waiting }) => waiting === 0)
  await call('POST', '/tickets/2', { customer_id: 1 })
  await receiver.arrived(2)
  t.strictSame(receiver.ids(), [1, 2])
})

for (const [name, lose] of [
  ['the change log does not hold what follows', ['tickets:changes']],
  ['Redis has lost what it knew of the target', ['webhook:crm']],
  ['the cursor is none', []],
] as const) {
  t.test(`a gap: ${name}. It is said, counted, and followed by what changes from then on`, async t => {
    const { call, receiver, redis, prefix, lines, app } = await createTold(t)
    await call('POST', '/tickets/1', { customer_id: 1 })
    await receiver.arrived(1)
    await webhookThat({ call }, ({ waiting }) => waiting === 0)
    if (lose.length > 0) await redis.del(lose.map(key => prefix + key))
    else await redis.hset(`${prefix}webhook:crm`, 'cursor', 'x')
    await call('POST', '/tickets/2', { customer_id: 1 })
    t.match(await lines.waitFor(({ msg }) => /change log does not hold/.test(msg)), { level: 50, target: 'crm' })
    t.match(await webhookOf({ call }), { gaps: 1, last_gap_at: Number })
    t.match((await app.inject('/metrics')).body, 'tickets_webhook_gaps_total{target="crm"} 1')
    await call('POST', '/tickets/3', { customer_id: 1 })
    await receiver.when(calls => calls.some(({ ticketId }) => ticketId === 3))
    t.notOk(receiver.ids().includes(2))
  })
}

t.test('bad requests, and a service without webhooks', async t => {
  const none = await createService(t)
  t.strictSame((await none.call('GET', '/webhooks')).body, { webhooks: [] })
  t.match(await none.call('GET', '/webhooks/crm'), { status: 404, body: { code: 'webhook_not_found' } })
  t.match(await none.call('POST', '/webhooks/crm/retry'), { status: 404, body: { code: 'webhook_not_found' } })
  t.equal((await none.redis.keys(`${none.prefix}webhook:*`)).length, 0)

  const { call, body } = await (async () => {
    const receiver = await startReceiver(t)
    const service = await createTold(t, { receiver, entry: { url: receiver.url.replace('//', '//user:pass@') + '?token=secret' } })
    return { call: service.call, body: (await service.call('GET', '/webhooks/crm')).text }
  })()
  t.notMatch(body, /pass|token|whsec/)
  for (const url of ['/webhooks/CRM', '/webhooks/a%20b', '/webhooks/whsec_x']) t.match(await call('GET', url), { status: 400, body: { code: 'validation_failed' } }, url)
  for (const given of [{ ticket_ids: [] }, { ticket_ids: [0] }, { ticket_ids: [1, 1] }, { ids: [1] }, []]) t.match(await call('POST', '/webhooks/crm/retry', given), { status: 400 }, JSON.stringify(given))
})

t.test('what another program has put among the deliveries is taken out, and holds up none', async t => {
  const { call, receiver, redis, prefix } = await createTold(t)
  await redis.zadd(`${prefix}webhook:crm:waiting`, 1, 'abc', 1, '5', 1, '6')
  await redis.hset(`${prefix}webhook:crm:deliveries`, { 6: 'nothing' })
  await call('POST', '/tickets/1', { customer_id: 1 })
  await receiver.arrived(1)
  await webhookThat({ call }, ({ waiting }) => waiting === 0)
})

t.test('deliveries under way are waited for when the service stops; those that hang are the next instance\'s', async t => {
  const stores = await createStores(t)
  const receiver = await startReceiver(t)
  const first = await createTold(t, { stores, receiver, variables: { SHUTDOWN_GRACE_MS: 3000, WEBHOOK_TIMEOUT_MS: 60_000 } })
  let answer = () => {}
  receiver.answer((response, { ticketId }) => { if (ticketId === 1) answer = () => { response.end() } })
  for (const id of [1, 2]) await first.call('POST', `/tickets/${id}`, { customer_id: 1 })
  await receiver.arrived(2)
  const closing = first.app.close()
  await eventually(async () => { if (!first.app.grace.over('requests').aborted && first.app.server.listening) throw new Error('it has not begun to close') })
  answer()
  await closing
  receiver.answer()
  const heir = await createService(t, { WEBHOOKS: webhooks({ url: receiver.url }) }, stores)
  await receiver.arrived(3)
  await webhookThat(heir, ({ waiting }) => waiting === 0)
  t.strictSame(receiver.ids().sort(), [1, 2, 2])
  t.equal(new Set(receiver.calls.filter(({ ticketId }) => ticketId === 2).map(({ id }) => id)).size, 1)
  await begun(stores)
})
