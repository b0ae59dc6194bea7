import t from 'tap'
import { createService, createStores, type Service } from '../helper.ts'

const DAY_MS = 86_400_000

/** What a clock that is set back by a day leaves: marks that lie a day ahead. */
async function setBack ({ redis, prefix }: Service, key: 'due' | 'dead') {
  const marks = await redis.zrange(`${prefix}tickets:${key}`, '0', '-1', 'WITHSCORES')
  for (let i = 0; i < marks.length; i += 2) {
    if (marks[i + 1] !== 'inf') await redis.zadd(`${prefix}tickets:${key}`, Number(marks[i + 1]) + DAY_MS, marks[i]!)
  }
}

const created = (ids: readonly number[], fields: object = {}) => ({ operations: ids.map(id => ({ op: 'create', ticket_id: id, customer_id: 1, status: 'closed', ...fields })) })

t.test('due times and leases of before are due, in the backlog and for a flush', async t => {
  const service = await createService(t)
  const { call, app, due } = service
  await call('POST', '/tickets/batch', created([1, 2, 3]))
  await call('POST', '/tickets/4', { customer_id: 1 })
  // The claim of an instance that has crashed.
  await app.tickets.shards.all[0]!.dueIndex.claim({ leaseMs: 30_000, ticketsMax: 1 })
  await setBack(service, 'due')
  t.match((await call('GET', '/flush')).body, { unsynced: 4, due: 3, oldest_due_age_ms: 0 })
  t.match((await call('POST', '/flush')).body, { claimed: 3, synced: 3, remaining: 0 })
  t.equal(await due(4), 'inf', 'an open ticket is not due')
})

t.test('what is taken for due beside older ones is bounded by the batch, and what is left is told', async t => {
  const service = await createService(t)
  const { call, app } = service
  const { dueIndex } = app.tickets.shards.all[0]!
  await call('POST', '/tickets/batch', created([1, 2]))
  await setBack(service, 'due')
  await call('POST', '/tickets/batch', created([3, 4]))
  const ids = async (ticketsMax: number) => {
    const { tickets, left } = await dueIndex.claim({ leaseMs: 30_000, ticketsMax })
    return [tickets.map(ticket => ticket.ticket_id).sort(), left]
  }
  t.strictSame(await ids(1), [[3], 3])
  t.strictSame(await ids(2), [[1, 4], 1])
  t.strictSame(await ids(10), [[2], 0])
  t.strictSame(await ids(10), [[], 0], 'what was claimed since is on a lease')
})

t.test('a claim that is given back is due since then, so that its age grows', async t => {
  const service = await createService(t)
  const { call, app, due } = service
  const { dueIndex } = app.tickets.shards.all[0]!
  await call('POST', '/tickets/batch', created([1]))
  await setBack(service, 'due')
  const claim = await dueIndex.claim({ leaseMs: 30_000, ticketsMax: 10 })
  await dueIndex.release(claim)
  t.equal(await due(1), String(claim.nowMs))
})

t.test('times that lie ahead as the configuration has it are left alone', async t => {
  const stores = await createStores(t)
  const { call, app } = await createService(t, { SYNC_STRATEGY: 'event', SYNC_LINGER_MS: 3_600_000 }, stores)
  await call('POST', '/tickets/batch', created([1, 2]))
  t.match((await call('GET', '/flush')).body, { unsynced: 2, due: 0, oldest_due_age_ms: null })
  t.match((await call('POST', '/flush')).body, { claimed: 0 })

  const { dueIndex } = app.tickets.shards.all[0]!
  await dueIndex.expediteAll()
  const { tickets } = await dueIndex.claim({ leaseMs: 7_000_000, ticketsMax: 10 })
  t.equal(tickets.length, 2)
  await dueIndex.expediteAll()
  t.match(await dueIndex.claim({ leaseMs: 1000, ticketsMax: 10 }), { tickets: [] }, 'the lease of another instance that has longer ones')
})

t.test('scope all: a lease that lies too far ahead is none', async t => {
  const service = await createService(t)
  const { call, app, due } = service
  const { dueIndex } = app.tickets.shards.all[0]!
  await call('POST', '/tickets/batch', created([1]))
  const { nowMs } = await dueIndex.claim({ leaseMs: 30_000, ticketsMax: 10 })
  await setBack(service, 'due')
  await dueIndex.expediteAll()
  t.ok(Number(await due(1)) < nowMs + DAY_MS / 2)
  t.match((await call('POST', '/flush', { scope: 'all' })).body, { synced: 1 })
})

t.test('dead letters that died ahead of the clock are redriven', async t => {
  const service = await createService(t, { FLUSH_MAX_ATTEMPTS: 1 })
  const { call, sql } = service
  await call('GET', '/health/ready')
  await sql.query('ALTER TABLE wp_support_tickets ADD CONSTRAINT no_poison CHECK (subject IS NULL OR subject <> \'poison\')')
  await call('POST', '/tickets/batch', created([1, 2], { subject: 'poison' }))
  t.match((await call('POST', '/flush')).body, { dead: 2 })
  await setBack(service, 'dead')
  t.match((await call('POST', '/flush/dead/retry')).body, { redriven: 2 })
})

t.test('a record of what is in step that lies ahead says nothing: all that MySQL holds is compared', async t => {
  const { call, app, redis, prefix, sql } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await sql.query('UPDATE wp_support_tickets SET version = version + 1, subject = \'newer\', updated_at = \'2001-01-01 00:00:00\'')
  const { reconcile } = app.tickets.shards.all[0]!
  const check = async (atMs: number) => {
    reconcile.markStale()
    await redis.set(`${prefix}tickets:attested`, `another:server ${atMs}`)
    await reconcile.check(AbortSignal.timeout(20_000))
    return (await call('GET', '/tickets/1')).body.subject as string | undefined
  }
  t.equal(await check(Date.now() + 30_000), undefined, 'the clocks of two servers may differ')
  t.equal(await check(Date.now() + DAY_MS), 'newer')
})
