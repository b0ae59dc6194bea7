import t, { type Test } from 'tap'
import { loadNewer } from '../../src/sync/reconcile.ts'
import type { Ticket } from '../../src/tickets/ticket.ts'
import { createService, createStores, eventually, type Service } from '../helper.ts'
import { done, erase } from '../erasure/erase.ts'
import { insertEntry } from '../outages/journal.ts'

/** Nothing that comes late brings a ticket back that was deleted or erased: not in Redis, not in MySQL, not for a caller. */
async function checkDeleted (t: Test, { call, hash, row }: Service, id = 1) {
  await call('POST', '/flush')
  t.ok((await hash(id)).deleted_at, 'Redis has the tombstone')
  t.ok((await row(id))!.deleted_at, 'MySQL has it')
  t.match(await row(id), { customer_id: 0, status: '', version: Number((await hash(id)).version) })
  t.equal((await hash(id)).customer_id, undefined)
  t.equal((await call('GET', `/tickets/${id}`)).status, 410)
}

/** All tickets of these tests are customer 1's. */
const WAYS: Record<string, (t: Test, service: Service, id: number) => Promise<unknown>> = {
  deleted: (_t, { call }, id) => call('DELETE', `/tickets/${id}`),
  erased: async (t, service) => await done(service, await erase(t, service, 1)),
}

type Remove = (service: Service, id: number) => Promise<unknown>

function late (name: string, run: (t: Test, remove: Remove) => Promise<void>) {
  for (const [way, remove] of Object.entries(WAYS)) t.test(`${way}: ${name}`, async t => { await run(t, (service, id) => remove(t, service, id)) })
}

const shardOf = ({ app }: Service) => app.tickets.shards.all[0]!

const claim = (service: Service) => shardOf(service).dueIndex.claim({ leaseMs: 30_000, ticketsMax: 10 })

late('a flush that has claimed the ticket before, and whose statement and acknowledgement come after', async (t, remove) => {
  const service = await createService(t)
  const { call, app, due } = service
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  const { lease, tickets, firstVersions } = await claim(service)
  await remove(service, 1)
  await app.tickets.database.upsert(tickets, firstVersions)
  await shardOf(service).dueIndex.acknowledge(lease, tickets)
  t.not(await due(1), null, 'it stays due')
  await checkDeleted(t, service)
  t.match(await app.tickets.database.upsert(tickets, firstVersions), { outdated: [1] })
  await shardOf(service).dueIndex.acknowledge(lease, tickets)
  await checkDeleted(t, service)
})

late('a retry, and a dead letter that is brought back', async (t, remove) => {
  const service = await createService(t)
  const { call } = service
  for (const id of [1, 2]) await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  const { lease, tickets } = await claim(service)
  const failures = tickets.map(({ ticket_id: ticketId, version }) => ({ ticketId, version, isFinal: true, reason: 'refused' }))
  await shardOf(service).dueIndex.retry(lease, failures.slice(1))
  t.match((await call('GET', '/flush')).body, { dead: 1 })
  for (const id of [1, 2]) await remove(service, id)
  t.match(await shardOf(service).dueIndex.retry(lease, failures), [0, 0], 'there is something new to write')
  t.match((await call('POST', '/flush/dead/retry', { ticket_ids: [1, 2] })).body, { redriven: 0 })
  await checkDeleted(t, service, 1)
  await checkDeleted(t, service, 2)
})

late('a restore of the row that was read before', async (t, remove) => {
  const service = await createService(t)
  const { call, app, redis, prefix, hash } = service
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  const { store } = app.tickets
  await redis.del(`${prefix}ticket:1`)
  const [undecided] = await store.read([1]) as unknown as [{ stamp: string }]
  const row = (await app.tickets.database.find([1])).found.get(1) as Ticket
  const restore = { op: 'restore', ticket_id: 1, ticket: row, asked: undecided.stamp } as const
  await remove(service, 1)
  t.match(await store.write([restore]), [{ code: 'ticket_deleted' }])
  await checkDeleted(t, service)
  await redis.del(`${prefix}ticket:1`)
  t.match(await store.write([restore]), [{ code: 'store_unavailable' }], 'MySQL has got something new since')
  t.strictSame(await hash(1), {})
  t.equal((await call('GET', '/tickets/1')).status, 410)
})

