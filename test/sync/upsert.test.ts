import t from 'tap'
import { createService } from '../helper.ts'
import { closed } from './calls.ts'

t.test('versions are read back only where MySQL held a row before', async t => {
  const { app, call } = await createService(t)
  let statements = 0
  app.mysql.on('ended', () => { statements += 1 })
  const flush = async () => {
    statements = 0
    await call('POST', '/flush')
    return statements
  }
  await call('POST', '/tickets/batch', closed(10))
  t.equal(await flush(), 1)
  await call('PATCH', '/tickets/3', { subject: 'x' })
  await call('PATCH', '/tickets/4', { subject: 'x' })
  t.equal(await flush(), 3, 'and the tickets that it acknowledged last are looked at')
})

t.test('a newer row among new ones, and beside a refused one, is loaded', async t => {
  const { call, sql } = await createService(t)
  await sql.query("ALTER TABLE wp_support_tickets ADD CONSTRAINT no_poison CHECK (subject IS NULL OR subject <> 'poison')")
  for (const [ids, refused] of [[[1, 2, 3], undefined], [[4, 5, 6], 6], [[7, 8], 7], [[9], undefined]] as const) {
    await call('POST', `/tickets/${ids[0]}`, { customer_id: 1, status: 'closed' })
    await call('POST', '/flush')
    await sql.query("UPDATE wp_support_tickets SET version = version + 3600000, subject = 'newer' WHERE ticket_id = ?", [ids[0]])
    await call('PATCH', `/tickets/${ids[0]}`, { subject: ids[0] === refused ? 'poison' : 'older' })
    for (const id of ids.slice(1)) await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed', ...(id === refused && { subject: 'poison' }) })
    await call('POST', '/flush')
    t.match((await call('GET', `/tickets/${ids[0]}`)).body, { subject: 'newer' }, ids.join())
  }
})
