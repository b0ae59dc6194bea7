import type { ServerResponse } from 'node:http'
import t from 'tap'
import { createService, createStores, eventually } from '../helper.ts'
import { isSigned, newSecret, startReceiver, status, webhooks } from './receiver.ts'
import { begun, createTold, webhookOf, webhookThat } from './service.ts'

t.test('each change is told once, signed, with the version that it has made', async t => {
  const secret = newSecret()
  const stores = await createStores(t)
  const before = await createService(t, {}, stores)
  await before.call('POST', '/tickets/99', { customer_id: 1 })
  const { call, receiver } = await createTold(t, { stores, entry: { secrets: [secret] } })
  const versions = new Map<number, number>()
  for (let id = 1; id <= 20; id += 1) versions.set(id, (await call('POST', `/tickets/${id}`, { customer_id: 1 })).body.version)
  await receiver.arrived(20)
  t.strictSame(new Map(receiver.calls.map(({ ticketId, version }) => [ticketId, version])), versions, 'and nothing of what was there before')
  t.ok(receiver.calls.every(received => received.body.type === 'ticket.changed' && isSigned(received, secret)))
  t.equal(new Set(receiver.calls.map(({ id }) => id)).size, 20)

  await call('DELETE', '/tickets/7')
  const [deleted] = (await receiver.arrived(21)).slice(20)
  t.match(deleted, { ticketId: 7, body: { type: 'ticket.deleted' } })
  t.ok(deleted!.version > versions.get(7)!)
  t.strictSame(Object.keys(deleted!.body.data), ['ticket_id', 'version'], 'a thin event')
  t.ok(Math.abs(Date.parse(deleted!.body.timestamp) - Date.now()) < 60_000)
  await call('POST', '/flush')
  await call('PATCH', '/tickets/1', { subject: 'last' })
  await receiver.arrived(22)
  t.equal(receiver.calls.length, 22, 'a flush is no change, and nothing came twice')
  t.match(await webhookThat({ call }, ({ waiting }) => waiting === 0), { state: 'active', dead: 0, gaps: 0, last_failure: null })
})

t.test('a target gets the events that it asks for', async t => {
  const receiver = await startReceiver(t)
  const { call } = await createTold(t, { receiver, entry: { events: ['ticket.deleted'] } })
  await call('POST', '/tickets/1', { customer_id: 1 })
  await call('DELETE', '/tickets/1')
  t.match(await receiver.arrived(1), [{ body: { type: 'ticket.deleted' } }])
})

t.test('a delivery that fails is sent again with the same id; after its last attempt it is dead, and an operator sends it again', async t => {
  const { call, receiver, lines, app, redis, prefix } = await createTold(t, { variables: { WEBHOOK_RETRY_SECONDS: '0,0' } })
  receiver.answer(status(500))
  for (const id of [1, 2]) await call('POST', `/tickets/${id}`, { customer_id: 1 })
  const webhook = await webhookThat({ call }, ({ dead }) => dead === 2)
  t.match(webhook, { state: 'failing', waiting: 0, last_failure: 'HTTP 500' })
  t.match(webhook.dead_deliveries.find(({ ticket_id: id }) => id === 1), { attempts: 3, reason: 'HTTP 500', type: 'ticket.changed' })
  t.equal(receiver.calls.length, 6)
  t.equal(new Set(receiver.calls.map(({ id }) => id)).size, 2, 'a delivery keeps its id')
  t.match(await lines.waitFor(({ msg }) => /given up/.test(msg)), { level: 50, target: 'crm', attempts: 3, reason: 'HTTP 500' })
  const metrics = (await app.inject('/metrics')).body
  for (const line of ['tickets_webhook_deliveries_total{target="crm",result="failed"} 4', 'tickets_webhook_deliveries_total{target="crm",result="dead"} 2', 'tickets_webhook_dead{target="crm"} 2', 'tickets_webhook_duration_seconds_count{target="crm"} 6']) t.match(metrics, line)

  receiver.answer()
  t.strictSame((await call('POST', '/webhooks/crm/retry', { ticket_ids: [2, 3] })).body, { redriven: 1, missing: [3] })
  t.match((await receiver.arrived(7))[6], { ticketId: 2 })
  t.match(await lines.waitFor(({ msg }) => /made due by an operator/.test(msg)), { target: 'crm', redriven: 1 })
  await webhookThat({ call }, ({ dead, waiting }) => dead === 1 && waiting === 0)
  t.strictSame((await call('POST', '/webhooks/crm/retry')).body, { redriven: 1 })
  t.match((await receiver.arrived(8))[7], { ticketId: 1, id: receiver.calls.find(({ ticketId }) => ticketId === 1)!.id })
  t.match(await webhookThat({ call }, ({ dead, waiting }) => dead === 0 && waiting === 0), { state: 'active' })
  t.equal(await redis.exists(...['waiting', 'deliveries', 'dead'].map(part => `${prefix}webhook:crm:${part}`)), 0, 'nothing is left of them')
})

