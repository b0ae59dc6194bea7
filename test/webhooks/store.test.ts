import t, { type Test } from 'tap'
import { repeatableScripts } from '../../src/store/scripts.ts'
import { createWebhookStore, type Attempt } from '../../src/store/webhook-store.ts'
import { createKeys } from '../../src/tickets/keys.ts'
import { createService } from '../helper.ts'

const OPTIONS = { leaseMs: 60_000, fingerprint: 'f', dueMax: 16, delayMaxMs: 3_600_000 }
const ACCEPT = { hasGap: false, soonMs: 5000 }

const notification = (ticketId: number, version = 1, epoch = 'deadbeef') => ({ ticketId, version, epoch, type: 'ticket.changed' })
const failed: Attempt = { result: 'failed', reason: 'HTTP 500', delayMs: 60_000, pauseMs: 0 }

async function createStore (t: Test) {
  const { app, redis, prefix } = await createService(t)
  const store = createWebhookStore(repeatableScripts(app.redis.shards[0]!), createKeys(prefix), 'crm')
  return { store, redis, prefix, turn: async (owner = 'a') => (await store.turn(owner, OPTIONS))! }
}

t.test('a lease: one has it, and what one that has lost it does has no effect', async t => {
  const { store, turn, redis, prefix } = await createStore(t)
  const { token, cursor, deliveries } = await turn('a')
  t.strictSame([cursor, deliveries], ['', []])
  t.equal(await store.accept(token, 'c1', [notification(1)], ACCEPT), true)
  t.equal(await store.turn('b', OPTIONS), undefined)
  t.equal((await turn('a')).token, token, 'it is renewed')
  // Its time is over.
  await redis.hset(`${prefix}webhook:crm`, 'lease_until_ms', 1)
  const next = await turn('b')
  t.not(next.token, token)
  t.match(next, { cursor: 'c1', deliveries: [{ ...notification(1), attempts: 0, reason: '' }] })
  t.equal(await store.accept(token, 'c2', [notification(2)], ACCEPT), false)
  t.equal(await store.record(token, next.deliveries[0]!, { result: 'delivered' }), undefined)
  await store.leave(token)
  t.equal(await store.turn('a', OPTIONS), undefined, 'nor can it give away what is not its own')
  t.match(await turn('b'), { cursor: 'c1', waiting: 1 })
  await store.leave(next.token)
  t.ok(await store.turn('a', OPTIONS), 'given away')
  // Of a clock that jumped.
  await redis.hset(`${prefix}webhook:crm`, 'lease_until_ms', Date.now() + 86_400_000)
  t.ok(await store.turn('c', OPTIONS))
})

t.test('what waits is replaced by a newer version, or by one of another Redis, and by nothing else', async t => {
  const { store, turn } = await createStore(t)
  const { token } = await turn()
  const accepted = async (...each: ReturnType<typeof notification>[]) => {
    await store.accept(token, 'c', each, ACCEPT)
    return (await turn()).deliveries.map(({ version, epoch }) => [version, epoch])
  }
  t.strictSame(await accepted(notification(1, 5)), [[5, 'deadbeef']])
  t.strictSame(await accepted(notification(1, 4)), [[5, 'deadbeef']])
  t.strictSame(await accepted(notification(1, 6)), [[6, 'deadbeef']])
  t.strictSame(await accepted(notification(1, 3, 'feedface')), [[3, 'feedface']])
  const [sent] = (await turn()).deliveries
  await accepted(notification(1, Number.MAX_SAFE_INTEGER, 'feedface'))
  t.equal(await store.record(token, sent!, { result: 'delivered' }), 0)
  t.match((await turn()).deliveries, [{ version: Number.MAX_SAFE_INTEGER }], 'an answer to the older one takes away nothing')
  await store.record(token, sent!, { result: 'dead', reason: 'x', pauseMs: 0 })
  t.match(await store.status(10), { waiting: 1, dead: 0 })
})

t.test('one that failed waits for its time, and comes earlier where a newer version replaces it', async t => {
  const { store, turn, redis, prefix } = await createStore(t)
  const { token } = await turn()
  await store.accept(token, 'c', [notification(1)], ACCEPT)
  await store.record(token, (await turn()).deliveries[0]!, failed)
  const { deliveries, nextDueInMs, waiting, due } = await turn()
  t.strictSame([deliveries, waiting, due], [[], 1, 0])
  t.ok(nextDueInMs! > 50_000 && nextDueInMs! <= 60_000)
  t.match((await redis.hget(`${prefix}webhook:crm:deliveries`, '1')), '1 deadbeef ticket.changed 1 HTTP 500')
  await store.accept(token, 'c', [notification(1, 2)], ACCEPT)
  const sooner = (await turn()).nextDueInMs!
  t.ok(sooner > 3000 && sooner <= 5000, `${sooner} ms`)
  // A clock that was set back.
  await redis.zadd(`${prefix}webhook:crm:waiting`, Date.now() + 10 * 86_400_000, '1')
  t.match((await turn()).deliveries, [{ ticketId: 1 }])
})

t.test('dead ones are bounded: the oldest go, and are counted', async t => {
  const { store, turn, redis, prefix } = await createStore(t)
  const ids = Array.from({ length: 10_000 }, (_, i) => i + 10)
  await redis.zadd(`${prefix}webhook:crm:dead`, ...ids.flatMap(id => [id, String(id)]))
  await redis.hset(`${prefix}webhook:crm:deliveries`, Object.fromEntries(ids.map(id => [id, '1 deadbeef ticket.changed 8 HTTP 500'])))
  const { token } = await turn()
  await store.accept(token, 'c', [notification(1), notification(2)], ACCEPT)
  const both = (await turn()).deliveries
  t.equal(await store.record(token, both[0]!, { result: 'dead', reason: 'x', pauseMs: 0 }), 1)
  t.equal(await store.record(token, both[1]!, { result: 'dead', reason: 'y', pauseMs: 0 }), 1)
  t.match(await store.status(2), { dead: 10_000, dropped: 2, deadDeliveries: { length: 2 } })
  t.strictSame((await store.status(2)).deadDeliveries.map(({ ticketId }) => ticketId).sort(), [1, 2], 'the last ones are shown')
  t.equal(await redis.hexists(`${prefix}webhook:crm:deliveries`, '10'), 0)
  t.equal(await redis.hlen(`${prefix}webhook:crm:deliveries`), 10_000)
  t.equal(await store.retryAll(), 10_000, 'more than one call makes them due')
  t.match(await store.status(0), { dead: 0, waiting: 10_000 })
  t.match((await turn()).due, 10_000)
})
