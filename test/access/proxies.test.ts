import t from 'tap'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { loadConfig } from '../../src/config.ts'
import { createAddresses, isWide } from '../../src/http/client-address.ts'
import { createService } from '../helper.ts'

const shop = createApiKey('shop', 'read+write+ops')
const PROXIES = ['192.0.2.10', '192.0.2.11', '198.51.100.8/29', 'fd00::10', '::ffff:203.0.113.5', '::ffff:203.0.113.128/121']

t.test('a request is the last address\'s of X-Forwarded-For that is no proxy\'s', async t => {
  const { addressOf } = createAddresses(PROXIES)
  const of = (peer: string | undefined, forwarded?: string, more: object = {}) =>
    addressOf({ socket: { remoteAddress: peer }, headers: { ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }), ...more } })
  for (const [peer, forwarded, expected] of [
    ['192.0.2.10', '203.0.113.1', '203.0.113.1'],
    ['192.0.2.10', '10.9.9.9, 203.0.113.1', '203.0.113.1'],
    ['192.0.2.10', '10.9.9.9, 203.0.113.1, 192.0.2.11', '203.0.113.1'],
    ['192.0.2.10', '192.0.2.11, 203.0.113.1, 198.51.100.9,192.0.2.11', '203.0.113.1'],
    ['fd00::10', '2001:db8::1', '2001:db8::1'],
    ['::ffff:192.0.2.10', '::ffff:203.0.113.1', '203.0.113.1'],
    ['203.0.113.5', '203.0.113.1', '203.0.113.1'],
    ['203.0.113.200', '203.0.113.1', '203.0.113.1'],
    ['192.0.2.10', '203.0.113.1,,', '203.0.113.1'],
    // Nobody that is no proxy.
    ['192.0.2.10', undefined, '192.0.2.10'],
    ['192.0.2.10', '', '192.0.2.10'],
    ['192.0.2.10', '192.0.2.11, 198.51.100.9', '192.0.2.10'],
    ['192.0.2.10', '203.0.113.1, nobody', '192.0.2.10'],
    ['192.0.2.10', '203.0.113.1, unknown, 192.0.2.11', '192.0.2.10'],
    ['192.0.2.10', '203.0.113.1:80', '192.0.2.10'],
    ['192.0.2.10', '[2001:db8::1]', '192.0.2.10'],
    ['192.0.2.10', '203.0.113.1, 1.2.3', '192.0.2.10'],
    // No proxy.
    ['203.0.113.9', '10.9.9.9', '203.0.113.9'],
    ['192.0.2.12', '10.9.9.9', '192.0.2.12'],
    ['198.51.100.16', '10.9.9.9', '198.51.100.16'],
    ['203.0.113.6', '10.9.9.9', '203.0.113.6'],
    [undefined, '10.9.9.9', 'unknown'],
  ] as const) t.equal(of(peer, forwarded), expected, `${peer} ${forwarded}`)
  t.equal(of('192.0.2.10', '203.0.113.1', { forwarded: 'for=10.9.9.9', 'x-real-ip': '10.9.9.9', 'x-client-ip': '10.9.9.9' }), '203.0.113.1', 'no other header counts')
  t.equal(createAddresses([]).addressOf({ socket: { remoteAddress: '192.0.2.10' }, headers: { 'x-forwarded-for': '203.0.113.1' } }), '192.0.2.10', 'without proxies nobody is believed')
})

t.test('the log has the address that the limits count', async t => {
  const service = await createService(t, { API_KEYS: shop.entry, TRUST_PROXY: '192.0.2.10' })
  for (const [forwarded, address] of [['10.9.9.9, 203.0.113.1', '203.0.113.1'], ['nobody', '192.0.2.10']] as const) {
    await service.app.inject({ url: '/tickets/1', remoteAddress: '192.0.2.10', headers: { 'x-forwarded-for': forwarded } })
    t.ok(await service.lines.waitFor(line => line.address === address))
    t.equal(await service.redis.exists(`${service.prefix}limit:failures:${address}`), 1)
  }
  t.notOk(service.lines.raw.some(line => line.includes('nobody')))
})