t.test('a newer version takes the place of one that waits, or is dead', async t => {
  const { call, receiver, redis, prefix } = await createTold(t, { variables: { WEBHOOK_RETRY_SECONDS: 3600 } })
  receiver.answer(status(500))
  await call('POST', '/tickets/1', { customer_id: 1 })
  await webhookThat({ call }, ({ last_failure: failure }) => failure !== null)
  const { body: { version } } = await call('PATCH', '/tickets/1', { subject: 'newer' })
  await eventually(async () => {
    const delivery = await redis.hget(`${prefix}webhook:crm:deliveries`, '1')
    if (!delivery?.startsWith(`${version} `)) throw new Error(String(delivery))
    t.match(delivery, / ticket\.changed 0 $/, 'with all its attempts')
  })
  receiver.answer()
  t.strictSame((await call('POST', '/webhooks/crm/retry')).body, { redriven: 1 })
  t.match(await receiver.arrived(2), [{}, { ticketId: 1, version }])
  await webhookThat({ call }, ({ waiting }) => waiting === 0)
  t.equal(receiver.calls.length, 2)
})

t.test('deliveries of a ticket come one after the other, and end with the newest', async t => {
  const { call, receiver } = await createTold(t)
  const open: ServerResponse[] = []
  receiver.answer(response => { open.push(response) })
  await call('POST', '/tickets/1', { customer_id: 1 })
  await receiver.arrived(1)
  const versions: number[] = []
  for (const subject of ['a', 'b', 'c']) versions.push((await call('PATCH', '/tickets/1', { subject })).body.version)
  // What comes after these has been read: nothing else of the ticket is under way.
  await call('POST', '/tickets/2', { customer_id: 1 })
  await receiver.arrived(2)
  t.strictSame(receiver.ids(), [1, 2])
  receiver.answer()
  for (const response of open) response.end()
  const ofTicket1 = () => receiver.calls.filter(({ ticketId }) => ticketId === 1).map(({ version }) => version)
  await receiver.when(() => ofTicket1().length > 1)
  t.strictSame(ofTicket1().slice(1), [versions[2]])
  await webhookThat({ call }, ({ waiting }) => waiting === 0)
  t.equal(receiver.calls.length, 3)
})

t.test('410 disables a target until an operator enables it, or its configuration changes', async t => {
  const receiver = await startReceiver(t, status(410))
  const stores = await createStores(t)
  const entry = { secrets: [newSecret()] }
  const first = await createTold(t, { receiver, stores, entry })
  await first.call('POST', '/tickets/1', { customer_id: 1 })
  t.match(await webhookThat(first, ({ state }) => state === 'disabled'), { waiting: 1, last_failure: 'HTTP 410', disabled_at: Number })
  t.match(await first.lines.waitFor(({ msg }) => /was disabled/.test(msg)), { level: 50, target: 'crm' })
  t.match((await first.app.inject('/metrics')).body, 'tickets_webhook_disabled{target="crm"} 1')
  receiver.answer()
  await first.call('POST', '/tickets/2', { customer_id: 1 })
  await webhookThat(first, ({ waiting }) => waiting === 2)
  await first.app.close()

  const same = await createTold(t, { receiver, stores, entry })
  await same.call('POST', '/tickets/3', { customer_id: 1 })
  t.match(await webhookThat(same, ({ waiting }) => waiting === 3), { state: 'disabled' }, 'a restart alone changes nothing')
  t.equal(receiver.calls.length, 1)
  t.strictSame((await same.call('POST', '/webhooks/crm/retry', { ticket_ids: [77] })).body, { redriven: 0, missing: [77] })
  t.strictSame((await receiver.arrived(4)).slice(1).map(({ ticketId }) => ticketId).sort(), [1, 2, 3])

  receiver.answer(status(410))
  await same.call('POST', '/tickets/4', { customer_id: 1 })
  await webhookThat(same, ({ state }) => state === 'disabled')
  await same.app.close()
  receiver.answer()
  const changed = await createTold(t, { receiver, stores, entry: { secrets: [newSecret()] } })
  await receiver.when(calls => calls.filter(({ ticketId }) => ticketId === 4).length === 2)
  t.match(await webhookThat(changed, ({ waiting }) => waiting === 0), { state: 'active', disabled_at: null })
})

