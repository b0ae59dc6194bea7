import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, get, request, type IncomingMessage, type RequestListener } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { closeStalled, connectionsMax, type Patience } from '../../src/http/connections.ts'
import { createService, createStores, eventually } from '../helper.ts'
import { holdReads } from './held-reads.ts'

/** Connections that say nothing. Those that are closed at once are among them. */
async function open (t: Test, port: number, count: number): Promise<Socket[]> {
  const sockets = await Promise.all(Array.from({ length: count }, async () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    // Else its end would not be seen.
    socket.resume()
    await once(socket, 'connect')
    return socket
  }))
  t.teardown(() => { for (const socket of sockets) socket.destroy() })
  return sockets
}

const isAlive = (port: number) => new Promise<boolean>(resolve => {
  get({ port, path: '/health/live', agent: false }, response => { resolve(response.resume().statusCode === 200) }).on('error', () => { resolve(false) })
})

t.test('more connections than MAX_CONNECTIONS are closed at once, and counted, until others end', async t => {
  const service = await createService(t, { MAX_CONNECTIONS: 5, MAX_CONNECTIONS_PER_ADDRESS: 5 })
  const { app } = service
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  const held = holdReads(service)
  const sockets = await open(t, port, 5)
  for (const socket of sockets) socket.write('GET /tickets/1 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await held.until(5)
  const [another] = await open(t, port, 1)
  if (!another!.closed) await once(another!, 'close')
  t.notOk(await isAlive(port))
  t.match((await app.inject('/metrics')).body, /^tickets_connections_dropped_total [2-9]/m)
  t.notOk(sockets.some(({ closed }) => closed), 'none that waits for its answer gave way')
  held.release()
  for (const socket of sockets) socket.destroy()
  await eventually(async () => { if (!await isAlive(port)) throw new Error('it takes none yet') })
})

t.test('there are never more connections than descriptors are left for', async t => {
  t.equal(connectionsMax(1), 1)
  t.ok(connectionsMax(Number.MAX_SAFE_INTEGER) < Number.MAX_SAFE_INTEGER, 'here the system has a limit')
})

t.test('who opens connections until the process may open nothing more does not end it', async t => {
  const stores = await createStores(t)
  const child = spawn('sh', ['-c', `ulimit -n 300 && exec '${process.execPath}' src/server.ts`], {
    env: { ...process.env, ...Object.fromEntries(Object.entries(stores.variables).map(([name, value]) => [name, String(value)])), PORT: '0' },
    cwd: new URL('../..', import.meta.url),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => { child.kill() })
  let said = ''
  child.stdout.setEncoding('utf8')
  while (!/listening at http:\/\/127\.0\.0\.1:\d+/.test(said)) said += String((await once(child.stdout, 'data'))[0])
  child.stdout.resume()
  const port = Number(/listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(said)![1])

  const sockets = await open(t, port, 400)
  // It looks at its memory once a second, for which it opens a file.
  await eventually(async () => { if (sockets.filter(({ closed }) => closed).length < 200) throw new Error('they are not closed yet') })
  await new Promise(resolve => { setTimeout(resolve, 1500) })
  t.equal(child.exitCode, null, 'it is alive')
  for (const socket of sockets) socket.destroy()
  await eventually(async () => { if (!await isAlive(port)) throw new Error('it takes none yet') })
})

/** A server whose connections are looked at every 10 ms. Resolves with its port. */
async function watched (t: Test, listener: RequestListener, patience: Patience) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = closeStalled(server, patience, 10)
  t.teardown(() => {
    stop()
    server.closeAllConnections()
    server.close()
  })
  return { server, port: (server.address() as { port: number }).port }
}

t.test('a client that does not read its answer is left; one that waits for it is not', async t => {
  let answer = () => {}
  const { server, port } = await watched(t, (request, response) => {
    if (request.url === '/large') response.end(Buffer.alloc(64 * 1024 * 1024))
    else answer = () => response.end('at last')
  }, { unreadMs: 50, silentMs: 600_000 })

  const waiting = new Promise<string>((resolve, reject) => {
    get({ port, path: '/slow' }, response => { response.setEncoding('utf8').once('data', resolve) }).on('error', reject)
  })
  const [, connection] = await Promise.all([once(server, 'request'), once(server, 'connection')])
  t.ok(connection)

  const idler = connect(port, '127.0.0.1').pause()
  idler.on('error', () => {})
  const accepted = once(server, 'connection') as Promise<[Socket]>
  idler.write('GET /large HTTP/1.1\r\nHost: x\r\n\r\n')
  await once((await accepted)[0], 'close')
  t.pass('it was left')
  answer()
  t.equal(await waiting, 'at last')
})

t.test('who does not read keeps nothing by sending line ends', async t => {
  const { server, port } = await watched(t, (_request, response) => { response.end(Buffer.alloc(64 * 1024 * 1024)) }, { unreadMs: 100, silentMs: 600_000 })
  const idler = connect(port, '127.0.0.1').pause()
  idler.on('error', () => {})
  const lineEnds = setInterval(() => { idler.write('\r\n') }, 5)
  t.teardown(() => { clearInterval(lineEnds) })
  const accepted = once(server, 'connection') as Promise<[Socket]>
  idler.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await once((await accepted)[0], 'close')
  t.pass('it was left')
})

t.test('who sends a long request slowly is not silent', async t => {
  const { port } = await watched(t, (request, response) => { request.resume().on('end', () => { response.end() }) }, { unreadMs: 600_000, silentMs: 500 })
  const upload = request({ port, method: 'POST' })
  const answered = once(upload, 'response')
  // Three times as long as silence may last.
  for (let part = 0; part < 30; part += 1) {
    upload.write('x')
    await sleep(50)
  }
  upload.end()
  const [response] = await answered as [IncomingMessage]
  t.equal(response.resume().statusCode, 200)
})

t.test('a connection on which nothing goes either way is left', async t => {
  const { port } = await watched(t, () => {}, { unreadMs: 600_000, silentMs: 50 })
  const [silent] = await open(t, port, 1)
  // For an answer that never comes.
  silent!.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(silent!, 'close')
  t.pass('it was left')
})
