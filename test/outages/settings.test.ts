import t from 'tap'
import { createService, createStores, privateRedis } from '../helper.ts'
import { scrape } from '../routes/metrics/scrape.ts'
import { ready } from './journal.ts'

t.test('settings that are changed while Redis runs are noticed', async t => {
  const server = await privateRedis(t)
  const stores = await createStores(t, { redis: server.url })
  const { app, call, lines } = await createService(t, {}, stores)
  const accepting = await createService(t, { ALLOW_UNSAFE_EVICTION: true }, stores)
  const unsafe = async () => {
    const { value } = await scrape(app)
    return ['eviction', 'persistence'].map(setting => value(`tickets_redis_unsafe_settings{setting="${setting}"}`))
  }
  t.match((await call('GET', '/health/ready')).body, { status: 'ready', redis: { state: 'up' } })
  t.strictSame(await unsafe(), [0, 0])

  await stores.redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
  await stores.redis.config('SET', 'appendonly', 'no')
  t.match(await ready({ call }, 'degraded'), { redis: { state: 'unsafe', reason: 'maxmemory-policy allkeys-lru' } })
  t.strictSame(await unsafe(), [1, 1])
  t.match(await lines.waitFor(({ msg }) => /allkeys-lru/.test(msg)), { level: 50, msg: /noeviction/ })
  t.match(await lines.waitFor(({ msg }) => /AOF/.test(msg)), { level: 40 })
  t.equal((await call('POST', '/tickets/1', { customer_id: 1 })).status, 201, 'it goes on')

  t.match(await accepting.lines.waitFor(({ msg }) => /allkeys-lru/.test(msg)), { level: 40 })
  t.match((await accepting.call('GET', '/health/ready')).body, { status: 'ready', redis: { state: 'up' } }, 'what was accepted is no fault')
  t.equal((await scrape(accepting.app)).value('tickets_redis_unsafe_settings{setting="eviction"}'), 0)

  await stores.redis.config('SET', 'maxmemory-policy', 'noeviction')
  await stores.redis.config('SET', 'appendonly', 'yes')
  t.match(await ready({ call }, 'ready'), { redis: { state: 'up' } })
  t.strictSame(await unsafe(), [0, 0])
  t.match(await lines.waitFor(({ msg }) => /noeviction again/.test(msg)), { level: 30 })
  t.equal(lines.all.filter(({ msg }) => /allkeys-lru/.test(msg)).length, 1, 'each change is one line')
})
