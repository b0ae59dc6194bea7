import type { RowDataPacket } from 'mysql2/promise'
import t from 'tap'
import { createService, createStores, eventually, privateRedis } from '../helper.ts'
import { journaling, ready, replayed, replayLock } from './journal.ts'

/** Keys that some collation of MySQL holds equal. */
const KEYS = ['k', 'k ', 'k  ', 'K', 'K ', ' k', 'ss', 'sS']

const asHeader = (key: string) => ({ 'idempotency-key': JSON.stringify(key) })

t.test('two keys are one in the journal only where they are one in Redis', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const service = await createService(t, {}, await createStores(t, { redis: server.url }))
  const { call, sql, hash } = service
  for (const i of KEYS.keys()) t.equal((await call('POST', `/tickets/${i + 1}`, { customer_id: 1 })).status, 201)
  await server.kill()
  await journaling(service)
  const change = (i: number) => call('PATCH', `/tickets/${i + 1}`, { subject: `of ${i}` }, asHeader(KEYS[i]!))
  for (const i of KEYS.keys()) t.match(await change(i), { status: 202, headers: { 'idempotency-replayed': undefined } }, JSON.stringify(KEYS[i]))
  const [kept] = await sql.query<RowDataPacket[]>('SELECT idempotency_key FROM wp_support_tickets_journal ORDER BY seq')
  t.strictSame(kept.map(row => row.idempotency_key), KEYS.map(key => `:${key}`), 'as text, for an older version of the service')
  for (const i of KEYS.keys()) t.match(await change(i), { status: 202, headers: { 'idempotency-replayed': 'true' } }, JSON.stringify(KEYS[i]))

  await server.restart()
  await ready(service, 'ready')
  t.match(await replayed(service), { pending: 0, conflicts: 0 })
  for (const i of KEYS.keys()) t.match(await hash(i + 1), { subject: `of ${i}` }, 'nothing that was acknowledged is lost')
  for (const i of KEYS.keys()) t.match(await change(i), { status: 200, headers: { 'idempotency-replayed': 'true' } })
})

t.test('they are in Redis, too', async t => {
  const { call } = await createService(t)
  for (const [i, key] of KEYS.entries()) t.match(await call('POST', `/tickets/${i + 1}`, { customer_id: 1 }, asHeader(key)), { status: 201, headers: { 'idempotency-replayed': undefined } })
})

t.test('migration 006 keeps the entries of an older version, which goes on beside it', async t => {
  const stores = await createStores(t)
  const { sql } = stores
  const before = await createService(t, {}, stores)
  await before.call('POST', '/tickets/1', { customer_id: 1 })
  await before.app.close()
  // As migration 005 has left it.
  await sql.query(`ALTER TABLE wp_support_tickets_journal
    MODIFY idempotency_key VARCHAR(320) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, DROP KEY ticket_state, DROP KEY caller_bytes, DROP COLUMN bytes, DROP COLUMN caller,
    ADD KEY ticket_state (ticket_id, state, seq)`)
  await sql.query('ALTER TABLE wp_support_tickets DROP COLUMN deleted_at, DROP KEY status_ticket, DROP KEY created, DROP KEY updated')
  await sql.query('DROP TABLE wp_support_tickets_erasures')
  await sql.query('DELETE FROM wp_support_tickets_migrations WHERE version > 5')
  const keep = (key: string, fields: object) => sql.query(
    'INSERT INTO wp_support_tickets_journal (ticket_id, partition_index, op, fields, if_match, accepted_at, kept_at, clock, idempotency_key, fingerprint, operation_index) VALUES ? ON DUPLICATE KEY UPDATE seq = seq',
    [[[1, 0, 'update', JSON.stringify(fields), null, Date.now() + 1000, Date.now() + 1000, 'redis', key, 'f', 0]]])
  await keep(':k', { subject: 'before' })

  const { app, hash } = await createService(t, {}, stores)
  await eventually(async () => { if ((await hash(1)).subject !== 'before') throw new Error('not applied yet') })
  await app.close()
  await keep(':k', { subject: 'during' })
  await keep(':k ', { priority: 'during' })
  const [rows] = await sql.query<RowDataPacket[]>('SELECT idempotency_key, bytes, caller FROM wp_support_tickets_journal ORDER BY seq')
  t.strictSame(rows, [{ idempotency_key: ':k', bytes: 20, caller: '' }, { idempotency_key: ':k ', bytes: 21, caller: '' }])
})

t.test('what MySQL takes for a duplicate and is none is not acknowledged', async t => {
  const { sql, variables, app: { tickets: { journal } } } = await createService(t)
  await sql.query('SELECT GET_LOCK(?, 1)', [replayLock(String(variables.MYSQL_URL))])
  // Another unique key, of somebody who knows the table.
  await sql.query('ALTER TABLE wp_support_tickets_journal ADD UNIQUE KEY theirs (ticket_id, op)')
  const change = (subject: string, key?: string) => ({ caller: '', change: { op: 'update' as const, ticket_id: 5, fields: { subject }, ...key !== undefined && { idempotency: { key, fingerprint: subject, index: 0 } } } })
  t.match(await journal.append([change('first', ':a')]), [{ journaled: true, replayed: false }])
  t.match(await journal.append([change('second', ':b')]), [{ code: 'store_unavailable' }], 'with a key of its own')
  t.match(await journal.append([change('third')]), [{ code: 'store_unavailable' }], 'and without')
})
