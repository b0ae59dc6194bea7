import t from 'tap'
import { createService, createStores, eventually } from '../helper.ts'
import { insertEntry, replayLock } from '../outages/journal.ts'
import { create, CUSTOMER, done, erase, MARK, OTHER, reached } from './erase.ts'
import { findTraces } from './traces.ts'

const change = { subject: MARK, custom_fields: { note: MARK } }

t.test('of a change that comes when its ticket was deleted nothing is kept but that it could not be applied', async t => {
  const service = await createService(t)
  const { call, sql } = service
  await call('POST', '/tickets/1', create())
  await call('DELETE', '/tickets/1')
  await insertEntry(sql, { ticket_id: 1, fields: change })
  await eventually(async () => {
    const { body } = await call('GET', '/journal')
    if (body.conflicts !== 1) throw new Error(JSON.stringify(body))
    t.match(body.entries, [{ ticket_id: 1, op: 'update', fields: {}, reason: /^ticket_deleted/ }])
  })
  t.strictSame(await findTraces(service, MARK), [])
  await done(service, await erase(t, service))
  t.match((await call('GET', '/journal')).body, { conflicts: 0 })
})

t.test('conflicts of tickets that were deleted go, also where MySQL alone knows the tombstone; those of others stay', async t => {
  const service = await createService(t)
  const { call, sql, redis, prefix } = service
  for (const id of [1, 2]) await call('POST', `/tickets/${id}`, create())
  await call('POST', '/tickets/3', { customer_id: OTHER })
  await insertEntry(sql, ...[1, 2, 3].map(id => ({ seq: id, ticket_id: id, fields: id === 3 ? { subject: 'stays' } : change, state: 'conflict' })), { seq: 4, ticket_id: 1, op: 'create', fields: { customer_id: OTHER }, state: 'conflict' })
  for (const id of [1, 2]) await call('DELETE', `/tickets/${id}`)
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:2`)
  t.match(await done(service, await erase(t, service)), { journal_entries: 2 })
  t.strictSame(await findTraces(service, MARK, String(CUSTOMER)), [])
  t.match((await call('GET', '/journal')).body, { conflicts: 2, entries: [{ seq: 3, fields: { subject: 'stays' } }, { seq: 4, op: 'create' }] })
})

t.test('what is journaled while it runs goes, too, unless it creates a ticket', async t => {
  const stores = await createStores(t)
  const service = await createService(t, {}, stores)
  const { call, sql } = service
  await call('POST', '/tickets/1', create())
  const lock = replayLock(String(stores.variables.MYSQL_URL))
  await sql.query('SELECT GET_LOCK(?, 1)', [lock])
  await insertEntry(sql, { seq: 1, ticket_id: 1, fields: change })
  const id = await erase(t, service)
  await reached(service, id, { waiting_for: 'journal' })
  await insertEntry(sql, { seq: 2, ticket_id: 1, fields: change, state: 'conflict' }, { seq: 3, ticket_id: 1, op: 'create', fields: { customer_id: CUSTOMER }, state: 'conflict' }, { seq: 4, ticket_id: 1, fields: change })
  await sql.query('DELETE FROM wp_support_tickets_journal WHERE seq = 1')
  await sql.query('UPDATE wp_support_tickets_erasures SET waiting_for = NULL')
  await reached(service, id, { waiting_for: 'journal' })
  await sql.query('DO RELEASE_LOCK(?)', [lock])
  await done(service, id)
  t.strictSame(await findTraces(service, MARK), [])
  t.match((await call('GET', '/journal')).body, { conflicts: 1, entries: [{ seq: 3 }] })
})
