import t from 'tap'
import { createApiKey } from '../../../src/auth/api-keys.ts'
import { createService, eventually } from '../../helper.ts'

t.test('how a ticket stands on its way to MySQL, from its creation to its end', async t => {
  const { call, app, sql, redis, prefix } = await createService(t, { FLUSH_MAX_ATTEMPTS: 2 })
  await sql.query('ALTER TABLE wp_support_tickets ADD CONSTRAINT no_poison CHECK (subject IS NULL OR subject <> \'poison\')')
  const stands = async (id = 1) => {
    const { status, body } = await call('GET', `/flush/${id}`)
    t.equal(status, 200)
    return body
  }
  const seconds = () => Math.floor(Date.now() / 1000)
  const { body: { version } } = await call('POST', '/tickets/1', { customer_id: 1 })
  t.strictSame(await stands(), { ticket_id: 1, state: 'open', version, synced_version: null, deleted: false, due_at: null, attempts: 0, reason: null, died_at: null })

  const { body: closed } = await call('PATCH', '/tickets/1', { status: 'closed', subject: 'poison' })
  const due = await stands()
  t.match(due, { state: 'due', version: closed.version, due_at: Number })
  t.ok(Math.abs(due.due_at - seconds()) < 60)
  const claim = await app.tickets.shards.all[0]!.dueIndex.claim({ leaseMs: 30_000, ticketsMax: 1 })
  t.match(await stands(), { state: 'claimed', due_at: null })
  await app.tickets.shards.all[0]!.dueIndex.release(claim)
  t.match(await stands(), { state: 'due', due_at: due.due_at }, 'since it was before')

  await call('POST', '/flush')
  const refused = await stands()
  t.match(refused, { state: 'scheduled', attempts: 1, reason: /no_poison/, died_at: null })
  t.ok(refused.due_at >= seconds())
  await call('POST', '/flush', { ticket_ids: [1] })
  const dead = await stands()
  t.match(dead, { state: 'dead', attempts: 2, reason: /no_poison/, due_at: null, died_at: Number })
  t.ok(Math.abs(dead.died_at - seconds()) < 60)
  await call('POST', '/flush/dead/retry', { ticket_ids: [1] })
  t.match(await stands(), { state: 'due', attempts: 0, reason: null, died_at: null })

  await call('PATCH', '/tickets/1', { subject: 'good' })
  await call('POST', '/flush')
  const synced = await stands()
  t.match(synced, { state: 'synced', due_at: null })
  t.equal(synced.version, synced.synced_version)
  await redis.del(`${prefix}ticket:1`)
  t.strictSame(await stands(), synced, 'MySQL holds it alone')

  await call('DELETE', '/tickets/1')
  t.match(await stands(), { state: 'due', deleted: true, synced_version: synced.version })
  await call('POST', '/flush')
  t.match(await stands(), { state: 'synced', deleted: true })
  await redis.del(`${prefix}ticket:1`)
  t.match(await stands(), { state: 'synced', deleted: true }, 'MySQL holds the tombstone alone')
})

t.test('what other programs have made of it', async t => {
  const { call, redis, prefix } = await createService(t)
  for (const id of [1, 2, 3]) await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  await redis.zrem(`${prefix}tickets:due`, '1')
  t.match((await call('GET', '/flush/1')).body, { state: 'unmarked', synced_version: null })
  await redis.set(`${prefix}ticket:2`, 'x')
  t.match((await call('GET', '/flush/2')).body, { state: 'due', version: null })
  await redis.zrem(`${prefix}tickets:due`, '2')
  t.match((await call('GET', '/flush/2')).body, { state: 'unmarked', version: null })
  // Redis's clock was set back by a year.
  await redis.zadd(`${prefix}tickets:due`, Date.now() + 365 * 86_400_000, '3')
  const { body: { state, due_at: dueAt } } = await call('GET', '/flush/3')
  t.equal(state, 'due')
  t.ok(dueAt <= Date.now() / 1000 + 1)
  await redis.del(`${prefix}tickets:failures`, `${prefix}tickets:dead`)
  await redis.set(`${prefix}tickets:failures`, 'x')
  await redis.set(`${prefix}tickets:dead`, 'x')
  t.match(await call('GET', '/flush/3'), { status: 200, body: { state: 'due', attempts: 0, reason: null } })
})

t.test('404 where there is none, 400 for what is no id, 403 without the scope ops', async t => {
  const [ops, shop] = [createApiKey('team', 'ops'), createApiKey('shop', 'read+write')]
  const { call } = await createService(t, { API_KEYS: `${ops.entry},${shop.entry}` })
  const as = (key: string) => ({ authorization: `Bearer ${key}` })
  t.match(await call('GET', '/flush/99', undefined, as(ops.key)), { status: 404, body: { code: 'ticket_not_found' } })
  t.match(await call('GET', '/flush/x', undefined, as(ops.key)), { status: 400, body: { errors: [{ pointer: '/id' }] } })
  t.match(await call('GET', '/flush/99', undefined, as(shop.key)), { status: 403, body: { code: 'forbidden' } })
})

t.test('the backlog tells whether lists can be answered', async t => {
  const { call, redis, prefix, app } = await createService(t)
  await eventually(async () => { if ((await call('GET', '/flush')).body.indexes !== 'whole') throw new Error('not built') })
  await redis.hdel(`${prefix}tickets:index`, 'state')
  t.match((await call('GET', '/flush')).body, { indexes: 'building' })
  app.tickets.sync.reindex.look()
  await app.tickets.sync.reindex.ended()
  t.match((await call('GET', '/flush')).body, { indexes: 'whole' })
})
