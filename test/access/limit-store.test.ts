import t from 'tap'
import { createLimitStore, type Counted } from '../../src/limits/store.ts'
import { createService } from '../helper.ts'

const WINDOW_MS = 60_000

t.test('requests of one turn of the event loop are counted by one call for each bucket, in their order', async t => {
  const { app, prefix } = await createService(t)
  let calls = 0
  app.redis.calls.on('ended', name => { if (name === 'limit') calls += 1 })
  const Store = createLimitStore({ windowMs: WINDOW_MS, placeOf: () => ({ shard: app.redis.shards[0]!, key: bucket => `${prefix}limit:${bucket}` }), onError: error => { t.error(error) }, onSuccess () {} })
  const store = new Store()
  const count = (bucket: string) => new Promise<Counted>((resolve, reject) => { store.incr(bucket, (error, result) => { if (error) reject(error); else resolve(result!) }) })

  const counted = await Promise.all(['key:shop', 'key:team', 'key:shop', 'key:shop'].map(count))
  t.strictSame(counted.map(({ current }) => current), [1, 1, 2, 3])
  t.ok(counted.every(({ ttl }) => ttl > 0 && ttl <= WINDOW_MS))
  t.equal(calls, 2)
  t.match(await count('key:shop'), { current: 4 })
  t.equal(calls, 3)
})
