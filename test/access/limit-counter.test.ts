import t, { type Test } from 'tap'
import { createCounter, type Counted } from '../../src/limits/counter.ts'
import { createService, createStores, eventually, privateRedis, type Stores } from '../helper.ts'

const WINDOW_MS = 60_000

async function start (t: Test, stores?: Stores) {
  const service = await createService(t, {}, stores)
  const { app, prefix } = service
  const calls = { ended: 0, failed: 0 }
  app.redis.calls.on('ended', name => { if (name === 'limit') calls.ended += 1 })
  const keyOf = (bucket: string) => `${prefix}limit:${bucket}`
  const count = createCounter({
    windowMs: WINDOW_MS, placeOf: () => ({ shard: app.redis.shards[0]!, key: keyOf }), onError () { calls.failed += 1 }, onSuccess () {},
  })
  return { service, calls, count, inRedis: async (bucket: string) => Number(await service.redis.get(keyOf(bucket))) }
}

t.test('requests of one turn of the event loop are counted by one call for each bucket, in their order', async t => {
  const { calls, count } = await start(t)
  const counted = await Promise.all(['key:shop', 'key:team', 'key:shop', 'key:shop'].map(bucket => count(bucket, 0)))
  t.strictSame(counted.map(({ current }) => current), [1, 1, 2, 3])
  t.ok(counted.every(({ ttl }) => ttl > 0 && ttl <= WINDOW_MS))
  t.equal(calls.ended, 2)
  t.match(await count('key:shop', 0), { current: 4 })
  t.equal(calls.ended, 3)
})

t.test('far from the limit nobody waits, and everybody is counted', async t => {
  const { count, inRedis } = await start(t)
  const first = count('key:shop', 50)
  t.ok(first instanceof Promise, 'nothing is known yet')
  t.match(await first, { current: 1 })
  const at = Array.from({ length: 60 }, () => count('key:shop', 50))
  t.strictSame(at.slice(0, 49).map(counted => (counted as Counted).current), Array.from({ length: 49 }, (_, i) => i + 2))
  t.ok(at.slice(49).every(counted => counted instanceof Promise), 'from there on they wait')
  t.strictSame((await Promise.all(at.slice(49))).map(({ current }) => current), Array.from({ length: 11 }, (_, i) => i + 51))
  t.equal(await inRedis('key:shop'), 61)
})

t.test('what other instances have counted is known from the next answer on', async t => {
  const { service, count, inRedis } = await start(t)
  const other = await start(t, service)
  await count('key:shop', 50)
  await Promise.all(Array.from({ length: 80 }, () => other.count('key:shop', 50)))
  t.match(count('key:shop', 50), { current: 2 }, 'before that it is not')
  await eventually(async () => { if (await inRedis('key:shop') < 82) throw new Error('not all are counted') })
  const next = count('key:shop', 50)
  t.ok(next instanceof Promise)
  t.match(await next, { current: 83 })
})

t.test('what Redis has said counts for a second, and no longer than the window', async t => {
  const { count } = await start(t)
  const now = performance.now.bind(performance)
  t.teardown(() => { performance.now = now })
  await count('key:shop', 50)
  performance.now = () => now() + 900
  t.notOk(count('key:shop', 50) instanceof Promise)
  performance.now = () => now() + 1001
  t.ok(count('key:shop', 50) instanceof Promise)
  performance.now = () => now() + WINDOW_MS
  t.ok(count('key:shop', 50) instanceof Promise)
})

t.test('what cannot be counted passes, and is waited for from then on', async t => {
  const redis = await privateRedis(t)
  const { calls, count } = await start(t, await createStores(t, { redis: redis.url }))
  await count('key:shop', 50)
  await redis.kill()
  t.notOk(count('key:shop', 50) instanceof Promise)
  await eventually(async () => { if (calls.failed === 0) throw new Error('it has not failed') })
  const next = count('key:shop', 0)
  t.ok(next instanceof Promise, 'nothing is known any more')
  t.match(await next, { current: 0 })
})