t.test('a network in which there may be others is warned of', async t => {
  for (const text of ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '192.0.2.0/23', 'fd00::/8', '2001:db8::/63', '::ffff:10.0.0.0/104']) t.ok(isWide(text), text)
  for (const text of ['192.0.2.1', '192.0.2.0/24', '192.0.2.0/29', '::1', '2001:db8::/64', '::ffff:192.0.2.1', '::ffff:192.0.2.0/120']) t.notOk(isWide(text), text)
  const wide = await createService(t, { API_KEYS: shop.entry, TRUST_PROXY: '10.0.0.0/8,192.0.2.10' })
  t.match(wide.lines.all.filter(({ msg }) => msg.startsWith('TRUST_PROXY')), [{ level: 40, networks: ['10.0.0.0/8'] }])
  const narrow = await createService(t, { API_KEYS: shop.entry, TRUST_PROXY: '192.0.2.10' }, wide)
  t.notOk(narrow.lines.all.some(({ msg }) => msg.startsWith('TRUST_PROXY')))
})

const FORWARDED = {
  'x-forwarded-for': '203.0.113.1',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'desk.example',
  'x-forwarded-server': 'a',
  'x-forwarded-port': '443',
  forwarded: 'for=203.0.113.1',
  via: '1.1 proxy',
  'x-real-ip': '203.0.113.1',
  'x-client-ip': '203.0.113.1',
  'x-cluster-client-ip': '203.0.113.1',
  'x-original-forwarded-for': '203.0.113.1',
  'cf-connecting-ip': '203.0.113.1',
  'cf-ray': 'a',
  'cdn-loop': 'cloudflare',
  'true-client-ip': '203.0.113.1',
  'fastly-client-ip': '203.0.113.1',
  'x-amzn-trace-id': 'Root=1',
  'x-envoy-external-address': '203.0.113.1',
}

t.test('without keys, what a proxy forwards is refused, and the answer says what to set', async t => {
  const { app } = await createService(t)
  const ask = (headers: Record<string, string>, url = '/tickets/1') => app.inject({ url, headers: { host: '127.0.0.1:3000', ...headers } })
  for (const [name, value] of Object.entries(FORWARDED)) {
    const answer = await ask({ [name]: value })
    t.match({ status: answer.statusCode, ...answer.json() }, { status: 403, code: 'forbidden', detail: new RegExp(`\\(${name}\\).*Set API_KEYS`) }, name)
    t.equal((await ask({ [name]: value }, '/health/ready')).statusCode, 200, 'health is for everybody')
  }
  // curl, PHP's streams, WordPress, Python, busybox's wget, and a trace of one's own.
  for (const headers of [{ 'user-agent': 'curl/8.5.0', accept: '*/*' }, { connection: 'close' }, { 'user-agent': 'WordPress/6.1; http://127.0.0.1', 'accept-encoding': 'deflate, gzip', connection: 'close' }, { 'accept-encoding': 'identity', connection: 'close' }, { 'x-request-id': 'a', traceparent: '00-a-b-01', 'x-requested-with': 'XMLHttpRequest' }] as Record<string, string>[]) {
    t.equal((await ask(headers)).statusCode, 404, JSON.stringify(headers))
  }
})

t.test('with keys, forwarded requests are answered', async t => {
  const { app } = await createService(t, { API_KEYS: shop.entry })
  t.equal((await app.inject({ url: '/tickets/1', headers: { ...FORWARDED, authorization: `Bearer ${shop.key}` } })).statusCode, 404)
})

t.test('proxies without keys keep the service from starting', async t => {
  t.throws(() => loadConfig({ TRUST_PROXY: '192.0.2.10' }), { message: /^TRUST_PROXY is set and API_KEYS is empty/ })
  t.strictSame(loadConfig({ TRUST_PROXY: '192.0.2.10', API_KEYS: shop.entry }).TRUST_PROXY, ['192.0.2.10'])
})
