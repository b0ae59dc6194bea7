import type { RowDataPacket } from 'mysql2/promise'
import t, { type Test } from 'tap'
import { StatementTooLarge } from '../../src/mysql/failure.ts'
import { createSizeLimit } from '../../src/mysql/size-limit.ts'
import { escapedBytes } from '../../src/mysql/statements.ts'
import { createService, createStores, eventually, privateMariadb, privateRedis } from '../helper.ts'
import { replayLock } from '../outages/journal.ts'
import { startProxy } from '../faults/harness/proxy.ts'
import { scrape } from '../routes/metrics/scrape.ts'

/** The smallest that MySQL and MariaDB have had as a default. */
const PACKET_BYTES = 1024 * 1024

/** A backslash of JSON and one of SQL before each, so that it grows fourfold on its way. */
const quotes = (length: number) => '"'.repeat(length)

/** About `bytes` in a statement. */
function fat (id: number, bytes: number) {
  const keys = Math.min(50, Math.ceil(bytes / 4000))
  return { op: 'create', ticket_id: id, customer_id: 1, status: 'closed', custom_fields: Object.fromEntries(Array.from({ length: keys }, (_, i) => [`note_${i}`, quotes(Math.min(1024, Math.floor(bytes / keys / 4)))])) }
}

async function startService (t: Test, packetBytes: number, { redis }: { redis?: string } = {}) {
  const mariadb = await privateMariadb(t, { args: [`--max-allowed-packet=${packetBytes}`] })
  return await createService(t, {}, await createStores(t, { mysql: mariadb.url, redis }))
}

t.test('fat tickets are flushed in one pass, in statements that the server takes', async t => {
  const { app, call, rows } = await startService(t, PACKET_BYTES)
  const ids = Array.from({ length: 40 }, (_, i) => i + 1)
  for (const id of ids) await call('POST', '/tickets/batch', { operations: [fat(id, 200_000)] })
  await call('POST', '/tickets/batch', { operations: [{ op: 'create', ticket_id: 41, customer_id: 1, status: 'closed' }] })
  t.match((await call('POST', '/flush')).body, { claimed: 41, synced: 41, retried: 0, remaining: 0 })
  t.equal((await rows()).length, 41)
  t.ok(app.mysql.isUp())
  const found = await scrape(app)
  t.strictSame(['unavailable', 'too_large'].map(reason => found.value(`tickets_mysql_errors_total{reason="${reason}"}`)), [0, 0], 'nothing was sent in vain')
})

t.test('a row that the server can never take becomes a dead letter that says why, and nobody waits behind it', async t => {
  const mariadb = await privateMariadb(t, { args: ['--max-allowed-packet=65536'] })
  const { app, call, rows, sql } = await createService(t, { FLUSH_MAX_ATTEMPTS: 1 }, await createStores(t, { mysql: mariadb.url }))
  await call('POST', '/tickets/batch', { operations: Array.from({ length: 20 }, (_, i) => i === 10 ? fat(i + 1, 100_000) : { op: 'create', ticket_id: i + 1, customer_id: 1, status: 'closed' }) })
  t.match((await call('POST', '/flush')).body, { claimed: 20, synced: 19, dead: 1 })
  t.equal((await rows()).length, 19)
  t.match((await call('GET', '/flush/dead')).body.tickets, [{ ticket_id: 11, reason: /has 1\d{5} bytes.*max_allowed_packet=65536/ }])
  t.ok(app.mysql.isUp())

  await sql.query(`SET GLOBAL max_allowed_packet = ${PACKET_BYTES}`)
  const { call: callNext } = await createService(t, {}, { ...await createStores(t, { mysql: mariadb.url }) })
  await callNext('POST', '/tickets/batch', { operations: [fat(11, 100_000)] })
  t.match((await callNext('POST', '/flush')).body, { synced: 1 }, 'new connections have the new limit')
})

t.test('the journal: many that are fat fit, and one that is too large is refused by itself', async t => {
  const server = await privateRedis(t)
  const { call, sql } = await startService(t, 65536, { redis: server.url })
  await server.kill()
  await eventually(async () => {
    if ((await call('POST', '/tickets/1000', { customer_id: 1 })).status !== 202) throw new Error('not journaled yet')
  })
  const { body } = await call('POST', '/tickets/batch', { operations: Array.from({ length: 20 }, (_, i) => fat(i + 1, i === 10 ? 100_000 : 20_000)) })
  t.strictSame(body.results.map(({ status }: { status: number }) => status), Array.from({ length: 20 }, (_, i) => i === 10 ? 503 : 202))
  t.match(body.results[10].error, { code: 'store_unavailable', detail: /larger than MySQL takes.*Send less/ })
  const [kept] = await sql.query<RowDataPacket[]>('SELECT ticket_id FROM wp_support_tickets_journal ORDER BY seq')
  t.strictSame(kept.map(row => Number(row.ticket_id)), [1000, ...Array.from({ length: 20 }, (_, i) => i + 1).filter(id => id !== 11)], 'in their order')
})

