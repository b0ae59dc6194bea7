import t from 'tap'
import { handlerOf } from '../../src/tickets/operation.ts'
import { createService, eventually, type Service } from '../helper.ts'
import { compareIndexes } from '../lists/indexes.ts'
import { insertEntry } from '../outages/journal.ts'

const OLD = { created_at: 1_551_700_000, closed_at: 1_551_790_000, updated_at: 1_551_800_000 }

async function importOne ({ call }: Service, ticket: object) {
  const { body } = await call('POST', '/tickets/batch', { operations: [{ op: 'import', ticket_id: 1, customer_id: 9, ...ticket }] })
  return body.results[0] as { status: number, version?: number, error?: { code: string, errors?: { pointer: string, message: string }[] } }
}

t.test('201: the dates of its life, due at once, indexed and logged as a create is', async t => {
  const service = await createService(t)
  const { call, due, row, hash, redis, prefix } = service
  t.match(await importOne(service, { ...OLD, status: 'closed', subject: 'old', assigned_to: 7, custom_fields: { a: 1 } }), { status: 201 })
  t.match((await call('POST', '/tickets/batch', { operations: [{ op: 'import', ticket_id: 2, customer_id: 9, created_at: 1_551_700_000, status: 'open' }] })).body.results, [{ status: 201 }])
  for (const id of [1, 2]) t.ok(Number(await due(id)) <= Date.now() + 1000, 'also an open one, although open tickets stay in Redis')
  t.strictSame(...await compareIndexes(service))
  t.equal(await redis.xlen(`${prefix}tickets:changes`), 2)
  t.match((await call('GET', '/tickets/1')).body, { ...OLD, status: 'closed', custom_fields: { a: 1 }, synced_version: null })
  t.match(await hash(1), { updated_at: '1551800000', closed_at: '1551790000' })
  t.match((await call('POST', '/flush')).body, { claimed: 2, synced: 2 })
  t.match(await row(1), { created_at: '2019-03-04 11:46:40', closed_at: '2019-03-05 12:46:40', updated_at: '2019-03-05 15:33:20', status: 'closed' })
  t.match(await row(2), { created_at: '2019-03-04 11:46:40', closed_at: null, status: 'open' })
})

t.test('what is left out', async t => {
  const service = await createService(t, { TICKET_STATUSES: 'done,open', TICKET_CLOSED_STATUSES: 'done' })
  const { call } = service
  const cases: [object, object][] = [
    [{ created_at: 100, closed_at: 200 }, { status: 'done', updated_at: 200, closed_at: 200 }],
    [{ created_at: 100, updated_at: 300 }, { status: 'done', updated_at: 300, closed_at: 300 }],
    [{ created_at: 100, updated_at: 300, status: 'open' }, { updated_at: 300, closed_at: undefined }],
  ]
  for (const [i, [sent, expected]] of cases.entries()) {
    t.match(await importOne(service, { ticket_id: i + 1, ...sent }), { status: 201 })
    t.match((await call('GET', `/tickets/${i + 1}`)).body, expected)
  }
  await importOne(service, { ticket_id: 10 })
  const { created_at: created, updated_at: updated, closed_at: closed } = (await call('GET', '/tickets/10')).body
  t.ok(created > 1_700_000_000 && updated === created && closed === created, 'the time of the import')
})

t.test('400: dates that cannot be, each named', async t => {
  const service = await createService(t)
  const { call } = service
  const soon = Math.floor(Date.now() / 1000) + 3600
  const cases: [object, string][] = [
    [{ status: 'closed', created_at: 200, closed_at: 100 }, '/operations/0/closed_at'],
    [{ created_at: 200, updated_at: 100 }, '/operations/0/updated_at'],
    [{ status: 'closed', created_at: 100, closed_at: 300, updated_at: 200 }, '/operations/0/updated_at'],
    [{ created_at: 100, closed_at: 200 }, '/operations/0/closed_at'],
    [{ created_at: 100, closed_at: 200, status: 'pending' }, '/operations/0/closed_at'],
    [{ status: 'closed', closed_at: 200 }, '/operations/0/created_at'],
    [{ updated_at: 200 }, '/operations/0/created_at'],
    [{ created_at: 100, updated_at: soon }, '/operations/0/updated_at'],
    [{ status: 'closed', created_at: 100, closed_at: soon }, '/operations/0/closed_at'],
    [{ created_at: 1_764_000_000_000 }, '/operations/0/created_at'],
    [{ version: 5 }, '/operations/0/version'],
    [{ if_match: '"1"' }, '/operations/0/if_match'],
    [{ status: 'unheard' }, '/operations/0/status'],
  ]
  for (const [ticket, pointer] of cases) {
    t.match(await importOne(service, ticket), { status: 400, error: { code: 'validation_failed', errors: [{ pointer }] } }, JSON.stringify(ticket))
  }
  t.equal((await call('GET', '/tickets/1')).status, 404)
  t.match((await call('POST', '/tickets/2', { customer_id: 1, closed_at: 1 })).body, { errors: [{ pointer: '/closed_at', message: /not the caller/ }] })
})

