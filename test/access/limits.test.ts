import t from 'tap'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { createService, createStores, eventually, privateRedis, type Service } from '../helper.ts'

const shop = createApiKey('shop', 'read+write')
const other = createApiKey('other', 'read')
const team = createApiKey('team', 'ops')
const API_KEYS = [shop, other, team].map(({ entry }) => entry).join()
const FAILURES_MAX = 60

interface Caller { key?: string, address?: string, forwarded?: string }

function ask ({ app }: Pick<Service, 'app'>, url: string, { key, address = '192.0.2.1', forwarded }: Caller = {}) {
  return app.inject({
    url,
    remoteAddress: address,
    headers: { ...(key && { authorization: `Bearer ${key}` }), ...(forwarded && { 'x-forwarded-for': forwarded }) },
  })
}

/** Until one is refused as too many. Resolves with the number of those before it, and with that answer. */
async function exhaust (service: Pick<Service, 'app'>, url: string, caller?: Caller) {
  for (let count = 0; count < 2 * FAILURES_MAX; count += 1) {
    const answer = await ask(service, url, caller)
    if (answer.statusCode === 429) return { count, answer }
  }
  return { count: Infinity, answer: undefined }
}

t.test('wrong keys are limited by address, for all instances together', async t => {
  const service = await createService(t, { API_KEYS })
  const second = await createService(t, { API_KEYS }, service)
  for (let i = 0; i < 20; i += 1) t.equal((await ask(second, '/tickets/1', { key: 'wrong' })).statusCode, 401)
  const { count, answer } = await exhaust(service, '/tickets/1', { key: 'wrong' })
  t.equal(count, FAILURES_MAX - 20)
  t.match(answer!.json(), { code: 'rate_limited', status: 429 })
  t.match(answer!.headers, { 'ratelimit-limit': '60', 'ratelimit-remaining': '0' })
  t.match(Number(answer!.headers['retry-after']), Number)
  t.ok(Number(answer!.headers['retry-after']) >= 1 && Number(answer!.headers['retry-after']) <= 60)
  t.equal((await ask(second, '/tickets/1')).statusCode, 429, 'none is as good as a wrong one')

  t.equal((await ask(service, '/tickets/1', { key: shop.key })).statusCode, 404, 'a valid key of the same address is not limited')
  t.equal((await ask(service, '/health/live')).statusCode, 200, 'nor is health')
  t.equal((await ask(service, '/tickets/1', { key: 'wrong', address: '192.0.2.2' })).statusCode, 401, 'nor another address')
})

t.test('paths that are no routes are limited, also for valid keys, and methods that a route does not know', async t => {
  const service = await createService(t, { API_KEYS })
  for (let i = 0; i < 20; i += 1) t.equal((await service.app.inject({ method: 'PUT', url: `/tickets/${i}`, remoteAddress: '192.0.2.1' })).statusCode, 405)
  t.equal((await exhaust(service, '/nonsense', { key: shop.key })).count, FAILURES_MAX - 20)
  const tickets = await Promise.all(Array.from({ length: 2 * FAILURES_MAX }, (_, i) => ask(service, `/tickets/${i + 1}`, { key: shop.key })))
  t.ok(tickets.every(({ statusCode }) => statusCode === 404), 'tickets that are not there are not meant')
})

t.test('a window ends', async t => {
  const service = await createService(t, { API_KEYS, RATE_LIMIT_WINDOW_MS: 1000 })
  await exhaust(service, '/nonsense')
  await eventually(async () => { if ((await ask(service, '/nonsense')).statusCode !== 404) throw new Error('it has not ended') })
  const ttl = await service.redis.pttl(`${service.prefix}limit:failures:192.0.2.1`)
  t.ok(ttl > 0 && ttl <= 1000, 'nothing is kept for longer')
})

t.test('a network of IPv6 is one address, and an IPv4 address is the same in IPv6', async t => {
  const service = await createService(t, { API_KEYS })
  await exhaust(service, '/nonsense', { address: '2001:db8::1' })
  t.equal((await ask(service, '/nonsense', { address: '2001:db8::ffff:1' })).statusCode, 429)
  t.equal((await ask(service, '/nonsense', { address: '2001:db8:0:1::1' })).statusCode, 404)
  await exhaust(service, '/nonsense', { address: '192.0.2.7' })
  t.equal((await ask(service, '/nonsense', { address: '::ffff:192.0.2.7' })).statusCode, 429)
})

