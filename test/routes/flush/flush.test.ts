import t from 'tap'
import { createService } from '../../helper.ts'

t.test('scope all: open tickets too', async t => {
  const { call, rows } = await createService(t, { FLUSH_BATCH_SIZE: 7 })
  for (let id = 1; id <= 30; id += 1) await call('POST', `/tickets/${id}`, { customer_id: 1 })
  t.match((await call('POST', '/flush', { scope: 'due' })).body, { synced: 0, remaining: 0 })
  t.match((await call('POST', '/flush', { scope: 'all' })).body, { claimed: 30, synced: 30, remaining: 0 })
  t.equal((await rows()).length, 30)
  t.match((await call('GET', '/flush')).body, { unsynced: 0, due: 0, oldest_due_age_ms: null })
})

t.test('by ids: these tickets, whatever their state, with an answer each', async t => {
  const { call, rows } = await createService(t, { FLUSH_BATCH_SIZE: 2 })
  for (let id = 1; id <= 6; id += 1) await call('POST', `/tickets/${id}`, { customer_id: 1 })
  await call('POST', '/flush', { ticket_ids: [6] })
  const { status, body } = await call('POST', '/flush', { ticket_ids: [1, 2, 3, 6, 99] })
  t.equal(status, 200)
  t.match(body, { claimed: 3, synced: 3 })
  t.strictSame(body.results.map(({ ticket_id, state }: { ticket_id: number, state: string }) => [ticket_id, state]),
    [[1, 'synced'], [2, 'synced'], [3, 'synced'], [6, 'synced'], [99, 'not_found']])
  t.equal(body.results[0].version, body.results[0].synced_version)
  t.strictSame((await rows()).map(row => row.ticket_id), [1, 2, 3, 6], 'and no others')
})

t.test('bodies of POST /flush that are refused', async t => {
  const { call } = await createService(t)
  for (const body of [{ scope: 'some' }, { ticket_ids: [] }, { ticket_ids: ['1'] }, { ticket_ids: [0] }, { ticket_ids: [1, 1] }, { x: 1 }, [], { scope: 'all', ticket_ids: [1] },
    { ticket_ids: Array.from({ length: 501 }, (_, i) => i + 1) }]) {
    t.match(await call('POST', '/flush', body), { status: 400, body: { code: 'validation_failed' } }, JSON.stringify(body).slice(0, 40))
  }
})

t.test('POST /flush needs no body, and null is none', async t => {
  const { call } = await createService(t)
  const json = { 'content-type': 'application/json' }
  t.equal((await call('POST', '/flush')).status, 200)
  t.equal((await call('POST', '/flush', '', json)).status, 200, 'an empty one, as some clients send it')
  t.equal((await call('POST', '/flush', 'null', json)).status, 400)
})

t.test('GET /flush: the backlog and the last flush', async t => {
  const { call } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  await call('POST', '/tickets/2', { customer_id: 1, status: 'closed' })
  const { body } = await call('GET', '/flush')
  t.match(body, { strategy: 'hybrid', unsynced: 2, due: 1, dead: 0 })
  t.ok(body.oldest_due_age_ms >= 0)
  await call('POST', '/flush')
  t.match((await call('GET', '/flush')).body, { unsynced: 1, due: 0, last_flush: { claimed: 1, synced: 1, error: null } })
})
