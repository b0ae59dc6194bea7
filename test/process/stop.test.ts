import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { createService, createStores, eventually, privateMariadb, privateRedis } from '../helper.ts'
import { startProxy } from '../faults/harness/proxy.ts'
import { insertEntry } from '../outages/journal.ts'
import { startServer } from '../server-process.ts'

const json = { 'content-type': 'application/json' }

/** A client whose body comes byte by byte, and never to its end. */
async function sendSlowly (t: Test, url: string) {
  const { port, hostname } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write('POST /tickets/9999 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{')
  const timer = setInterval(() => { socket.write(' ') }, 50)
  t.teardown(() => {
    clearInterval(timer)
    socket.destroy()
  })
}

// The process ends with 1 when it needs more than its grace.
t.test('SIGTERM: a slow client, a long pass, a replay and statements that hang, all together, end within the grace', async t => {
  const mariadb = await privateMariadb(t)
  const stores = await createStores(t, { mysql: mariadb.url })
  const observer = await createService(t, { FALLBACK: 'off' }, stores)
  const COUNT = 3000
  for (let first = 1; first <= COUNT; first += 500) {
    const operations = Array.from({ length: 500 }, (_, i) => ({ op: 'create', ticket_id: first + i, customer_id: 1, status: 'closed' }))
    t.equal((await observer.call('POST', '/tickets/batch', { operations })).status, 200)
  }
  await insertEntry(stores.sql, { ticket_id: 1, fields: { subject: 'late' }, accepted_at: Date.now() + 60_000 })

  const mysql = await startProxy(t, String(stores.variables.MYSQL_URL))
  const replay = mysql.holdReply(/SELECT seq, .* AND seq > /)
  const { child, exited, url } = startServer(t, { ...stores.variables, MYSQL_URL: mysql.url, FLUSH_BATCH_SIZE: 1, SHUTDOWN_GRACE_MS: 4000 })
  const base = await url()
  await replay.held
  await sendSlowly(t, base)
  const answer = await fetch(`${base}/tickets/${COUNT + 1}`, { method: 'POST', headers: json, body: '{"customer_id":1,"status":"closed"}' })
  t.equal(answer.status, 202, 'behind the entry that waits')
  await eventually(async () => {
    if ((await observer.rows()).length === 0) throw new Error('the pass has not begun')
  })
  await mariadb.pause()
  child.kill('SIGTERM')
  t.equal(await exited, 0)

  const { unsynced, due } = (await observer.call('GET', '/flush')).body
  t.ok(unsynced > 0, 'there was more to push than there was time')
  t.equal(due, unsynced, 'and nothing stays claimed')
  mariadb.resume()
  const heir = await createService(t, {}, stores)
  await eventually(async () => {
    const { pending } = (await heir.call('GET', '/journal')).body
    const { body } = await heir.call('POST', '/flush')
    if (pending !== 0 || body.remaining !== 0) throw new Error(JSON.stringify(body))
  })
  t.equal((await heir.rows()).length, COUNT + 1, 'nothing that was acknowledged is lost')
  t.match(await heir.row(1), { subject: 'late' })
})

t.test('SIGTERM while Redis hangs, and may take long to answer', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const stores = await createStores(t, { redis: server.url })
  const { child, exited, url } = startServer(t, { ...stores.variables, REDIS_COMMAND_TIMEOUT_MS: 60_000, SHUTDOWN_GRACE_MS: 2000 })
  const base = await url()
  const write = (id: number) => fetch(`${base}/tickets/${id}`, { method: 'POST', headers: json, body: '{"customer_id":1,"status":"closed"}' })
  t.equal((await write(1)).status, 201)
  await server.pause()
  const inFlight = write(2).then(({ status }) => status, () => 'no answer')
  // The service has read the request when it answers one that came after it.
  await fetch(`${base}/health/live`)
  child.kill('SIGTERM')
  t.equal(await exited, 0)
  t.equal(await inFlight, 'no answer')
  server.resume()
  const observer = await createService(t, {}, stores)
  t.match(await observer.hash(1), { customer_id: '1' })
})