t.test('409: the id exists in Redis or MySQL alone, or was deleted; MySQL has what it had', async t => {
  const service = await createService(t)
  const { call, redis, prefix, sql, row } = service
  await call('POST', '/tickets/1', { customer_id: 1 })
  t.match(await importOne(service, { ...OLD, status: 'closed' }), { status: 409, error: { code: 'ticket_exists' } })
  await call('POST', '/flush', { scope: 'all' })
  await redis.del(`${prefix}ticket:1`)
  t.match(await importOne(service, { ...OLD, status: 'closed' }), { status: 409 })
  await call('DELETE', '/tickets/1')
  t.match(await importOne(service, { ...OLD, status: 'closed' }), { status: 409, error: { detail: /was deleted/ } })

  // A row that another program wrote, and nobody could see when the ticket was imported.
  t.match(await importOne(service, { ...OLD, ticket_id: 5, status: 'closed' }), { status: 201 })
  await sql.query("INSERT INTO wp_support_tickets (ticket_id, customer_id, status, created_at, updated_at, version) VALUES (5, 4, 'open', NOW(), NOW(), 1)")
  t.match((await call('POST', '/flush')).body, { dead: 1 })
  t.match(await row(5), { customer_id: 4 })
})

t.test('repeated with its key; a later change follows', async t => {
  const { call } = await createService(t)
  const body = { operations: [{ op: 'import', ticket_id: 1, customer_id: 9, ...OLD, status: 'closed' }] }
  const first = await call('POST', '/tickets/batch', body, { 'idempotency-key': 'k' })
  const again = await call('POST', '/tickets/batch', body, { 'idempotency-key': 'k' })
  t.equal(again.headers['idempotency-replayed'], 'true')
  t.strictSame(again.body, first.body)
  const { body: changed } = await call('PATCH', '/tickets/1', { priority: 'low' })
  t.match(changed, { created_at: OLD.created_at, closed_at: OLD.closed_at })
  t.ok(changed.updated_at > OLD.updated_at)
  t.notOk('closed_at' in (await call('PATCH', '/tickets/1', { status: 'open' })).body)
})

t.test('in the journal: applied with its dates; of a ticket that was deleted it is a conflict, and stays one', async t => {
  const service = await createService(t)
  const { call, sql, hash } = service
  await call('POST', '/tickets/2', { customer_id: 1 })
  await call('DELETE', '/tickets/2')
  const fields = { customer_id: 9, ...OLD, status: 'closed' }
  await insertEntry(sql, { ticket_id: 1, op: 'import', fields }, { seq: 20, ticket_id: 2, op: 'import', fields })
  await eventually(async () => {
    const { body } = await call('GET', '/journal')
    if (body.pending !== 0 || body.conflicts !== 1) throw new Error(JSON.stringify(body))
  })
  t.match((await call('GET', '/tickets/1')).body, { ...OLD, status: 'closed' })
  t.match((await call('GET', '/journal')).body.entries, [{ seq: 20, op: 'import', fields, reason: /was deleted/ }])
  t.equal((await call('POST', '/journal/20/apply')).status, 410)
  t.ok((await hash(2)).deleted_at)
})

t.test('while Redis is unavailable it is shown with its dates, and an import that exists may be applied as a change', async t => {
  const { preview, forced } = handlerOf({ op: 'import', ticket_id: 1, fields: { customer_id: 9 } })
  const operation = { op: 'import' as const, ticket_id: 1, fields: { customer_id: 9, status: 'closed', created_at: 100, closed_at: 200 } }
  const statuses = { closedStatuses: ['closed'], defaultStatus: 'open' }
  t.match(preview(undefined, operation, 900, statuses), { created_at: 100, updated_at: 200, closed_at: 200 })
  t.match(preview(undefined, { op: 'import', ticket_id: 1, fields: { customer_id: 9 } }, 900, statuses), { created_at: 900, updated_at: 900, closed_at: undefined })
  t.strictSame(forced(operation), [operation, { op: 'update', ticket_id: 1, fields: { customer_id: 9, status: 'closed' } }])
})