late('entries of the journal from before, replayed and applied by an operator', async (t, remove) => {
  const stores = await createStores(t)
  const before = await createService(t, {}, stores)
  await before.call('POST', '/tickets/1', { customer_id: 1 })
  await remove(before, 1)
  await before.app.close()
  await insertEntry(stores.sql, { ticket_id: 1, fields: { subject: 'late' } }, { ticket_id: 1, op: 'create', fields: { customer_id: 1 } })
  const service = await createService(t, {}, stores)
  const { call } = service
  await eventually(async () => {
    if ((await call('GET', '/journal')).body.conflicts !== 2) throw new Error('not looked at yet')
  })
  await checkDeleted(t, service)
  const { body: { entries } } = await call('GET', '/journal')
  for (const { seq } of entries) t.match((await call('POST', `/journal/${seq}/apply`)).body, { code: 'ticket_deleted' })
  await checkDeleted(t, service)
})

t.test('a deletion that waited in the journal is applied, and leaves what is newer to an operator', async t => {
  const stores = await createStores(t)
  const before = await createService(t, {}, stores)
  for (const id of [1, 2]) await before.call('POST', `/tickets/${id}`, { customer_id: 1 })
  await before.app.close()
  await insertEntry(stores.sql, { ticket_id: 1, op: 'delete', fields: {}, accepted_at: Date.now() + 60_000 }, { ticket_id: 2, op: 'delete', fields: {}, accepted_at: 1 })
  const service = await createService(t, {}, stores)
  const { call, hash } = service
  await eventually(async () => {
    if ((await call('GET', '/journal')).body.conflicts !== 1) throw new Error('not looked at yet')
  })
  await checkDeleted(t, service, 1)
  t.equal((await hash(2)).customer_id, '1')
  const { body: { entries: [{ seq, op }] } } = await call('GET', '/journal')
  t.equal(op, 'delete')
  t.equal((await call('POST', `/journal/${seq}/apply`)).status, 204)
  await checkDeleted(t, service, 2)
})

late('reconcile: a Redis that has the ticket again, from a backup, gets the tombstone again', async (t, remove) => {
  const service = await createService(t)
  const { call, app, redis, prefix } = service
  await call('POST', '/tickets/1', { customer_id: 1 })
  const old = await redis.hgetall(`${prefix}ticket:1`)
  await remove(service, 1)
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:1`)
  await redis.hset(`${prefix}ticket:1`, old)
  await redis.zadd(`${prefix}tickets:due`, 'inf', '1')
  t.match(await loadNewer(app.tickets.shards, [1]), { loaded: 1 })
  await checkDeleted(t, service)
})

t.test('reconcile: a deletion that MySQL has not got yet stays', async t => {
  const service = await createService(t)
  const { call, app, sql, row } = service
  await call('POST', '/tickets/2', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  const { version } = (await row(2))!
  await call('DELETE', '/tickets/2')
  t.match(await loadNewer(app.tickets.shards, [2]), { loaded: 0 })
  await sql.query('UPDATE wp_support_tickets SET version = ? WHERE ticket_id = 2', [version + 1])
  await checkDeleted(t, service, 2)
})

late('resync: a MySQL that has the ticket again, from a backup, gets the tombstone again', async (t, remove) => {
  const service = await createService(t)
  const { call, sql } = service
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await sql.query('CREATE TABLE backup AS SELECT * FROM wp_support_tickets')
  await remove(service, 1)
  await call('POST', '/flush')
  await sql.query('REPLACE INTO wp_support_tickets SELECT * FROM backup')
  t.match((await call('POST', '/resync', { ticket_ids: [1] })).body, { marked: 1 })
  await checkDeleted(t, service)
  await sql.query('DELETE FROM wp_support_tickets')
  t.match((await call('POST', '/resync', { ticket_ids: [1] })).body, { marked: 1 })
  await checkDeleted(t, service)
})

late('a tombstone is no witness of what MySQL holds', async (t, remove) => {
  const service = await createService(t)
  const { call, redis, prefix } = service
  await call('POST', '/tickets/1', { customer_id: 1 })
  await remove(service, 1)
  await call('POST', '/flush')
  t.equal(await redis.hget(`${prefix}tickets:synced`, 'last'), null)
})
