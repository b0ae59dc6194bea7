import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeServerCertificate } from '../../scripts/lib/certificates.mjs'
import { freePort } from '../../scripts/lib/loopback.mjs'
import { privateDirectory } from '../helper.ts'
import { createSender } from '../../src/webhooks/sender.ts'
import { createTargets } from '../../src/webhooks/targets.ts'
import { isSigned, newSecret, startReceiver, status, webhooks, type TargetEntry } from './receiver.ts'

const notice = { ticketId: 7, version: 1_764_000_000_123, epoch: 'deadbeef', type: 'ticket.changed' as const }

/** Longer than any answer takes that is to come. */
const AMPLE_MS = 60_000

function senderOf (t: Test, entry: TargetEntry, timeoutMs = AMPLE_MS) {
  const sender = createSender(createTargets(webhooks(entry))[0]!, { timeoutMs, connectionsMax: 8 })
  t.teardown(() => { sender.close() })
  return (ending = new AbortController().signal) => sender.send(notice, ending)
}

/** A server that says what it likes. */
async function startTcp (t: Test, onConnection: (socket: Socket) => unknown) {
  const sockets = new Set<Socket>()
  const server = createTcpServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    onConnection(socket)
    // Else it does not notice that the other side is gone.
    socket.resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, sockets }
}

const allClosed = (sockets: ReadonlySet<Socket>) => Promise.all(Array.from(sockets, socket => new Promise(resolve => {
  if (socket.closed) resolve(undefined)
  else socket.on('close', resolve)
})))

