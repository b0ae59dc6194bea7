import t from 'tap'
import { createService, createStores, eventually, privateRedis } from '../helper.ts'
import { startServer } from '../server-process.ts'
import { startReceiver, status, webhooks } from './receiver.ts'
import { begun, webhookThat } from './service.ts'

const LEASE_MS = 1000

t.test('of two instances one delivers, each change once; when it ends, the other one does', async t => {
  const stores = await createStores(t)
  const receiver = await startReceiver(t)
  // An hour: whoever is left to wait for the lease never has it in time.
  const variables = { WEBHOOKS: webhooks({ url: receiver.url }), FLUSH_LEASE_MS: 3_600_000 }
  const services = [await createService(t, variables, stores), await createService(t, variables, stores)] as const
  await begun(stores)
  for (let id = 1; id <= 40; id += 1) await services[id % 2]!.call('POST', `/tickets/${id}`, { customer_id: 1 })
  await receiver.arrived(40)
  await webhookThat(services[1], ({ waiting }) => waiting === 0)
  t.strictSame(receiver.ids().sort((a, b) => a - b), Array.from({ length: 40 }, (_, i) => i + 1))
  await services[0].app.close()
  await services[1].call('POST', '/tickets/41', { customer_id: 1 })
  await receiver.arrived(41)
  t.strictSame(receiver.ids().slice(40), [41], 'at once, whatever the lease was')
})

t.test('kill -9 of the one that delivers: another takes over when its lease is over', async t => {
  const stores = await createStores(t)
  const receiver = await startReceiver(t)
  const variables = { WEBHOOKS: webhooks({ url: receiver.url }), FLUSH_LEASE_MS: LEASE_MS }
  const killed = startServer(t, { ...stores.variables, ...variables })
  await killed.url()
  await begun(stores)
  const heir = await createService(t, variables, stores)
  receiver.answer(() => {})
  await heir.call('POST', '/tickets/1', { customer_id: 1 })
  await receiver.arrived(1)
  killed.child.kill('SIGKILL')
  await killed.exited
  receiver.answer()
  await heir.call('POST', '/tickets/2', { customer_id: 1 })
  await receiver.arrived(3)
  t.strictSame(receiver.ids().slice(1).sort(), [1, 2])
  t.equal(receiver.calls.filter(({ ticketId }) => ticketId === 1).every(({ id }) => id === receiver.calls[0]!.id), true, 'what was under way comes again with the same id')
  await webhookThat(heir, ({ waiting }) => waiting === 0)
})

t.test('kill -9 between a delivery and its record: it is told again with the same id', async t => {
  const server = await privateRedis(t)
  const stores = await createStores(t, { redis: server.url })
  const receiver = await startReceiver(t)
  const variables = { ...stores.variables, WEBHOOKS: webhooks({ url: receiver.url }), FLUSH_LEASE_MS: LEASE_MS, LOG_LEVEL: 'debug' }
  const killed = startServer(t, variables)
  const url = await killed.url()
  await begun(stores)
  receiver.answer(async response => {
    await stores.redis.config('SET', 'min-replicas-to-write', '1')
    response.end()
  })
  const answer = await fetch(`${url}/tickets/1`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"customer_id":1}' })
  t.equal(answer.status, 201)
  await killed.line(/could not be recorded/)
  killed.child.kill('SIGKILL')
  await killed.exited
  await stores.redis.config('SET', 'min-replicas-to-write', '0')
  receiver.answer()
  const heir = startServer(t, variables)
  await heir.url()
  await receiver.arrived(2)
  t.strictSame(receiver.ids(), [1, 1])
  t.equal(receiver.calls[0]!.id, receiver.calls[1]!.id)
  t.strictSame(receiver.calls[0]!.raw, receiver.calls[1]!.raw, 'and the same body')
})

t.test('SIGTERM while a target hangs: the process ends in its grace, and a restart goes on', async t => {
  const stores = await createStores(t)
  const receiver = await startReceiver(t, () => {})
  const variables = { ...stores.variables, WEBHOOKS: webhooks({ url: receiver.url }), SHUTDOWN_GRACE_MS: 2000 }
  const first = startServer(t, variables)
  const url = await first.url()
  await begun(stores)
  await fetch(`${url}/tickets/1`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"customer_id":1}' })
  await receiver.arrived(1)
  first.child.kill('SIGTERM')
  t.equal(await first.exited, 0)
  receiver.answer()
  startServer(t, variables)
  t.match(await receiver.arrived(2), [{ ticketId: 1 }, { ticketId: 1 }])
})

t.test('retries go on over a restart, with their attempts', async t => {
  const stores = await createStores(t)
  const receiver = await startReceiver(t, status(500))
  const variables = { WEBHOOKS: webhooks({ url: receiver.url }), WEBHOOK_RETRY_SECONDS: '1,1' }
  const first = await createService(t, variables, stores)
  await begun(stores)
  await first.call('POST', '/tickets/1', { customer_id: 1 })
  await eventually(async () => {
    const delivery = await stores.redis.hget(`${stores.prefix}webhook:crm:deliveries`, '1')
    if (!delivery?.includes(' 1 HTTP 500')) throw new Error(String(delivery))
  })
  await first.app.close()
  const second = await createService(t, variables, stores)
  t.match(await webhookThat(second, ({ dead }) => dead === 1), { dead_deliveries: [{ attempts: 3 }] })
  t.equal(receiver.calls.length, 3)
  t.equal(new Set(receiver.calls.map(({ id }) => id)).size, 1)
})
