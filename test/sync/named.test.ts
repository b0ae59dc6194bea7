import t from 'tap'
import { createService, createStores } from '../helper.ts'
import { startProxy } from '../faults/harness/proxy.ts'

const create = (count: number) => ({ operations: Array.from({ length: count }, (_, i) => ({ op: 'create', ticket_id: i + 1, customer_id: 1 })) })

t.test('a hundred calls at a time are all served, in a few passes', async t => {
  const { call, app, rows } = await createService(t)
  await call('POST', '/tickets/batch', create(100))
  let passes = 0
  app.tickets.sync.on('flushed', () => { passes += 1 })
  let backlogs = 0
  app.redis.calls.on('ended', name => { if (name === 'backlog') backlogs += 1 })

  const equal = await Promise.all(Array.from({ length: 100 }, () => call('POST', '/flush', { ticket_ids: [1] })))
  t.ok(equal.every(({ status, body }) => status === 200 && body.results.length === 1 && body.results[0].state === 'synced'))
  t.equal((await rows()).length, 1)

  const different = await Promise.all(Array.from({ length: 100 }, (_, i) => call('POST', '/flush', { ticket_ids: [i + 1] })))
  t.strictSame(different.filter(({ status }) => status !== 200), [])
  t.strictSame(different.map(({ body }) => body.results.map(({ ticket_id, state }: { ticket_id: number, state: string }) => [ticket_id, state])), different.map((_, i) => [[i + 1, 'synced']]), 'each has its own results')
  t.strictSame(different.map(({ body }) => [body.claimed, body.synced]), different.map((_, i) => i === 0 ? [0, 0] : [1, 1]), 'and its own counts')
  t.equal((await rows()).length, 100)
  t.ok(passes <= 8, `${passes} passes for 200 calls`)
  t.equal(backlogs, passes, 'each counts the backlog once')
})

t.test('what becomes of a ticket counts for those who named it', async t => {
  const { call, app, sql } = await createService(t, { FLUSH_MAX_ATTEMPTS: 1 })
  await call('POST', '/tickets/batch', create(3))
  await sql.query('ALTER TABLE wp_support_tickets ADD CONSTRAINT no_two CHECK (ticket_id <> 2)')
  // The first has a pass of its own, and the others share the next.
  const [one, two, both] = await Promise.all([[1], [2], [3, 2]].map(ids => app.tickets.sync.flush({ ids })))
  t.match(one, { claimed: 1, synced: 1, retried: 0, dead: 0 })
  t.match(two, { claimed: 1, synced: 0, retried: 0, dead: 1 })
  t.match(both, { claimed: 2, synced: 1, retried: 0, dead: 1 })
})

t.test('a call that comes when its ticket is being pushed waits for the next pass; too many tickets that wait are refused', async t => {
  const stores = await createStores(t)
  const mysql = await startProxy(t, String(stores.variables.MYSQL_URL))
  const { call, app: { tickets: { sync } }, row } = await createService(t, { MYSQL_URL: mysql.url }, stores)
  await call('POST', '/tickets/1', { customer_id: 1, subject: 'before' })
  const upsert = mysql.holdRequest(/INSERT INTO `wp_support_tickets` /)
  const first = sync.flush({ ids: [1] })
  await upsert.held
  const { body: { version } } = await call('PATCH', '/tickets/1', { subject: 'after' })
  const second = sync.flush({ ids: [1] })
  const ids = (call: number) => Array.from({ length: 500 }, (_, i) => 1000 + call * 500 + i)
  const many = Array.from({ length: 9 }, (_, call) => sync.flush({ ids: ids(call) }))
  // Those that are known already take no room: 4501 wait, and 499 more may.
  many.push(sync.flush({ ids: ids(0) }))
  const refused = t.rejects(sync.flush({ ids: ids(9) }), { code: 'overloaded' })
  many.push(sync.flush({ ids: ids(9).slice(1) }))
  await upsert.release()
  await refused
  t.match(await first, { claimed: 1, synced: 1 })
  t.match(await second, { claimed: 1, synced: 1 })
  t.match(await row(1), { subject: 'after', version })
  t.ok((await Promise.all(many)).every(({ claimed }) => claimed === 0))
})
