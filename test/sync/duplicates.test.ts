import t from 'tap'
import { createService } from '../helper.ts'

const create = (id: number, subject: string) => ({ op: 'create', ticket_id: id, customer_id: 1, status: 'closed', subject })

t.test('where a unique key of somebody else\'s takes a ticket for another, neither is lost', async t => {
  const { call, sql, row } = await createService(t, { FLUSH_MAX_ATTEMPTS: 1 })
  await call('POST', '/tickets/batch', { operations: [create(1, 'same'), create(2, 'other'), create(3, 'third')] })
  t.match((await call('POST', '/flush')).body, { synced: 3 })
  await sql.query('ALTER TABLE wp_support_tickets ADD UNIQUE KEY theirs (subject)')

  await call('POST', '/tickets/4', { customer_id: 4, status: 'closed', subject: 'same' })
  t.match((await call('POST', '/flush')).body, { claimed: 1, synced: 0, dead: 1 }, 'a first push')
  t.match([await row(1), await row(4)], [{ subject: 'same', customer_id: 1 }, undefined])

  // Of which MySQL has had a version before: its push is no first one.
  await sql.query('DELETE FROM wp_support_tickets WHERE ticket_id = 2')
  await call('PATCH', '/tickets/2', { subject: 'same', customer_id: 2 })
  await call('PATCH', '/tickets/3', { subject: 'changed' })
  const before = await row(1)
  t.match((await call('POST', '/flush')).body, { claimed: 2, synced: 1, dead: 1 }, 'a later one')
  t.strictSame(await row(1), before, 'not replaced by the other')
  t.match(await row(3), { subject: 'changed' })
  t.match((await call('GET', '/flush/dead')).body, { total: 2, tickets: [{ ticket_id: 4, reason: /deleted the row/ }, { ticket_id: 2, reason: /unique key of the table/ }] })
  t.match((await call('GET', '/tickets/2')).body, { subject: 'same', customer_id: 2, version: Number }, 'Redis holds what was acknowledged')
})