t.test('X-Forwarded-For is believed from TRUST_PROXY alone', async t => {
  const service = await createService(t, { API_KEYS, TRUST_PROXY: '10.0.0.0/8' })
  await exhaust(service, '/nonsense', { address: '10.1.2.3', forwarded: '192.0.2.1' })
  t.equal((await ask(service, '/nonsense', { address: '192.0.2.1' })).statusCode, 429, 'the address that the proxy names is the one that is limited')
  t.equal((await ask(service, '/nonsense', { address: '10.1.2.3', forwarded: '192.0.2.2' })).statusCode, 404)
  t.equal((await ask(service, '/nonsense', { address: '10.1.2.3', forwarded: '192.0.2.2, 192.0.2.1' })).statusCode, 429, 'what a caller has put before it does not count')
  t.equal((await ask(service, '/nonsense', { address: '192.0.2.1', forwarded: '192.0.2.3' })).statusCode, 429, 'a caller who is no proxy cannot be another')

  for (let i = 0; i < FAILURES_MAX; i += 1) t.equal((await ask(service, '/nonsense', { address: '10.9.9.9', forwarded: `nobody${i}` })).statusCode, 404)
  t.equal((await ask(service, '/nonsense', { address: '10.9.9.9', forwarded: '192.0.2.4:1234' })).statusCode, 429, 'what is no address is not a new caller each time')
  t.strictSame((await service.redis.keys(`${service.prefix}limit:*nobody*`)), [], 'nor a key in Redis')

  const without = await createService(t, { API_KEYS }, service)
  t.equal((await ask(without, '/nonsense', { address: '10.1.2.3', forwarded: '192.0.2.1' })).statusCode, 404, 'without TRUST_PROXY nobody is believed')
})

t.test('RATE_LIMIT_MAX: valid keys are limited, each by itself, and told how much is left', async t => {
  const service = await createService(t, { API_KEYS, RATE_LIMIT_MAX: 3 })
  for (const remaining of [2, 1, 0]) {
    const { statusCode, headers } = await ask(service, '/tickets/1', { key: shop.key })
    t.match({ statusCode, ...headers }, { statusCode: 404, 'ratelimit-limit': '3', 'ratelimit-remaining': String(remaining), 'ratelimit-reset': /^\d+$/ })
  }
  const { statusCode, headers } = await ask(service, '/tickets/1', { key: shop.key, address: '192.0.2.9' })
  t.match({ statusCode, ...headers }, { statusCode: 429, 'ratelimit-remaining': '0', 'retry-after': /^\d+$/ }, 'from wherever it comes')
  t.equal((await ask(service, '/tickets/1', { key: other.key })).statusCode, 404)
  const write = await service.app.inject({ method: 'POST', url: '/tickets/5', payload: { customer_id: 1 }, headers: { authorization: `Bearer ${shop.key}` } })
  t.equal(write.statusCode, 429)
  t.equal(await service.redis.exists(`${service.prefix}ticket:5`), 0, 'nothing is written')
})

t.test('RATE_LIMIT_MAX: of many requests at once, over two instances, no more pass', async t => {
  const first = await createService(t, { API_KEYS, RATE_LIMIT_MAX: 200 })
  const second = await createService(t, { API_KEYS, RATE_LIMIT_MAX: 200 }, first)
  const answers = []
  const counted = async () => Number(await first.redis.get(`${first.prefix}limit:key:shop`))
  // In bursts, each of which the instances know of before the next: those who do not wait are told of 10 ms later, and a fast machine would be through by then.
  for (let burst = 0; burst < 10; burst += 1) {
    answers.push(...await Promise.all(Array.from({ length: 30 }, (_, i) => ask(i % 3 ? first : second, '/tickets/1', { key: shop.key }))))
    await eventually(async () => { if (await counted() < answers.length) throw new Error('not all are counted') })
  }
  t.equal(answers.filter(({ statusCode }) => statusCode === 404).length, 200)
  t.equal(answers.filter(({ statusCode }) => statusCode === 429).length, 100)
  t.equal(new Set(answers.slice(0, 30).map(({ headers }) => headers['ratelimit-remaining'])).size > 1, true, 'each is told what is left')
})

t.test('RATE_LIMIT_MAX without keys is by address', async t => {
  const service = await createService(t, { RATE_LIMIT_MAX: 2 })
  t.strictSame([
    (await ask(service, '/tickets/1')).statusCode,
    (await ask(service, '/tickets/1')).statusCode,
    (await ask(service, '/tickets/1')).statusCode,
    (await ask(service, '/tickets/1', { address: '192.0.2.2' })).statusCode,
  ], [404, 404, 429, 404])
})

t.test('without RATE_LIMIT_MAX valid keys are neither limited nor counted', async t => {
  const service = await createService(t, { API_KEYS })
  const { headers } = await ask(service, '/tickets/1', { key: shop.key })
  t.notOk('ratelimit-limit' in headers)
  t.strictSame(await service.redis.keys(`${service.prefix}*limit:*`), [])
})

