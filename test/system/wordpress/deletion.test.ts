import t from 'tap'
import { create, CUSTOMER, done, erase, MARK, OTHER } from '../../erasure/erase.ts'
import { findTraces } from '../../erasure/traces.ts'
import { createService } from '../../helper.ts'
import { createSite } from './site.ts'

t.test('a deletion removes the service\'s own meta, and leaves the post as it is', async t => {
  const site = await createSite(t)
  const service = await createService(t, site.variables, site.stores)
  const { call, app, row, redis, prefix } = service
  const [id] = await site.posts(1) as [number]
  await site.call('add_post_meta', id, '_of_another', 'stays')
  await call('POST', `/tickets/${id}`, { customer_id: 5, subject: 'private', status: 'closed' })
  await call('POST', '/flush')
  const { dueIndex } = app.tickets.shards.all[0]!
  await call('PATCH', `/tickets/${id}`, { subject: 'late' })
  const late = await dueIndex.claim({ leaseMs: 30_000, ticketsMax: 10 })
  const before = await site.seen(id)

  t.equal((await call('DELETE', `/tickets/${id}`)).status, 204)
  t.match((await call('POST', '/flush')).body, { synced: 1 })
  t.strictSame(await site.meta(id), [])
  const { post, meta } = await site.seen(id)
  t.strictSame(post, before.post)
  t.match(meta, { _of_another: 'stays' })

  t.match(await app.tickets.database.upsert(late.tickets, late.firstVersions), { outdated: [id] }, 'a statement that comes late')
  t.strictSame(await site.meta(id), [])
  await call('POST', '/flush')
  t.notOk(app.tickets.sync.resync.openFor(), 'nothing is taken for lost')
  t.match((await call('POST', '/resync', { ticket_ids: [id] })).body, { marked: 0, results: [{ state: 'in_step' }] })

  await redis.del(`${prefix}ticket:${id}`)
  t.equal((await call('GET', `/tickets/${id}`)).status, 410, 'MySQL knows it')
  t.equal((await call('POST', `/tickets/${id}`, { customer_id: 5 })).status, 409)

  await site.stores.sql.query('UPDATE wp_support_tickets SET deleted_at = deleted_at - INTERVAL 8 DAY')
  t.equal((await call('POST', `/tickets/${id}`, { customer_id: 6, status: 'closed' })).status, 201)
  await call('POST', '/flush')
  t.match((await site.seen(id)).meta, { _ticket_customer_id: '6' })
  t.equal(await row(id), undefined, 'the tombstone is gone')
})

t.test('a ticket whose post is gone, too', async t => {
  const site = await createSite(t)
  const { call, row } = await createService(t, site.variables, site.stores)
  const [id, other] = await site.posts(2) as [number, number]
  for (const each of [id, other]) await call('POST', `/tickets/${each}`, { customer_id: 5, status: 'closed' })
  await call('POST', '/flush')
  await site.call('wp_delete_post', id, true)
  for (const each of [id, other]) await call('DELETE', `/tickets/${each}`)
  t.match((await call('POST', '/flush')).body, { synced: 2, retried: 0, dead: 0 })
  t.ok((await row(id))!.deleted_at)
  t.strictSame(await site.meta(other), [])
})

t.test('a post of another type that has the id is not touched', async t => {
  const site = await createSite(t)
  const { call } = await createService(t, site.variables, site.stores)
  const [id] = await site.posts(1) as [number]
  await call('POST', `/tickets/${id}`, { customer_id: 5, status: 'closed' })
  await call('POST', '/flush')
  await site.call('set_post_type', id, 'page')
  const before = await site.meta(id)
  await call('DELETE', `/tickets/${id}`)
  t.match((await call('POST', '/flush')).body, { synced: 1 })
  t.strictSame(await site.meta(id), before)
})

t.test('an erasure finds the customer\'s tickets in Redis, in the meta of posts and in both, and leaves posts and others as they are', async t => {
  const site = await createSite(t)
  const service = await createService(t, site.variables, site.stores)
  const { call, redis, prefix } = service
  const ids = await site.posts(4) as [number, number, number, number]
  const [unsynced, both, archived, other] = ids
  for (const id of [unsynced, both, archived]) await call('POST', `/tickets/${id}`, create(id === unsynced ? {} : { status: 'closed' }))
  await call('POST', `/tickets/${other}`, { customer_id: OTHER, status: 'closed' })
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:${archived}`)
  const before = await Promise.all(ids.map(id => site.seen(id)))

  t.match(await done(service, await erase(t, service)), { tickets: 3 })
  for (const id of [unsynced, both, archived]) {
    t.strictSame(await site.meta(id), [])
    t.equal((await call('GET', `/tickets/${id}`)).status, 410)
  }
  t.strictSame((await Promise.all(ids.map(id => site.seen(id)))).map(({ post }) => post), before.map(({ post }) => post))
  t.match((await call('GET', `/tickets/${other}`)).body, { customer_id: OTHER })
  t.strictSame(await findTraces(service, MARK, String(CUSTOMER)), [])
})
