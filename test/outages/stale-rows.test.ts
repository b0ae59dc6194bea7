import t from 'tap'
import { createService, createStores, eventually, privateRedis } from '../helper.ts'
import { journaling, ready } from './journal.ts'

t.test('while Redis cannot be asked, MySQL\'s row is stale; when it is back and does not hold the ticket, the row is the newest', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const service = await createService(t, {}, await createStores(t, { redis: server.url }))
  const { call, redis, prefix } = service
  for (const id of [1, 2]) await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  const { version } = (await call('GET', '/tickets/1')).body
  // Reopened, acknowledged, and not in MySQL yet.
  const reopened = (await call('PATCH', '/tickets/1', { status: 'open' })).body
  await redis.del(`${prefix}ticket:2`)
  await server.kill()
  await journaling(service)

  const stale = await call('GET', '/tickets/1')
  t.match(stale, { status: 200, headers: { 'x-ticket-source': 'mysql', 'x-ticket-stale': 'true' }, body: { status: 'closed', version, synced_version: null } })
  t.notOk(stale.headers.etag)
  t.notOk(stale.headers['x-ticket-pending-changes'])
  for (const condition of [`"${version}"`, '*']) {
    t.match(await call('GET', '/tickets/1', undefined, { 'if-none-match': condition }), { status: 200, headers: { 'x-ticket-stale': 'true' } }, 'whether it has changed cannot be told')
  }
  t.match((await call('GET', '/tickets?ids=1,2')).body, { tickets: [{ synced_version: null }, { synced_version: null }], stale: [1, 2], from_mysql: [1, 2] })

  await call('PATCH', '/tickets/2', { subject: 'x' })
  const pending = await call('GET', '/tickets/2')
  t.match(pending, { headers: { 'x-ticket-stale': 'true', 'x-ticket-pending-changes': 1 }, body: { subject: 'x', synced_version: null } })
  t.notOk(pending.headers.etag)

  await server.restart()
  await ready(service, 'ready')
  const known = await call('GET', '/tickets/1')
  t.match(known, { headers: { 'x-ticket-source': 'redis', etag: `"${reopened.version}"` }, body: { status: 'open' } })
  t.notOk(known.headers['x-ticket-stale'])

  await call('POST', '/flush', { scope: 'all' })
  await redis.del(`${prefix}ticket:1`)
  const newest = await eventually(() => call('GET', '/tickets/1'))
  t.match(newest, { headers: { 'x-ticket-source': 'mysql', etag: `"${reopened.version}"` }, body: { version: reopened.version, synced_version: reopened.version } })
  t.notOk(newest.headers['x-ticket-stale'])
  t.notOk('stale' in (await call('GET', '/tickets?ids=1,2')).body)
})
