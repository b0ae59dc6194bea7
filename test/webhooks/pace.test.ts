import type { ServerResponse } from 'node:http'
import t from 'tap'
import { eventually } from '../helper.ts'
import { status } from './receiver.ts'
import { createTold, webhookThat } from './service.ts'

t.test('a change that is in the log several times is told once', async t => {
  const { call, receiver, redis, prefix } = await createTold(t, { variables: { FLUSH_LEASE_MS: 600_000 } })
  const state = `${prefix}webhook:crm`
  // Another instance has it: nothing is read until it has ended.
  await redis.hset(state, { owner: 'other', lease_until_ms: Date.now() + 500_000 })
  await call('POST', '/tickets/1', { customer_id: 1 })
  await call('POST', '/tickets/batch', { operations: Array.from({ length: 120 }, (_, i) => ({ op: 'create', ticket_id: i + 2, customer_id: 1 })) })
  const { body: { version } } = await call('PATCH', '/tickets/1', { subject: 'the last' })
  await redis.hset(state, 'lease_until_ms', 1)
  await receiver.arrived(121)
  await webhookThat({ call }, ({ waiting }) => waiting === 0)
  await call('POST', '/tickets/500', { customer_id: 1 })
  await receiver.when(calls => calls.some(({ ticketId }) => ticketId === 500))
  t.match(receiver.calls.filter(({ ticketId }) => ticketId === 1), [{ version }])
  t.equal(receiver.calls.length, 122)
})

t.test('a target that has too much to do gets one at a time until it has taken one', async t => {
  const { call, receiver, redis, prefix } = await createTold(t, { variables: { WEBHOOK_RETRY_SECONDS: 3600, WEBHOOK_TIMEOUT_MS: 60_000 } })
  const turns = () => redis.hget(`${prefix}webhook:crm`, 'lease_until_ms')
  const aTurn = async () => {
    const seen = await turns()
    await eventually(async () => { if (await turns() === seen) throw new Error('no turn since') })
  }
  receiver.answer(status(503))
  await call('POST', '/tickets/1', { customer_id: 1 })
  await webhookThat({ call }, ({ last_failure: failure }) => failure === 'HTTP 503')
  const open: ServerResponse[] = []
  receiver.answer(response => { open.push(response) })
  const operations = Array.from({ length: 30 }, (_, i) => ({ op: 'create', ticket_id: i + 2, customer_id: 1 }))
  await call('POST', '/tickets/batch', { operations })
  await receiver.arrived(2)
  await aTurn()
  await aTurn()
  t.equal(open.length, 1)
  open[0]!.writeHead(500).end()
  await receiver.arrived(3)
  await aTurn()
  t.equal(open.length, 2, 'still one')
  open[1]!.writeHead(204).end()
  await receiver.arrived(3 + 8)
  t.equal(open.length, 10, 'eight again')
})
