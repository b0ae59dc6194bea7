import { once } from 'node:events'
import { request, Agent } from 'node:http'
import { connect } from 'node:net'
import t from 'tap'
import { createService, createStores, privateMariadb } from '../helper.ts'
import { startServer } from '../server-process.ts'

t.test('a bad value ends the process with 1 and one line that names it', async t => {
  for (const [variables, pattern] of [
    [{ PORT: 'abc' }, /cannot start: PORT /],
    [{ HOST: '0.0.0.0' }, /cannot start: HOST .*127\.0\.0\.1/],
    [{ SYNC_STRATEGY: 'x' }, /cannot start: SYNC_STRATEGY /],
  ] as const) {
    const { exited, lines } = startServer(t, variables)
    t.equal(await exited, 1)
    t.equal(lines.length, 1)
    t.match(lines[0], pattern)
  }
})

t.test('SIGTERM: requests in flight are answered, a last flush runs, exit 0', async t => {
  const stores = await createStores(t)
  const observer = await createService(t, {}, stores)
  const { child, exited, url, line } = startServer(t, { ...stores.variables, FLUSH_INTERVAL_MS: 3_600_000 })
  const base = await url()
  await line(/listening on loopback only/)
  const agent = new Agent({ keepAlive: true })
  const send = (id: number) => new Promise<number>((resolve, reject) => {
    const post = request(`${base}/tickets/${id}`, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, response => {
      response.resume().on('end', () => { resolve(response.statusCode!) })
    })
    post.on('error', reject)
    post.end('{"customer_id":1,"status":"closed"}')
  })

  t.equal(await send(1), 201)
  const inFlight = Array.from({ length: 100 }, (_, i) => send(i + 2))
  await Promise.race(inFlight)
  child.kill('SIGTERM')
  const answered = (await Promise.allSettled(inFlight)).flatMap((answer, i) => answer.status === 'fulfilled' && answer.value === 201 ? [i + 2] : [])
  t.equal(await exited, 0)
  t.ok(answered.length > 0)

  const rows = await observer.rows()
  const held = new Set(rows.map(row => row.ticket_id))
  t.strictSame(answered.filter(id => !held.has(id)), [], 'what was acknowledged is in MySQL')
  t.ok(held.has(1))
  agent.destroy()
})

t.test('a client that sends slowly, or keeps its connection, does not hold up the stop or the last flush', async t => {
  const stores = await createStores(t)
  const observer = await createService(t, {}, stores)
  const { child, exited, url } = startServer(t, { ...stores.variables, FLUSH_INTERVAL_MS: 3_600_000, SHUTDOWN_GRACE_MS: 3000 })
  const { port } = new URL(await url())
  const answer = await fetch(`${await url()}/tickets/1`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"customer_id":1,"status":"closed"}' })
  t.equal(answer.status, 201)
  const slow = connect(Number(port), '127.0.0.1')
  slow.on('error', () => {})
  await once(slow, 'connect')
  slow.write('POST /tickets/2 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{')
  // The service has seen the slow request when it answers one that came after it.
  await fetch(`${await url()}/health/live`)
  child.kill('SIGTERM')
  t.equal(await exited, 0)
  t.strictSame((await observer.rows()).map(row => row.ticket_id), [1])
})

t.test('SIGTERM in the middle of a long pass ends it after its batch', async t => {
  const stores = await createStores(t)
  const observer = await createService(t, {}, stores)
  await Promise.all(Array.from({ length: 3000 }, (_, i) => observer.call('POST', `/tickets/${i + 1}`, { customer_id: 1, status: 'closed' })))
  const { child, exited, url } = startServer(t, { ...stores.variables, FLUSH_BATCH_SIZE: 1, SHUTDOWN_GRACE_MS: 3000 })
  await url()
  child.kill('SIGTERM')
  t.equal(await exited, 0)
  const { body } = await observer.call('POST', '/flush')
  t.equal(body.remaining, 0, 'no claim was left behind')
  t.equal((await observer.rows()).length, 3000)
})

t.test('SIGTERM while MySQL hangs: within the grace, and nothing stays claimed', async t => {
  const mariadb = await privateMariadb(t)
  const stores = await createStores(t, { mysql: mariadb.url })
  const observer = await createService(t, {}, stores)
  const { child, exited, url } = startServer(t, { ...stores.variables, SHUTDOWN_GRACE_MS: 4000 })
  const base = await url()
  await mariadb.pause()
  t.equal((await fetch(`${base}/tickets/1`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"customer_id":1,"status":"closed"}' })).status, 201)
  child.kill('SIGTERM')
  t.equal(await exited, 0)
  t.match((await observer.call('GET', '/flush')).body, { unsynced: 1, due: 1 })
  mariadb.resume()
})

t.test('a port that is taken is said in one line', async t => {
  const stores = await createStores(t)
  const { app } = await createService(t, {}, stores)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  const { exited, lines } = startServer(t, { ...stores.variables, LOG_LEVEL: 'silent', PORT: port })
  t.equal(await exited, 1)
  t.equal(lines.length, 1)
  t.match(lines[0], /PORT.*EADDRINUSE/)
})

t.test('SIGINT ends it too, and without MySQL the last flush does not hold it up', async t => {
  const stores = await createStores(t)
  const { child, exited, url } = startServer(t, { ...stores.variables, MYSQL_URL: 'mysql://root@127.0.0.1:1/x', SHUTDOWN_GRACE_MS: 5000 })
  await url()
  child.kill('SIGINT')
  t.equal(await exited, 0)
})

t.test('a .env file in the working directory adds what is not set', async t => {
  const stores = await createStores(t)
  const directory = t.testdir({ '.env': 'LOG_LEVEL=loud\nPORT=1' })
  const { exited, lines } = startServer(t, stores.variables, directory)
  t.equal(await exited, 1)
  t.match(lines[0], /LOG_LEVEL/)
})
