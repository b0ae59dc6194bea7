import t from 'tap'
import type { Ticket } from '../../src/tickets/ticket.ts'
import { createService, createStores, eventually, type Service } from '../helper.ts'
import { compareIndexes } from './indexes.ts'

type Stores = Pick<Service, 'redis' | 'prefix'>

const indexKeys = async ({ redis, prefix }: Stores) => (await redis.keys(`${prefix}tickets:index*`)).map(key => key.slice(prefix.length)).sort()

const stateOf = ({ redis, prefix }: Stores) => redis.hgetall(`${prefix}tickets:index`)

/** The last instance that wanted the indexes was seen long ago. */
const nobodyWants = ({ redis, prefix }: Stores) => redis.hset(`${prefix}tickets:index`, 'wanted_until_ms', '1')

/** Until the state is this one, and nobody works on it. */
const settled = (service: Service, state: '5' | 'off') => eventually(async () => {
  service.app.tickets.sync.reindex.look()
  const held = await stateOf(service)
  if (held.state !== state || held.owner) throw new Error(JSON.stringify(held))
})

const create = ({ call }: Service, ids: readonly number[], fields: object = {}) =>
  call('POST', '/tickets/batch', { operations: ids.map(ticket_id => ({ op: 'create', ticket_id, customer_id: 1, assigned_to: 7, ...fields })) })

/** Everything that has entries in the indexes where there are such. */
async function doEverything (service: Service) {
  const { call, redis, prefix, app } = service
  await create(service, [1, 2, 3, 4, 5])
  await call('PATCH', '/tickets/1', { status: 'closed' })
  await call('PATCH', '/tickets/2', { assigned_to: 8 })
  await call('DELETE', '/tickets/3')
  await redis.del(`${prefix}ticket:4`)
  await call('POST', '/flush', { scope: 'all' })
  await call('PATCH', '/tickets/2', { status: 'pending' })
  await service.sql.query('DELETE FROM wp_support_tickets WHERE ticket_id = 1')
  await call('POST', '/resync', { ticket_ids: [1] })
  await app.tickets.sync.flush('due')
}

t.test('LISTS=off: nothing is indexed, whatever happens; lists and counts are 501', async t => {
  const service = await createService(t, { LISTS: 'off' })
  const { call } = service
  await settled(service, 'off')
  await doEverything(service)
  t.strictSame(await indexKeys(service), ['tickets:index'])
  t.strictSame(await stateOf(service), { state: 'off' }, 'also after a ticket has vanished')
  for (const url of ['/tickets', '/tickets?status=open', '/tickets?partial=true', '/tickets/counts?group_by=status']) {
    t.match(await call('GET', url), { status: 501, body: { code: 'not_supported', detail: /LISTS=on/ } }, url)
  }
  t.match(await call('GET', '/tickets?ids=2'), { status: 200, body: { tickets: [{ ticket_id: 2, status: 'pending' }] } })
  t.match((await call('GET', '/flush')).body, { indexes: 'off' })
})

t.test('an erasure needs no indexes', async t => {
  const service = await createService(t, { LISTS: 'off' })
  const { call, hash, row } = service
  await settled(service, 'off')
  await create(service, [1, 2])
  await create(service, [3], { customer_id: 9 })
  await call('PATCH', '/tickets/1', { status: 'closed' })
  await call('POST', '/flush')
  const { headers: { location } } = await call('POST', '/erasures', { customer_id: 1 })
  await eventually(async () => { if ((await call('GET', String(location))).body.state !== 'done') throw new Error('not done') })
  for (const id of [1, 2]) {
    t.equal((await hash(id)).customer_id, undefined)
    t.notOk((await row(id))?.customer_id)
  }
  t.match(await hash(3), { customer_id: '9' })
})

t.test('turned off they are removed when nobody wants them any more, and turned on again they are built', async t => {
  const stores = await createStores(t)
  const before = await createService(t, {}, stores)
  await settled(before, '5')
  await create(before, [1, 2, 3])
  const whole = await indexKeys(stores)
  t.ok(whole.length > 3)

  const off = await createService(t, { LISTS: 'off' }, stores)
  off.app.tickets.sync.reindex.look()
  await off.app.tickets.sync.reindex.ended()
  await create(off, [4, 5])
  t.strictSame(...await compareIndexes(stores), 'an instance with another setting keeps them, as long as one wants them')
  t.strictSame((await before.call('GET', '/tickets')).body.tickets.map((ticket: Ticket) => ticket.ticket_id), [5, 4, 3, 2, 1])

  await before.app.close()
  await nobodyWants(stores)
  await settled(off, 'off')
  t.strictSame(await indexKeys(stores), ['tickets:index'])
  await create(off, [6])
  t.strictSame(await indexKeys(stores), ['tickets:index'])

  const on = await createService(t, {}, stores)
  await settled(on, '5')
  await create(off, [7])
  t.strictSame(...await compareIndexes(stores))
  t.strictSame((await on.call('GET', '/tickets')).body.tickets.map((ticket: Ticket) => ticket.ticket_id), [7, 6, 5, 4, 3, 2, 1])
})

t.test('503 until they are built, also where another instance has turned them off meanwhile', async t => {
  const stores = await createStores(t)
  const on = await createService(t, {}, stores)
  await settled(on, '5')
  await nobodyWants(stores)
  const off = await createService(t, { LISTS: 'off' }, stores)
  await settled(off, 'off')
  t.match(await on.call('GET', '/tickets'), { status: 503, body: { detail: /indexes/ } })
  t.match((await on.call('GET', '/flush')).body, { indexes: 'building' })
  await settled(on, '5')
  t.equal((await on.call('GET', '/tickets')).status, 200)
  t.match((await on.call('GET', '/flush')).body, { indexes: 'whole' })
})

t.test('a removal that was cut off is finished, and one that is begun while another builds is given up', async t => {
  const stores = await createStores(t)
  const on = await createService(t, {}, stores)
  await settled(on, '5')
  await create(on, [1, 2])
  await nobodyWants(stores)
  const { index } = on.app.tickets.shards.all[0]!
  await t.rejects(index.drop('somebody', AbortSignal.abort()), { name: 'AbortError' })
  t.match(await stateOf(stores), { state: 'off', owner: 'somebody' })
  t.equal(await index.drop('another', new AbortController().signal), false, 'while its lease lasts')
  await on.app.tickets.sync.reindex.ended()
  t.equal(await index.rebuild('builder', 60_000, new AbortController().signal, () => {}), true, 'who wants them does not wait for it')
  t.strictSame(...await compareIndexes(stores))
  await nobodyWants(stores)
  await t.rejects(index.drop('somebody', AbortSignal.abort()), { name: 'AbortError' })
  await stores.redis.hset(`${stores.prefix}tickets:index`, 'lease_until_ms', '1')
  t.equal(await index.drop('another', new AbortController().signal), true)
  t.strictSame(await indexKeys(stores), ['tickets:index'])
})
