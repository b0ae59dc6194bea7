import t from 'tap'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { createService, createStores, privateRedis, type Service } from '../helper.ts'
import { journaling, ready, replayed } from './journal.ts'

const shop = createApiKey('shop', 'read+write')
const rotated = createApiKey('shop', 'read+write')
const desk = createApiKey(`d${'esk'.repeat(21)}`, 'read+write')
const team = createApiKey('team', 'ops')
const API_KEYS = [shop, rotated, desk, team].map(({ entry }) => entry).join()
const LONGEST = 'k'.repeat(255)

const as = ({ key }: { key: string }, idempotencyKey: string) => ({ authorization: `Bearer ${key}`, 'idempotency-key': idempotencyKey })

const emptied = (call: Service['call']) => replayed({ call }, { authorization: `Bearer ${team.key}` })

t.test('in the journal, too, an Idempotency-Key is its caller\'s own', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const service = await createService(t, { API_KEYS }, await createStores(t, { redis: server.url }))
  const { call, hash, redis, sql, prefix } = service
  for (const id of [1, 2, 3]) await call('POST', `/tickets/${id}`, { customer_id: 1 }, as(shop, `create-${id}`))
  await server.kill()
  await journaling(service)

  for (const key of ['a', LONGEST]) {
    t.match(await call('PATCH', '/tickets/1', { subject: 'of the shop' }, as(shop, key)), { status: 202 })
    t.match(await call('PATCH', '/tickets/2', { subject: 'of the desk' }, as(desk, key)), { status: 202 }, 'another request of another caller')
    t.match(await call('PATCH', '/tickets/1', { subject: 'of the shop' }, as(rotated, key)), { status: 202, headers: { 'idempotency-replayed': 'true' } }, 'the new key of the same caller')
    t.match(await call('PATCH', '/tickets/1', { subject: 'other' }, as(rotated, key)), { status: 422 })
  }
  t.match((await sql.query('SELECT idempotency_key FROM wp_support_tickets_journal ORDER BY seq'))[0], ['shop:a', `${desk.entry.split(':')[0]}:a`, `shop:${LONGEST}`, `${desk.entry.split(':')[0]}:${LONGEST}`].map(idempotency_key => ({ idempotency_key })))

  await server.restart()
  await ready(service, 'ready')
  t.match(await emptied(call), { pending: 0, conflicts: 0 })
  t.match([await hash(1), await hash(2)], [{ subject: 'of the shop' }, { subject: 'of the desk' }])
  t.match((await call('PATCH', '/tickets/2', { subject: 'of the desk' }, as(desk, 'a'))), { status: 200, headers: { 'idempotency-replayed': 'true' }, body: { subject: 'of the desk' } }, 'as it was replayed')
  t.equal(await redis.exists(`${prefix}idem:shop:a`, `${prefix}idem:${desk.entry.split(':')[0]}:${LONGEST}`), 2)
})

t.test('an entry that an older version kept, by the key alone, is applied once', async t => {
  const stores = await createStores(t)
  const before = await createService(t, {}, stores)
  const { body: { version } } = await before.call('POST', '/tickets/1', { customer_id: 1, subject: 'as applied' })
  await before.call('POST', '/tickets/2', { customer_id: 1 })
  await before.app.close()
  // The older version has applied the first, and could not remove it.
  await stores.redis.hset(`${stores.prefix}idem:older-1`, 'fingerprint', 'f', '0', JSON.stringify([String(version)]))
  const entry = (id: number) => [id, 0, 'update', '{"subject": "late"}', null, Date.now(), `older-${id}`, 'f', 0]
  await stores.sql.query('INSERT INTO wp_support_tickets_journal (ticket_id, partition_index, op, fields, if_match, accepted_at, idempotency_key, fingerprint, operation_index) VALUES ?', [[entry(1), entry(2)]])

  const { call, hash } = await createService(t, {}, stores)
  t.match(await emptied(call), { pending: 0, conflicts: 0 })
  t.match(await hash(1), { subject: 'as applied', version: String(version) }, 'not again')
  t.match(await hash(2), { subject: 'late' })
  t.equal(await stores.redis.exists(`${stores.prefix}idem:older-2`), 1, 'as an older instance would remember it')
})