t.test('a delivery: a signed POST with a thin event, and the user of the url', async t => {
  const secrets = [newSecret(), newSecret()]
  const receiver = await startReceiver(t)
  const send = senderOf(t, { url: receiver.url.replace('//', '//us%3Aer:p%40ss@') + '?token=x', secrets })
  const before = Math.floor(Date.now() / 1000)
  t.strictSame(await send(), { kind: 'delivered' })
  const [call] = receiver.calls
  t.match(call, {
    raw: '{"type":"ticket.changed","timestamp":"2025-11-24T16:00:00.123Z","data":{"ticket_id":7,"version":1764000000123}}',
    headers: { 'content-type': 'application/json', 'user-agent': /^ticket-metadata-service\//, authorization: `Basic ${Buffer.from('us:er:p@ss').toString('base64')}` },
  })
  const at = Number(call!.headers['webhook-timestamp'])
  t.ok(at >= before && at <= Date.now() / 1000)
  t.strictSame([...secrets, newSecret()].map(secret => isSigned(call!, secret)), [true, true, false], 'with both secrets of a rotation')
})

t.test('2xx is success, 410 the end, all else a failure', async t => {
  const receiver = await startReceiver(t)
  const send = senderOf(t, { url: receiver.url })
  for (const code of [200, 201, 202, 204, 299]) {
    receiver.answer(status(code))
    t.strictSame(await send(), { kind: 'delivered' }, String(code))
  }
  receiver.answer(status(410))
  t.strictSame(await send(), { kind: 'gone', reason: 'HTTP 410' })
  for (const [code, isBusy] of [[304, false], [400, false], [401, false], [404, false], [429, true], [500, false], [502, true], [503, true], [504, true], [599, false]] as const) {
    receiver.answer(status(code))
    t.match(await send(), { kind: 'failed', reason: new RegExp(`^HTTP ${code}`), isBusy, retryAfterMs: 0 })
  }
  for (const [code, retryAfterMs] of [[429, 7000], [503, 7000], [500, 0]] as const) {
    receiver.answer(status(code, { 'retry-after': 7 }))
    t.match(await send(), { kind: 'failed', retryAfterMs }, `Retry-After of ${code}`)
  }
})

t.test('a connection that the target closes when it is used again is no failure', async t => {
  const uses: number[] = []
  const { url } = await startTcp(t, socket => {
    const use = uses.push(0) - 1
    socket.on('data', () => {
      uses[use]! += 1
      // As a server does whose idle time ends at this moment.
      if (uses[use] === 1) socket.write('HTTP/1.1 204 No Content\r\n\r\n')
      else socket.resetAndDestroy()
    })
  })
  const send = senderOf(t, { url })
  t.strictSame([await send(), await send()], [{ kind: 'delivered' }, { kind: 'delivered' }])
  t.strictSame(uses, [2, 1])
})

t.test('a redirect is a failure, and is not followed', async t => {
  const elsewhere = await startReceiver(t)
  const receiver = await startReceiver(t, (response, { raw }) => response.writeHead(raw ? 307 : 302, { location: elsewhere.url }).end())
  t.match(await senderOf(t, { url: receiver.url })(), { kind: 'failed', reason: 'HTTP 307: redirects are not followed' })
  t.equal(elsewhere.calls.length, 0)
})

t.test('who never answers, stops in the answer, or sends it byte by byte, has failed when the time is over', async t => {
  for (const [name, onConnection] of [
    ['never answers', () => {}],
    ['stops in the headers', (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\nX: ')],
    ['stops in the body', (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na')],
    ['byte by byte', (socket: Socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      const timer = setInterval(() => { socket.write('1\r\na\r\n') }, 10)
      socket.on('close', () => { clearInterval(timer) })
    }],
  ] as const) {
    const { url, sockets } = await startTcp(t, onConnection)
    t.match(await senderOf(t, { url }, 200)(), { kind: 'failed', reason: 'no whole answer within 200 ms' }, name)
    await allClosed(sockets)
    t.pass(`${name}: the connection is closed`)
  }
})

t.test('an answer without an end counts by its status, and is not read on', async t => {
  const { url, sockets } = await startTcp(t, socket => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    const more = Buffer.alloc(16 * 1024)
    const pour = () => { while (!socket.destroyed && socket.write(more)); }
    socket.on('drain', pour)
    pour()
  })
  t.strictSame(await senderOf(t, { url })(), { kind: 'delivered' })
  await allClosed(sockets)
})

t.test('who is not there, hangs up, speaks no HTTP or another protocol', async t => {
  t.match(await senderOf(t, { url: `http://127.0.0.1:${await freePort()}/` })(), { kind: 'failed', reason: 'ECONNREFUSED' })
  const hangsUp = await startTcp(t, socket => socket.once('data', () => socket.end()))
  t.match(await senderOf(t, { url: hangsUp.url })(), { kind: 'failed', reason: 'ECONNRESET' })
  const noHttp = await startTcp(t, socket => socket.once('data', () => socket.end('220 hello\r\n')))
  t.match(await senderOf(t, { url: noHttp.url })(), { kind: 'failed', reason: /^HPE_/ })
  const upgrades = await startTcp(t, socket => socket.once('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n')))
  t.match(await senderOf(t, { url: upgrades.url })(), { kind: 'failed' })
  const longHeaders = await startTcp(t, socket => socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`)))
  t.match(await senderOf(t, { url: longHeaders.url })(), { kind: 'failed', reason: 'HPE_HEADER_OVERFLOW' })
  t.match(await senderOf(t, { url: 'https://nowhere.invalid/' })(), { kind: 'failed', reason: /^(ENOTFOUND|EAI_AGAIN)$/ })
})

t.test('a name that leads to this machine is refused when it is connected to, unless private addresses are allowed', async t => {
  const receiver = await startReceiver(t)
  const [named, allowed] = [receiver.url.replace('127.0.0.1', 'localhost').replace('http:', 'https:'), receiver.url.replace('127.0.0.1', 'localhost')]
  let connections = 0
  receiver.server.on('connection', () => { connections += 1 })
  t.match(await senderOf(t, { url: named, allow_private: false })(), { kind: 'failed', reason: 'its name leads to a private address, and allow_private is not set' })
  t.equal(connections, 0)
  // An IPv6 address of this name, on which nobody listens, is tried first where there is one.
  t.strictSame(await senderOf(t, { url: allowed })(), { kind: 'delivered' })
})

t.test('the certificate is checked', async t => {
  const { certificate, key } = await makeServerCertificate({ directory: join(privateDirectory(t), 'tls') })
  const receiver = await startReceiver(t, undefined, listener => createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, listener))
  t.match(await senderOf(t, { url: receiver.url.replace('http:', 'https:') })(), { kind: 'failed', reason: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
  t.equal(receiver.calls.length, 0)
})

t.test('what is under way is cut off when it is not to be waited for', async t => {
  const { url, sockets } = await startTcp(t, () => {})
  const ending = new AbortController()
  const sending = senderOf(t, { url })(ending.signal)
  while (sockets.size === 0) await new Promise(resolve => { setImmediate(resolve) })
  ending.abort()
  t.strictSame(await sending, { kind: 'aborted' })
})
