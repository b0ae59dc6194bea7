import t from 'tap'
import { createApiKey } from '../../../src/auth/api-keys.ts'
import { createService, createStores, eventually, privateRedis } from '../../helper.ts'

const STATUSES = ['Open', 'open', 'In Progress', 'Wartet auf Kunde', 'a=b "c" \\', '\u{1f3ab}'.repeat(64), 'Fertig \u2713']
const variables = { TICKET_STATUSES: STATUSES.join(), TICKET_CLOSED_STATUSES: 'Fertig \u2713,In Progress' }

t.test('statuses as people name them: in the API, in Redis, in MySQL and back', async t => {
  const { call, hash, row, redis, prefix } = await createService(t, variables)
  for (const [i, status] of STATUSES.entries()) {
    const isClosed = status === 'Fertig \u2713' || status === 'In Progress'
    const created = await call('POST', `/tickets/${i + 1}`, { customer_id: 1, status })
    t.match(created, { status: 201, body: { status } })
    t.equal(created.body.closed_at !== undefined, isClosed, status)
    t.equal((await hash(i + 1)).status, status)
  }
  t.match((await call('POST', '/tickets/100', { customer_id: 1 })).body, { status: 'Open' }, 'the first is the one of a ticket without')
  t.match((await call('POST', '/flush', { scope: 'all' })).body, { synced: STATUSES.length + 1, dead: 0, retried: 0 })
  for (const [i, status] of STATUSES.entries()) t.equal((await row(i + 1))!.status, status)

  await redis.del(STATUSES.map((_, i) => `${prefix}ticket:${i + 1}`))
  for (const [i, status] of STATUSES.entries()) t.match((await call('GET', `/tickets/${i + 1}`)).body, { status }, 'read from MySQL')
  t.match((await call('PATCH', '/tickets/1', { status: 'open' })).body, { status: 'open', closed_at: undefined })
  t.match((await call('PATCH', '/tickets/1', { status: 'In Progress' })).body, { status: 'In Progress', closed_at: Number })
  t.match((await call('POST', '/tickets/batch', { operations: [{ op: 'update', ticket_id: 2, status: 'Fertig \u2713' }, { op: 'update', ticket_id: 3, status: 'Open' }] })).body.results, [{ status: 200 }, { status: 200 }])
  await call('POST', '/flush', { scope: 'all' })
  t.match([await row(1), await row(2), await row(3)], [{ status: 'In Progress', closed_at: String }, { status: 'Fertig \u2713', closed_at: String }, { status: 'Open', closed_at: null }])
  await call('PATCH', '/tickets/3', { status: 'open' })
  await call('POST', '/flush', { scope: 'all' })
  t.equal((await row(3))!.status, 'open', 'which MySQL holds equal to what it was')

  for (const status of ['OPEN', 'in progress', 'Open ', '', 'Wartet', 'Fertig \u2713,In Progress', 'open\n', 1, null]) {
    t.match(await call('POST', '/tickets/200', { customer_id: 1, status }), { status: 400, body: { errors: [{ pointer: '/status' }] } }, JSON.stringify(status))
  }
  t.match((await call('PATCH', '/tickets/1', { status: 'gone' })).body.detail, /must be one of Open, open, In Progress, Wartet auf Kunde,/)
})

t.test('and while Redis is unavailable', async t => {
  const server = await privateRedis(t)
  const { call, hash } = await createService(t, variables, await createStores(t, { redis: server.url }))
  t.equal((await call('POST', '/tickets/1', { customer_id: 1, status: 'Wartet auf Kunde' })).status, 201)
  await call('POST', '/flush', { scope: 'all' })
  await server.stop()
  await eventually(async () => {
    const { status } = await call('PATCH', '/tickets/1', { status: 'Fertig \u2713' })
    if (status !== 202) throw new Error(String(status))
  })
  t.match((await call('GET', '/tickets/1')).body, { status: 'Fertig \u2713', closed_at: Number }, 'shown with what waits')
  await server.restart()
  await eventually(async () => { if ((await hash(1)).status !== 'Fertig \u2713') throw new Error('it waits') })
  t.ok((await hash(1)).closed_at)
})

t.test('and in the description and the metrics', async t => {
  const { key, entry } = createApiKey('shop', 'read+write+ops')
  const { call } = await createService(t, { ...variables, API_KEYS: entry, DOCS: 'on' })
  const authorization = { authorization: `Bearer ${key}` }
  t.match((await call('GET', '/openapi.json')).body.components.schemas.CreateOperation.properties.status.enum, STATUSES)
  t.equal((await call('POST', '/tickets/1', { customer_id: 1, status: 'Wartet auf Kunde' }, authorization)).status, 201)
  t.equal((await call('GET', '/metrics', undefined, authorization)).status, 200)
})
