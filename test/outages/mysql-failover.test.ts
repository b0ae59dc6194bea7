import type { RowDataPacket } from 'mysql2/promise'
import t, { type Test } from 'tap'
import { createService, createStores, createTestDatabase, eventually, privateMariadb, privateRedis, type Service, type Variables } from '../helper.ts'
import { startProxy } from '../faults/harness/proxy.ts'
import { scrape } from '../routes/metrics/scrape.ts'

const CONNECTIONS = 6

/** What a service has in production: it may not write into a server that is read-only. */
const SERVICE_USER = "'service'@'127.0.0.1'"

/**
 * An old primary and a new one with the same tables, and a proxy that leads to the old one. All connections of the service
 * are open.
 */
async function startPair (t: Test, { variables = {}, redis, isPrivileged = false }: { variables?: Variables, redis?: string, isPrivileged?: boolean } = {}) {
  const [old, promoted] = await Promise.all([privateMariadb(t), privateMariadb(t)])
  const stores = await createStores(t, { mysql: old.url, redis })
  const other = await createTestDatabase(t, promoted.url)
  const url = new URL(String(stores.variables.MYSQL_URL))
  const name = url.pathname.slice(1)
  await other.sql.query(`CREATE DATABASE ${name}`)
  await other.sql.changeUser({ database: name })
  if (!isPrivileged) {
    for (const sql of [stores.sql, other.sql]) {
      await sql.query(`CREATE USER ${SERVICE_USER} IDENTIFIED BY 'secret'`)
      await sql.query(`GRANT ALL ON ${name}.* TO ${SERVICE_USER}`)
    }
    url.username = 'service'
    url.password = 'secret'
  } else {
    await other.sql.query(`ALTER USER 'tickets'@'127.0.0.1' IDENTIFIED BY '${old.password}'`)
  }
  const proxy = await startProxy(t, old.url)
  const service = await createService(t, { ...variables, MYSQL_URL: proxy.through(url.href) }, stores)
  const [tables] = await stores.sql.query<RowDataPacket[]>('SHOW TABLES')
  for (const table of tables.map(row => String(Object.values(row)[0]))) {
    const [[row]] = await stores.sql.query<RowDataPacket[]>(`SHOW CREATE TABLE ${table}`)
    await other.sql.query(String(row!['Create Table']))
  }
  await connectAll(service)
  const idsOf = async (sql: typeof other.sql, table = 'wp_support_tickets') => (await sql.query<RowDataPacket[]>(`SELECT ticket_id FROM ${table} ORDER BY ticket_id`))[0].map(row => Number(row.ticket_id))
  return {
    service,
    proxy,
    old: { ids: (table?: string) => idsOf(stores.sql, table), setReadOnly: (isOn = 1) => stores.sql.query(`SET GLOBAL read_only = ${isOn}`) },
    promoted: { url: promoted.url, ids: (table?: string) => idsOf(other.sql, table) },
    /** Of the service, at the old primary. */
    async connections () {
      const [rows] = await stores.sql.query<RowDataPacket[]>('SELECT ID FROM information_schema.PROCESSLIST WHERE USER = \'service\'')
      return rows.length
    },
  }
}

