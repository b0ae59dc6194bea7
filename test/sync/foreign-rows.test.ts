import t from 'tap'
import { DatabaseUnavailable } from '../../src/mysql/failure.ts'
import { createService, type Service } from '../helper.ts'

/** Another program inserts a row while the service runs. */
const insert = ({ sql }: Service, id: number, version = 1) =>
  sql.query('INSERT INTO wp_support_tickets (ticket_id, customer_id, subject, status, created_at, updated_at, version) VALUES (?, 77, \'theirs\', \'open\', NOW(), NOW(), ?)', [id, version])

const close = ({ call }: Service, id: number) => call('POST', `/tickets/${id}`, { customer_id: 1, subject: 'ours', status: 'closed' })

/** Has the service know that ids above `id` are free. */
async function learn (service: Service, id: number) {
  t.equal((await close(service, id)).status, 201)
  await service.call('POST', '/flush')
}

t.test('a row that another program inserted is not replaced by the first push: the ticket is a dead letter that says so', async t => {
  const service = await createService(t)
  const { call, row, hash } = service
  await learn(service, 1)
  await insert(service, 5)
  await insert(service, 7, 0)
  for (const id of [4, 5, 6, 7]) t.equal((await close(service, id)).status, 201, 'nobody has told the service')
  t.match((await call('POST', '/flush')).body, { claimed: 4, synced: 2, retried: 0, dead: 2 }, 'at once: no later attempt can be better')
  t.match([await row(5), await row(7)], [{ subject: 'theirs', customer_id: 77 }, { subject: 'theirs', version: 0 }])
  t.match([await row(4), await row(6)], [{ subject: 'ours' }, { subject: 'ours' }])
  const { body } = await call('GET', '/flush/dead')
  t.match(body, { total: 2, tickets: [{ ticket_id: 5, attempts: 1, reason: /MySQL holds ticket 5 in version 1.*another program wrote it.*not replaced/ }, { ticket_id: 7 }] })
  t.match(await call('GET', '/tickets/5'), { status: 200, body: { subject: 'ours', synced_version: null } }, 'what was acknowledged is there')

  t.equal((await call('PATCH', '/tickets/5', { subject: 'ours, again' })).status, 200)
  t.match((await call('POST', '/flush')).body, { dead: 1 }, 'a change does not make it the service\'s')
  t.match(await row(5), { subject: 'theirs' })

  await service.sql.query('DELETE FROM wp_support_tickets WHERE ticket_id = 5')
  t.match((await call('POST', '/flush/dead/retry', { ticket_ids: [5] })).body, { redriven: 1 })
  t.match((await call('POST', '/flush')).body, { synced: 1 })
  t.match(await row(5), { subject: 'ours, again' })
  t.equal((await hash(5))?.first_version, undefined, 'MySQL has it now')

  await service.sql.query('UPDATE wp_support_tickets SET version = 9e15 WHERE ticket_id = 7')
  await call('POST', '/flush/dead/retry', { ticket_ids: [7] })
  t.match((await call('POST', '/flush')).body, { synced: 1, dead: 0 })
  t.match((await call('GET', '/tickets/7')).body, { subject: 'theirs', customer_id: 77 }, 'as the runbook says, for those who keep MySQL\'s row')
})

t.test('a single ticket, a batch of first pushes and later ones, and one that is open', async t => {
  const service = await createService(t)
  const { call, row } = service
  await learn(service, 1)
  await insert(service, 5)
  t.equal((await call('POST', '/tickets/5', { customer_id: 1, subject: 'ours' })).status, 201)
  t.match((await call('POST', '/flush', { ticket_ids: [5] })).body, { claimed: 1, synced: 0, dead: 1, results: [{ ticket_id: 5, state: 'unsynced', synced_version: null }] })
  t.match(await row(5), { subject: 'theirs' })

  await call('PATCH', '/tickets/1', { subject: 'changed' })
  await close(service, 9)
  t.match((await call('POST', '/flush')).body, { claimed: 2, synced: 2, dead: 0 })
  t.match([await row(1), await row(9)], [{ subject: 'changed' }, { subject: 'ours' }])
})

t.test('a ticket whose subject is the name of a field of the hash is protected as others are', async t => {
  const service = await createService(t)
  const { call, row, hash, redis, prefix } = service
  await learn(service, 1)
  await insert(service, 5)
  t.equal((await call('POST', '/tickets/5', { customer_id: 1, subject: 'first_version', status: 'closed' })).status, 201)
  const { subject, ...fields } = await hash(5)
  // A large hash has its fields in any order.
  await redis.multi().del(`${prefix}ticket:5`).hset(`${prefix}ticket:5`, { subject, ...fields }).exec()
  t.match((await call('POST', '/flush')).body, { synced: 0, dead: 1 })
  t.match(await row(5), { subject: 'theirs' })
})

t.test('a push that MySQL committed, and nobody could record, is the service\'s own row', async t => {
  const service = await createService(t)
  const { call, row, app } = service
  await learn(service, 1)
  const { body: first } = await close(service, 5)
  const { body: other } = await close(service, 6)
  await app.tickets.database.upsert([first, other], new Map([[5, first.version], [6, other.version]]))
  await call('PATCH', '/tickets/5', { subject: 'changed since' })
  t.match((await call('POST', '/flush')).body, { claimed: 2, synced: 2, dead: 0 })
  t.match([await row(5), await row(6)], [{ subject: 'changed since' }, { subject: 'ours' }])
  t.match((await call('GET', '/tickets/5')).body, { subject: 'changed since' })
})

t.test('created while MySQL could not be asked: nothing is replaced either', async t => {
  const service = await createService(t)
  const { call, row, app } = service
  await insert(service, 5)
  const { database } = app.tickets
  const { find } = database
  database.find = () => Promise.reject(new DatabaseUnavailable('no answer'))
  t.equal((await close(service, 5)).status, 201, 'nothing is known of the range: Redis serves alone')
  database.find = find
  t.match((await call('POST', '/flush')).body, { synced: 0, dead: 1 })
  t.match(await row(5), { subject: 'theirs' })
})
