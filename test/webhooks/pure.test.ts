import type { LookupFunction } from 'node:net'
import t from 'tap'
import { createGuardedLookup, findAddressFault, isPublicAddress } from '../../src/webhooks/address-guard.ts'
import { createSchedule } from '../../src/webhooks/schedule.ts'
import { toMilliseconds } from '../../src/webhooks/sender.ts'
import { signedHeaders, toBody, webhookId } from '../../src/webhooks/signature.ts'

t.test('signatures are those of the libraries of Standard Webhooks', async t => {
  // From the tests of https://github.com/standard-webhooks/standard-webhooks/tree/main/libraries/javascript
  const keys = [Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64'), Buffer.alloc(24)]
  t.match(signedHeaders(keys, 'msg_p5jXN8AQM9LWM0D4loKWxJek', '{"test": 2432232314}', 1_614_265_330), {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': /^v1,g0hM9SsE\+OTPJTGt\/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,\S{44}$/,
  })
})

t.test('an id is that of target, ticket, version and epoch, and the body of a delivery never changes', async t => {
  const notice = { ticketId: 7, version: 1_764_000_000_123, epoch: 'deadbeef', type: 'ticket.changed' as const }
  const id = webhookId('crm', notice)
  t.match(id, /^msg_[\w-]{27}$/)
  t.equal(webhookId('crm', { ...notice }), id)
  const others = [webhookId('other', notice), ...[{ ticketId: 8 }, { version: 1 }, { epoch: '00000000' }].map(changed => webhookId('crm', { ...notice, ...changed }))]
  t.equal(new Set([id, ...others]).size, 5)
  t.equal(toBody(notice), '{"type":"ticket.changed","timestamp":"2025-11-24T16:00:00.123Z","data":{"ticket_id":7,"version":1764000000123}}')
  t.match(toBody({ ...notice, version: Number.MAX_SAFE_INTEGER }), `"version":${Number.MAX_SAFE_INTEGER}`, 'a version that is no time')
})

const PRIVATE = [
  '0.0.0.0', '10.1.2.3', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.255.255.255', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.1', '192.0.2.1', '192.88.99.1',
  '192.168.0.1', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255',
  '::', '::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:a00:1', '::127.0.0.1', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1', 'fc00::1', 'fdff::1', 'ff02::1', 'ff0e::1', '2001::1', '2001:db8::1', '2002:7f00:1::',
  '3fff::1', '64:ff9b::7f00:1', '64:ff9b::10.0.0.1', '64:ff9b::169.254.169.254', '64:ff9b:1::1', '100::1', '5f00::1', '4000::1',
]

const PUBLIC = ['1.1.1.1', '8.8.8.8', '100.63.255.255', '100.128.0.0', '172.15.255.255', '172.32.0.0', '192.0.1.0', '198.17.255.255', '198.20.0.0', '223.255.255.255', '2606:4700:4700::1111', '2a00:1450::1', '2001:4860:4860::8888', '64:ff9b::8.8.8.8']

t.test('addresses: public ones, and all others', async t => {
  for (const address of PRIVATE) t.equal(isPublicAddress(address), false, address)
  for (const address of PUBLIC) t.equal(isPublicAddress(address), true, address)
  t.equal(isPublicAddress('no address'), false)
  const https = { allowPrivate: false, isPlain: false }
  t.equal(findAddressFault('[::1]', https), 'private')
  t.equal(findAddressFault('localhost', https), undefined, 'a name is looked up')
  t.equal(findAddressFault('127.0.0.1', { ...https, allowPrivate: true }), undefined)
  t.equal(findAddressFault('1.1.1.1', { allowPrivate: true, isPlain: true }), 'plain')
})

t.test('a name that leads to a private address is refused at each look-up, with all its addresses or one', async t => {
  let answers = [[{ address: '1.1.1.1', family: 4 }], [{ address: '127.0.0.1', family: 4 }], [{ address: '1.1.1.1', family: 4 }, { address: '::1', family: 6 }]]
  const lookup: LookupFunction = (_hostname, _options, callback) => { callback(null, answers.shift()!) }
  const guarded = createGuardedLookup({ allowPrivate: false, isPlain: false }, lookup)
  const ask = (all: boolean) => new Promise(resolve => { guarded('rebinds.example', { all }, (error, ...found) => { resolve(error ?? found) }) })
  t.strictSame(await ask(false), ['1.1.1.1', 4])
  t.match(await ask(false), { name: 'AddressRefused' }, 'the name leads elsewhere now')
  t.match(await ask(true), { name: 'AddressRefused' }, 'one of several is enough')
  answers = [[{ address: '2606:4700:4700::1111', family: 6 }]]
  t.strictSame(await ask(true), [[{ address: '2606:4700:4700::1111', family: 6 }]])
  const failing = createGuardedLookup({ allowPrivate: false, isPlain: false }, (_hostname, _options, callback) => { callback(Object.assign(new Error('x'), { code: 'ENOTFOUND' }), []) })
  t.match(await new Promise(resolve => { failing('none.example', {}, resolve) }), { code: 'ENOTFOUND' })
})

t.test('pauses: up to a quarter longer, longer where the target asks for that, and then no more', async t => {
  const [shortest, longest] = [createSchedule([5, 300], () => 0), createSchedule([5, 300], () => 1)]
  t.strictSame([1, 2, 3].map(failed => shortest.delayMs(failed, 0)), [5000, 300_000, undefined])
  t.strictSame([1, 2, 3].map(failed => longest.delayMs(failed, 0)), [6250, 375_000, undefined])
  t.equal(shortest.delayMs(1, 60_000), 60_000)
  t.equal(shortest.delayMs(2, 60_000), 300_000, 'it is not shortened')
  t.ok(shortest.longestMs >= 3_600_000 * 1.25, 'what a target asks for is not taken for a clock that jumped')
})

t.test('Retry-After: seconds or a date, up to an hour', async t => {
  const now = Date.parse('2025-11-24T16:00:00Z')
  for (const [text, ms] of [[undefined, 0], ['7', 7000], ['0', 0], ['99999999', 3_600_000], ['-5', 0], ['soon', 0], ['1.5', 0], ['Mon, 24 Nov 2025 16:00:30 GMT', 30_000], ['Mon, 24 Nov 2025 15:00:00 GMT', 0], ['Tue, 24 Nov 2026 16:00:00 GMT', 3_600_000]] as const) {
    t.equal(toMilliseconds(text, now), ms, String(text))
  }
})
