import t from 'tap'
import { createService, createStores, eventually } from '../helper.ts'
import { insertEntry } from './journal.ts'

t.test('an operation of a newer version in the journal waits for an instance of it, and stops no other ticket', async t => {
  const stores = await createStores(t)
  const before = await createService(t, {}, stores)
  await before.call('POST', '/tickets/1', { customer_id: 1, subject: 'as it was' })
  await before.app.close()
  await insertEntry(stores.sql,
    { ticket_id: 1, op: 'merge', fields: { into: 2 } },
    { ticket_id: 1, fields: { subject: 'after it' } },
    { ticket_id: 2, op: 'create', fields: { customer_id: 2 } },
  )
  const { call, hash } = await createService(t, {}, stores)
  await eventually(async () => {
    if ((await hash(2)).customer_id !== '2') throw new Error('not applied yet')
  })
  t.match(await hash(1), { subject: 'as it was' }, 'what follows it waits, too')
  t.match(await call('GET', '/tickets/1'), { status: 503, body: { code: 'store_unavailable' } }, 'what it will be is not known')
  t.equal((await call('GET', '/tickets/2')).status, 200)
  const { body } = await call('GET', '/journal?state=pending')
  t.match(body.entries, [{ op: 'merge', fields: { into: 2 } }, { op: 'update' }])

  await stores.sql.query("UPDATE wp_support_tickets_journal SET state = 'conflict' WHERE op = 'merge'")
  const [{ seq }] = body.entries
  t.match(await call('POST', `/journal/${seq}/apply`), { status: 503, body: { code: 'store_unavailable' } })
  t.match(await call('POST', `/journal/${seq}/discard`), { status: 200, body: { op: 'merge' } })
  await eventually(async () => {
    if ((await hash(1)).subject !== 'after it') throw new Error('not applied yet')
  })
})