for (const code of [429, 503]) {
  t.test(`${code} with Retry-After: the target is left alone for that time`, async t => {
    const { call, receiver } = await createTold(t)
    receiver.answer(status(code, { 'retry-after': 3000 }))
    const before = Math.floor(Date.now() / 1000)
    await call('POST', '/tickets/1', { customer_id: 1 })
    const webhook = await webhookThat({ call }, ({ state }) => state === 'paused')
    t.ok(webhook.paused_until! >= before + 2990 && webhook.paused_until! <= before + 3060)
    receiver.answer()
    await call('POST', '/tickets/2', { customer_id: 1 })
    await webhookThat({ call }, ({ waiting }) => waiting === 2)
    t.equal(receiver.calls.length, 1)
    await call('POST', '/webhooks/crm/retry')
    t.strictSame((await receiver.arrived(3)).slice(1).map(({ ticketId }) => ticketId).sort(), [1, 2])

    receiver.answer(status(code, { 'retry-after': 1 }))
    await call('POST', '/tickets/3', { customer_id: 1 })
    await receiver.arrived(4)
    receiver.answer()
    await receiver.when(calls => calls.filter(({ ticketId }) => ticketId === 3).length >= 2)
    t.pass('it comes back by itself')
  })
}

t.test('who hangs gets a bounded number at a time, and holds up neither others nor writes', async t => {
  const [hanging, quick] = [await startReceiver(t, () => {}), await startReceiver(t)]
  const stores = await createStores(t)
  const service = await createService(t, { WEBHOOKS: webhooks({ url: hanging.url }, { name: 'search', url: quick.url }), WEBHOOK_TIMEOUT_MS: 60_000 }, stores)
  await Promise.all([begun(stores), begun(stores, 'search')])
  const operations = Array.from({ length: 300 }, (_, i) => ({ op: 'create', ticket_id: i + 1, customer_id: 1 }))
  t.equal((await service.call('POST', '/tickets/batch', { operations })).status, 200)
  await quick.arrived(300)
  t.equal(hanging.calls.length, 8)
  const webhook = await webhookOf(service)
  t.ok(webhook.waiting >= 100 && webhook.waiting <= 250, `${webhook.waiting} wait, and the log has the others`)
  await webhookThat(service, ({ waiting }) => waiting === 0, 'search')
  t.match((await service.call('GET', '/webhooks')).body.webhooks, [{ name: 'crm', url: hanging.url }, { name: 'search', waiting: 0 }])
})

t.test('who hangs is given up after WEBHOOK_TIMEOUT_MS', async t => {
  const { call } = await createTold(t, { receiver: await startReceiver(t, () => {}), variables: { WEBHOOK_TIMEOUT_MS: 100, WEBHOOK_RETRY_SECONDS: '0' } })
  await call('POST', '/tickets/1', { customer_id: 1 })
  t.match(await webhookThat({ call }, ({ dead }) => dead === 1), { dead_deliveries: [{ attempts: 2, reason: 'no whole answer within 100 ms' }] })
})

t.test('no more wait for a target than may; the change log has what follows', async t => {
  const { call, receiver, redis, prefix } = await createTold(t)
  const later = Date.now() + 600_000
  const [waiting, deliveries] = [`${prefix}webhook:crm:waiting`, `${prefix}webhook:crm:deliveries`]
  await redis.zadd(waiting, ...Array.from({ length: 10_000 }, (_, i) => [later, String(i + 1000)]).flat())
  await redis.hset(deliveries, Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [i + 1000, '1 deadbeef ticket.changed 1 HTTP 500'])))
  await webhookThat({ call }, each => each.waiting === 10_000)
  const cursor = await redis.hget(`${prefix}webhook:crm`, 'cursor')
  await call('POST', '/tickets/1', { customer_id: 1 })
  const token = await redis.hget(`${prefix}webhook:crm`, 'lease_until_ms')
  await eventually(async () => { if (await redis.hget(`${prefix}webhook:crm`, 'lease_until_ms') === token) throw new Error('no turn since') })
  t.equal(await redis.hget(`${prefix}webhook:crm`, 'cursor'), cursor)
  await redis.zrem(waiting, '1000')
  t.match(await receiver.arrived(1), [{ ticketId: 1 }])
})