t.test('who is over the limit shares its calls to Redis, and costs no line of the log', async t => {
  const service = await createService(t, { API_KEYS })
  await exhaust(service, '/tickets/1')
  let calls = 0
  service.app.redis.calls.on('ended', name => { if (name === 'limit') calls += 1 })
  const { length } = service.lines.all
  const answers = await Promise.all(Array.from({ length: 100 }, () => ask(service, '/nonsense')))
  t.ok(answers.every(({ statusCode }) => statusCode === 429))
  t.ok(calls > 0 && calls <= 10, `${calls} calls for 100 requests`)
  t.equal((await ask(service, '/tickets/1', { address: '192.0.2.2' })).statusCode, 401)
  await service.lines.waitFor(({ address }) => address === '192.0.2.2')
  t.equal(service.lines.all.length, length + 1)
})

for (const [what, act] of [['is unavailable', 'kill'], ['hangs', 'pause']] as const) {
  t.test(`while Redis ${what}, nobody is limited, and one line says so`, async t => {
    const redis = await privateRedis(t)
    const stores = await createStores(t, { redis: redis.url })
    const service = await createService(t, { API_KEYS, RATE_LIMIT_MAX: 1 }, stores)
    await redis[act]()
    const { count } = await exhaust(service, '/nonsense')
    t.equal(count, Infinity)
    const together = await Promise.all(Array.from({ length: 2 * FAILURES_MAX }, () => ask(service, '/nonsense')))
    t.ok(together.every(({ statusCode }) => statusCode === 404), 'nor are many in one turn of the event loop')
    t.equal((await ask(service, '/nonsense')).statusCode, 404, 'they are answered as ever')
    t.equal((await ask(service, '/tickets/1', { key: 'wrong' })).statusCode, 401)
    const write = (id: number) => service.app.inject({ method: 'POST', url: `/tickets/${id}`, payload: { customer_id: 1 }, headers: { authorization: `Bearer ${shop.key}` } })
    t.match([(await write(1)).statusCode, (await write(2)).statusCode], [202, 202], 'the journal takes them')
    t.match((await service.app.inject({ url: '/metrics', headers: { authorization: `Bearer ${team.key}` } })).body, /^tickets_rate_limit_errors_total 2[4-9]\d$/m, 'each of them is counted as uncounted')
    const said = () => service.lines.all.filter(({ msg }) => msg === 'requests cannot be counted, so none is limited').length
    t.equal(said(), 1)
    if (act === 'kill') await redis.restart()
    else redis.resume()
    await eventually(async () => { if ((await exhaust(service, '/nonsense', { address: '192.0.2.3' })).count > FAILURES_MAX) throw new Error('they are not counted') })
    t.ok(await service.lines.waitFor(({ msg }) => msg === 'requests are counted again'))
  })
}

t.test('a process that is behind its work refuses more, but says that it is alive', async t => {
  const service = await createService(t, { MAX_EVENT_LOOP_DELAY_MS: 20 })
  let isBusy = true
  const hog = () => {
    const until = performance.now() + 100
    while (performance.now() < until);
    if (isBusy) setTimeout(hog)
  }
  hog()
  await eventually(async () => {
    const { statusCode, headers, json } = await ask(service, '/tickets/1')
    if (statusCode !== 503) throw new Error(`it is ${statusCode}`)
    t.match(json(), { code: 'overloaded' })
    t.ok(headers['retry-after'])
  })
  t.equal((await ask(service, '/health/live')).statusCode, 200)
  const { length } = service.lines.all
  t.ok((await Promise.all(Array.from({ length: 20 }, () => ask(service, '/tickets/1')))).every(({ statusCode }) => statusCode === 503))
  t.ok(service.lines.all.length < length + 10, 'not each of them is logged')
  const write = await service.app.inject({ method: 'POST', url: '/tickets/1', payload: { customer_id: 1 } })
  t.equal(write.statusCode, 503)
  t.equal(await service.redis.exists(`${service.prefix}ticket:1`), 0, 'nothing is written')
  isBusy = false
  await eventually(async () => { if ((await ask(service, '/tickets/1')).statusCode !== 404) throw new Error('still busy') })
})

t.test('what is refused is counted by the reason', async t => {
  const { app } = await createService(t, { API_KEYS, RATE_LIMIT_MAX: 2 })
  const authorization = `Bearer ${other.key}`
  for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization }, { authorization }, { authorization }]) await app.inject({ method: 'POST', url: '/tickets/1', headers })
  const { body } = await app.inject({ url: '/metrics', headers: { authorization: `Bearer ${team.key}` } })
  for (const line of [
    'tickets_auth_failures_total{reason="missing"} 1', 'tickets_auth_failures_total{reason="unknown"} 1', 'tickets_auth_failures_total{reason="scope"} 3',
    'tickets_rate_limited_total{limit="calls"} 1', 'tickets_rate_limited_total{limit="failures"} 0', 'tickets_rate_limit_errors_total 0',
  ]) t.ok(body.includes(`${line}\n`), line)
})