t.test('long lists of ids, keys and reasons fit, too', async t => {
  const { app, sql, variables } = await startService(t, 65536)
  // Nobody applies them meanwhile.
  await sql.query('SELECT GET_LOCK(?, 1)', [replayLock(String(variables.MYSQL_URL))])
  const ids = Array.from({ length: 10_000 }, (_, i) => 2 ** 53 - 10_000 + i)
  t.strictSame(await app.tickets.database.versions(ids), new Map())
  const changes = ids.slice(0, 500).map((id, index) => ({ caller: '', change: { op: 'update' as const, ticket_id: id, fields: { subject: 'x' }, idempotency: { key: `${index}${'k'.repeat(250)}`, fingerprint: 'f', index: 0 } } }))
  t.ok((await app.tickets.journal.append(changes, 1)).every(answer => 'journaled' in answer))
  t.ok((await app.tickets.journal.append(changes, 1)).every(answer => 'journaled' in answer && answer.replayed))
  const { entries } = await app.tickets.journal.find({ state: 'pending', limit: 500 })
  await app.tickets.journal.keepAsConflicts(entries.map(({ seq }) => ({ seq, reason: `${seq}: ${"'".repeat(1000)}` })))
  const { entries: conflicts } = await app.tickets.journal.find({ state: 'conflict', limit: 500 })
  t.ok(conflicts.length === 500 && conflicts.every(({ seq, reason }) => reason!.startsWith(`${seq}: '`)))
})

t.test('a limit that the server does not tell, of a proxy that breaks connections: no outage for long, and nobody waits behind a fat ticket', async t => {
  const mariadb = await privateMariadb(t)
  const proxy = await startProxy(t, mariadb.url)
  const stores = await createStores(t, { mysql: mariadb.url })
  const { app, call, rows } = await createService(t, { FLUSH_MAX_ATTEMPTS: 1, MYSQL_URL: proxy.through(String(stores.variables.MYSQL_URL)) }, stores)
  proxy.limitRequests(150_000)
  await call('POST', '/tickets/batch', { operations: Array.from({ length: 20 }, (_, i) => fat(i + 1, i === 10 ? 200_000 : 20_000)) })
  await eventually(async () => {
    const { body } = await call('POST', '/flush')
    if (body.remaining !== 0) throw new Error(JSON.stringify(body))
  })
  t.strictSame((await rows()).map(row => Number(row.ticket_id)), Array.from({ length: 20 }, (_, i) => i + 1).filter(id => id !== 11))
  t.match((await call('GET', '/flush/dead')).body.tickets, [{ ticket_id: 11, reason: /has 2\d{5} bytes, and the server takes less/ }])
  t.ok(app.mysql.isUp())
})

t.test('what is known of the size that a server takes', async t => {
  const refusal = Object.assign(new Error('Got a packet bigger than'), { errno: 1153, sqlState: '08S01' })
  const reset = Object.assign(new Error('write ECONNRESET'), { code: 'ECONNRESET' })

  t.test('of what it says', async t => {
    const limit = createSizeLimit()
    t.equal(limit.rowsMax(), 1024 * 1024)
    limit.check(1000, 65536)
    t.equal(limit.rowsMax(), 65536 - 4096)
    t.throws(() => { limit.check(65536, 65536) }, { name: 'StatementTooLarge', message: 'the statement has 65536 bytes, and the server takes max_allowed_packet=65536' })
    limit.check(65536, PACKET_BYTES)
  })

  t.test('of what was refused: it is not sent again, and statements are half as large', async t => {
    const limit = createSizeLimit()
    t.throws(() => { limit.failed(200_000, refusal) }, StatementTooLarge)
    t.throws(() => { limit.check(200_000, PACKET_BYTES) }, StatementTooLarge)
    t.doesNotThrow(() => { limit.check(199_999, PACKET_BYTES) })
    t.equal(limit.rowsMax(), 100_000 - 4096)
  })

  t.test('of a connection that broke: once may be an outage, twice is the size', async t => {
    const limit = createSizeLimit()
    limit.failed(1000, reset)
    limit.failed(1000, reset)
    limit.failed(400_000, reset)
    limit.taken(400_000)
    limit.failed(400_000, reset)
    t.throws(() => { limit.failed(300_000, reset) }, StatementTooLarge)
    t.equal(limit.rowsMax(), 150_000 - 4096)
    t.doesNotThrow(() => { limit.check(300_000, PACKET_BYTES) }, 'it may have been an outage all the same')
  })
})

t.test('bytes of a text in a statement', async t => {
  for (const [text, bytes] of [['', 0], ['abc', 3], ["a'b", 4], ['"\\\n\r\t\0\b\x1a', 16], ['ü', 2], ['😀', 4]] as const) t.equal(escapedBytes(text), bytes, JSON.stringify(text))
})
