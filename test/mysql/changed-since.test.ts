import t from 'tap'
import { createService } from '../helper.ts'

t.test('the table: what was changed since a time, by partition', async t => {
  const { app, call, sql } = await createService(t)
  const ids = Array.from({ length: 1200 }, (_, i) => i + 1)
  for (let i = 0; i < ids.length; i += 400) {
    await call('POST', '/tickets/batch', { operations: ids.slice(i, i + 400).map(id => ({ op: 'create', ticket_id: id, customer_id: 1, status: id % 2 ? 'closed' : 'resolved' })) })
  }
  await call('POST', '/flush')
  await sql.query('UPDATE wp_support_tickets SET updated_at = \'2001-01-01 00:00:00\' WHERE ticket_id = 7')
  const all = async (...args: Parameters<typeof app.tickets.database.changedSince>) => {
    const found: number[] = []
    for await (const page of app.tickets.database.changedSince(...args)) found.push(...page.keys())
    return found.sort((a, b) => a - b)
  }
  const expected = ids.filter(id => id !== 7)
  t.strictSame(await all(1_500_000_000), expected)
  for (const block of [1, 4]) {
    for (const index of [0, 1, 2]) t.strictSame(await all(1_500_000_000, { index, count: 3, block }), expected.filter(id => Math.floor(id / block) % 3 === index), `blocks of ${block}`)
  }
})

t.test('the table: no row is passed over where MySQL holds statuses equal that are not', async t => {
  const statuses = ['open', 'Open', 'OPEN', '\u00f6pen', 'closed']
  const { app, call } = await createService(t, { TICKET_STATUSES: statuses.join(), TICKET_CLOSED_STATUSES: 'closed' })
  const ids = Array.from({ length: 1200 }, (_, i) => i + 1)
  for (let i = 0; i < ids.length; i += 400) {
    await call('POST', '/tickets/batch', { operations: ids.slice(i, i + 400).map(id => ({ op: 'create', ticket_id: id, customer_id: 1, status: statuses[id % statuses.length] })) })
  }
  await call('POST', '/flush', { scope: 'all' })
  const found: number[] = []
  for await (const page of app.tickets.database.changedSince(1_500_000_000)) found.push(...page.keys())
  t.strictSame(found.sort((a, b) => a - b), ids, 'each once')
})