async function connectAll ({ app }: Service) {
  const rows = await Promise.all(Array.from({ length: CONNECTIONS }, () => app.mysql.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id, SLEEP(0.1)', [], 10_000)))
  return new Set(rows.map(([row]) => Number(row!.id)))
}

const closed = (id: number) => ({ op: 'create', ticket_id: id, customer_id: 1, status: 'closed' })

/** Moves performance.now() ahead. */
function createClock (t: Test) {
  let aheadMs = 0
  const now = performance.now.bind(performance)
  t.intercept(performance, 'now', { value: () => now() + aheadMs })
  return { advance (ms: number) { aheadMs += ms } }
}

t.test('the name leads to the new primary, and the old one has become read-only: flushes go on there', async t => {
  const { service, proxy, old, promoted, connections } = await startPair(t)
  const { call } = service
  await call('POST', '/tickets/batch', { operations: [closed(1)] })
  t.match((await call('POST', '/flush')).body, { synced: 1 })
  t.strictSame(await old.ids(), [1])
  t.ok(await connections() >= CONNECTIONS)

  await old.setReadOnly()
  proxy.lead(promoted.url)
  await call('POST', '/tickets/batch', { operations: Array.from({ length: 20 }, (_, i) => closed(i + 2)) })
  await eventually(async () => {
    const { body } = await call('POST', '/flush')
    if (body.remaining !== 0) throw new Error(JSON.stringify(body))
  })
  // What the new primary lacks of what was acknowledged is noticed, and pushed again.
  await eventually(async () => { if ((await promoted.ids()).length < 21) throw new Error('not all are there') })
  t.strictSame(await promoted.ids(), Array.from({ length: 21 }, (_, i) => i + 1))
  t.strictSame(await old.ids(), [1], 'the old one received nothing more')
  await eventually(async () => {
    const { body } = await call('GET', '/health/ready')
    if (body.status !== 'ready') throw new Error(JSON.stringify(body))
  })
  await eventually(async () => { if (await connections() > 0) throw new Error('still connected to the old one') })
})

t.test('as long as nobody else can be written to, MySQL is down for being read-only, and says so', async t => {
  const { service, proxy, old, promoted } = await startPair(t)
  const { app, call, due, redis, prefix } = service
  await call('POST', '/tickets/batch', { operations: [closed(1)] })
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:1`)
  await call('POST', '/tickets/2', { customer_id: 1, status: 'closed' })
  await old.setReadOnly()

  t.match(await call('POST', '/flush'), { status: 503, headers: { 'retry-after': /\d/ }, body: { code: 'store_unavailable', detail: /MySQL is read-only/ } })
  t.match((await call('GET', '/flush')).body, { due: 1, last_flush: { error: 'store_unavailable', failure: { store: 'mysql', kind: 'read_only', message: /read.only/ } } })
  t.match((await call('GET', '/health/ready')).body, { status: 'degraded', mysql: { state: 'down', reason: 'read-only' } })
  t.match(await call('GET', '/tickets/1'), { status: 503, body: { detail: /MySQL is read-only/ } }, 'what an old primary holds may be old')
  t.equal((await call('GET', '/tickets/2')).status, 200)
  t.equal(await redis.exists(`${prefix}tickets:failures`), 0, 'no ticket is blamed')
  t.ok(Number(await due(2)) <= Date.now())
  const found = await scrape(app)
  t.equal(found.value('tickets_mysql_up'), 0)
  t.ok(found.value('tickets_mysql_errors_total{reason="read_only"}')! >= 1)

  proxy.lead(promoted.url)
  await eventually(async () => {
    const { body } = await call('GET', '/health/ready')
    if (body.status !== 'ready') throw new Error(JSON.stringify(body))
  })
  await eventually(async () => {
    const { body } = await call('POST', '/flush')
    if (body.remaining !== 0) throw new Error(JSON.stringify(body))
  })
  t.strictSame(await old.ids(), [1])
  t.ok((await promoted.ids()).includes(2), 'and perhaps the first again, which it lacks')
  t.match((await call('GET', '/flush')).body, { last_flush: { error: null, failure: null } })
})

t.test('the same server becomes writable again', async t => {
  const { service: { call }, old } = await startPair(t)
  await old.setReadOnly()
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  t.match((await call('POST', '/flush')).body, { code: 'store_unavailable' })
  await old.setReadOnly(0)
  await eventually(async () => {
    const { body } = await call('POST', '/flush')
    if (body.remaining !== 0) throw new Error(JSON.stringify(body))
  })
  t.strictSame(await old.ids(), [1])
})

t.test('the journal follows, too: what an old primary refused was surely not kept', async t => {
  const server = await privateRedis(t)
  const { service: { call }, proxy, old, promoted } = await startPair(t, { redis: server.url })
  await server.kill()
  await eventually(async () => {
    if ((await call('POST', '/tickets/1', { customer_id: 1 })).status !== 202) throw new Error('not journaled yet')
  })
  await old.setReadOnly()
  t.match(await call('POST', '/tickets/2', { customer_id: 1 }), { status: 503, body: { code: 'store_unavailable', detail: /MySQL is read-only/ } })
  proxy.lead(promoted.url)
  await eventually(async () => {
    const { status, text } = await call('POST', '/tickets/3', { customer_id: 1 })
    if (status !== 202) throw new Error(text)
  })
  t.strictSame([await old.ids('wp_support_tickets_journal'), await promoted.ids('wp_support_tickets_journal')], [[1], [3]])
})

t.test('a user that may write into a read-only server does not, once that is known', async t => {
  const { service: { call }, proxy, old, promoted } = await startPair(t, { isPrivileged: true })
  await old.setReadOnly()
  t.match((await call('GET', '/health/ready')).body, { mysql: { state: 'down', reason: 'read-only' } })
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  t.match((await call('POST', '/flush')).body, { code: 'store_unavailable' })
  proxy.lead(promoted.url)
  await eventually(async () => {
    const { body } = await call('POST', '/flush')
    if (body.remaining !== 0) throw new Error(JSON.stringify(body))
  })
  t.strictSame([await old.ids(), await promoted.ids()], [[], [1]])
})

t.test('without a write, a read finds out after some seconds', async t => {
  const { service: { app }, old } = await startPair(t)
  const clock = createClock(t)
  await old.setReadOnly()
  clock.advance(6000)
  await t.rejects(app.mysql.query('SELECT 1', [], 10_000), { name: 'DatabaseUnavailable', kind: 'read_only' })
  t.notOk(app.mysql.isUp())
})

t.test('a connection has an age: a name that has moved is followed, although the old server can still be written to', async t => {
  const { service, proxy, old, promoted, connections } = await startPair(t)
  const clock = createClock(t)
  proxy.lead(promoted.url)
  await service.call('POST', '/tickets/batch', { operations: [closed(1)] })
  await service.call('POST', '/flush')
  clock.advance(300_000)
  await service.call('POST', '/tickets/batch', { operations: [closed(2)] })
  await service.call('POST', '/flush')
  t.strictSame(await old.ids(), [1])
  t.ok((await promoted.ids()).includes(2), 'and perhaps the first again, which it lacks')
  await connectAll(service)
  await eventually(async () => { if (await connections() > 0) throw new Error('still connected to the old one') })
})

t.test('a connection that grows too old in use is closed when it is given back', async t => {
  const { service: { app } } = await startPair(t)
  const clock = createClock(t)
  const idOf = (rows: RowDataPacket[]) => Number(rows[0]!.id)
  const { first, next } = await app.mysql.transaction(async query => {
    const first = idOf(await query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id', []))
    clock.advance(300_000)
    return { first, next: idOf(await query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id', [])) }
  }, 10_000)
  t.equal(next, first, 'its transaction goes on')
  await eventually(async () => {
    const rows = await app.mysql.query<RowDataPacket[]>('SELECT ID FROM information_schema.PROCESSLIST WHERE ID = ?', [first], 10_000)
    if (rows.length > 0) throw new Error('still there')
  })
})
