import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { createService, eventually, type Service } from '../helper.ts'
import { holdReads } from './held-reads.ts'

const shop = createApiKey('shop', 'read+write+ops')
const VARIABLES = { API_KEYS: shop.entry, MAX_CONNECTIONS: 8 }
const [VICTIM, ATTACKER, OTHER] = ['127.0.0.2', '127.0.0.3', '127.0.0.4'] as const

async function listening (t: Test, variables: Record<string, string | number> = {}) {
  const service = await createService(t, { ...VARIABLES, ...variables })
  await service.app.listen({ port: 0, host: '127.0.0.1' })
  return { service, port: (service.app.server.address() as { port: number }).port }
}

/** A connection from `address`, on which `text` is sent; accepted, or closed at once. */
async function dial (t: Test, port: number, address: string, text = ''): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: address })
  socket.on('error', () => {})
  t.teardown(() => { socket.destroy() })
  await once(socket, 'connect')
  socket.resume()
  if (text) socket.write(text)
  return socket
}

const many = async (t: Test, port: number, address: string, count: number, text = '') => {
  const sockets: Socket[] = []
  for (let i = 0; i < count; i += 1) sockets.push(await dial(t, port, address, text))
  return sockets
}

const request = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${shop.key}\r\n${headers}\r\n`

/** The status of the answer on a connection; null: it was closed without one. */
async function ask (socket: Socket, text = request('/tickets/1')): Promise<number | null> {
  if (socket.closed || socket.destroyed) return null
  const answered = new Promise<number | null>(resolve => {
    socket.once('data', data => { resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(String(data))?.[1])) })
    socket.once('close', () => { resolve(null) })
  })
  socket.write(text)
  return await answered
}

const closedOf = (sockets: readonly Socket[]) => sockets.map(({ closed, destroyed }) => closed || destroyed)

const untilClosed = (sockets: readonly Socket[], count: number) => eventually(async () => {
  const { length } = closedOf(sockets).filter(Boolean)
  if (length !== count) throw new Error(`${length} are closed instead of ${count}`)
})

const metrics = async ({ app }: Pick<Service, 'app'>) => (await app.inject({ url: '/metrics', headers: { authorization: `Bearer ${shop.key}` } })).body

for (const [what, text] of [
  ['that say nothing', ''],
  ['with half a header', 'GET /tickets/1 HTTP/1.1\r\nHost: loc'],
  ['with a request to nowhere that never ends', 'POST /nonsense HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{'],
  ['with a request of no key that never ends', 'POST /tickets/1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{'],
] as const) {
  t.test(`connections ${what}: an address has its share, and keeps nobody out`, async t => {
    const { service, port } = await listening(t)
    const victim = await dial(t, port, VICTIM)
    t.equal(await ask(victim), 404)
    const attackers = await many(t, port, ATTACKER, 12, text)
    await untilClosed(attackers, 8)
    // What was sent may arrive after a newer connection, and those that are idle are the first to give way.
    if (!text.startsWith('POST')) t.strictSame(closedOf(attackers), [...Array.from({ length: 8 }, () => true), ...Array.from({ length: 4 }, () => false)], 'the oldest gave way')
    const others = await many(t, port, OTHER, 4, text)
    await untilClosed(attackers, 9)
    t.equal(await ask(await dial(t, port, VICTIM)), 404, 'a new one is answered though all were taken')
    t.equal(await ask(victim), 404, 'the one that is there, too')
    t.ok(closedOf(others).filter(Boolean).length <= 1)
    t.match(await metrics(service), /^tickets_connections_displaced_total\{reason="address"\} 8$/m)
    t.match(await metrics(service), /^tickets_connections_displaced_total\{reason="all"\} 2$/m)
    t.match(await metrics(service), /^tickets_connections_dropped_total 0$/m)
  })
}

t.test('one that was used gives way after those that were not', async t => {
  const { port } = await listening(t)
  const sockets = await many(t, port, ATTACKER, 4)
  t.equal(await ask(sockets[0]!), 404)
  await dial(t, port, ATTACKER)
  await untilClosed(sockets, 1)
  t.strictSame(closedOf(sockets), [false, true, false, false])
})

t.test('what has been asked is answered: then a new connection of the address is closed', async t => {
  const { service, port } = await listening(t)
  const held = holdReads(service)
  const asking = (await many(t, port, ATTACKER, 4)).map(socket => ask(socket))
  await held.until(4)
  const another = await dial(t, port, ATTACKER)
  await untilClosed([another], 1)
  t.match(await metrics(service), /^tickets_connections_dropped_total 1$/m)
  held.release()
  t.strictSame(await Promise.all(asking), [404, 404, 404, 404])
})

t.test('MAX_CONNECTIONS_PER_ADDRESS is the share', async t => {
  const { port } = await listening(t, { MAX_CONNECTIONS_PER_ADDRESS: 2 })
  await untilClosed(await many(t, port, ATTACKER, 5), 3)
})

t.test('a proxy may have all connections; who is behind it has a share of requests in flight', async t => {
  const { service, port } = await listening(t, { TRUST_PROXY: ATTACKER })
  const held = holdReads(service)
  const proxied = await many(t, port, ATTACKER, 8)
  t.notOk(closedOf(proxied).some(Boolean), 'it has more than a share')
  const of = (address: string) => request('/tickets/1', `X-Forwarded-For: 10.9.9.9, ${address}\r\n`)
  const greedy = proxied.slice(0, 4).map(socket => ask(socket, of('203.0.113.1')))
  await held.until(4)
  t.equal(await ask(proxied[4]!, of('203.0.113.1')), 429)
  t.equal(await ask(proxied[4]!, request('/health/live', 'X-Forwarded-For: 203.0.113.1\r\n')), 200, 'health is for everybody')
  const other = ask(proxied[5]!, of('203.0.113.2'))
  await held.until(5)
  held.release()
  t.strictSame(await Promise.all([...greedy, other]), [404, 404, 404, 404, 404])
  t.equal(await ask(proxied[4]!, of('203.0.113.1')), 404, 'when they are answered it may ask again')
  t.match(await metrics(service), /^tickets_requests_over_share_total 1$/m)
  t.equal(await ask(await dial(t, port, VICTIM)), 404, 'an idle one of the proxy gives way, too')
})
