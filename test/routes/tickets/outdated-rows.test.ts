import t from 'tap'
import { loadNewer } from '../../../src/sync/reconcile.ts'
import { createService, createStores, type Service } from '../../helper.ts'

/** Two instances, and what happens between the SELECT of the first and the moment when it has its answer. */
async function createInstances (t: Parameters<typeof createService>[0], variables = {}) {
  const stores = await createStores(t)
  const [service, other] = [await createService(t, variables, stores), await createService(t, variables, stores)]
  const { database } = service.app.tickets
  const { find } = database
  let selects = 0

  /** @param between runs after each of the next SELECTs */
  function afterSelects (times: number, between: () => Promise<void>) {
    selects = 0
    database.find = async ids => {
      const rows = await find(ids)
      selects += 1
      if (selects <= times) await between()
      return rows
    }
  }

  return { service, other, afterSelects, selects: () => selects }
}

const evict = ({ redis, prefix }: Service, id: number) => redis.del(`${prefix}ticket:${id}`)

/** Brings the ticket to MySQL, and has Redis evict it. */
async function pushAndEvict (service: Service, id: number) {
  const { body } = await service.call('POST', '/flush', { ticket_ids: [id] })
  if (body.results[0].state !== 'synced') throw new Error(JSON.stringify(body))
  await evict(service, id)
}

async function archive (service: Service, id: number) {
  await service.call('POST', `/tickets/${id}`, { customer_id: 1, subject: 'v1', status: 'closed' })
  await pushAndEvict(service, id)
}

t.test('GET does not put a row back that MySQL has replaced since', async t => {
  const { service, other, afterSelects } = await createInstances(t)
  await archive(other, 1)
  afterSelects(1, async () => {
    await other.call('PATCH', '/tickets/1', { subject: 'v2' })
    await pushAndEvict(other, 1)
  })
  t.equal((await service.call('GET', '/tickets/1')).status, 200, 'the read began before the change: either version will do')
  t.strictSame(await service.hash(1), {})
  t.match(await service.call('GET', '/tickets/1'), { headers: { 'x-ticket-source': 'mysql' }, body: { subject: 'v2' } })
  t.match(await service.hash(1), { subject: 'v2' }, 'the next one puts it back')
})

t.test('PATCH changes what MySQL holds now, however often it was replaced', async t => {
  const { service, other, afterSelects, selects } = await createInstances(t)
  await archive(other, 1)
  let version = 1
  afterSelects(3, async () => {
    version += 1
    await other.call('PATCH', '/tickets/1', { subject: `v${version}` })
    await pushAndEvict(other, 1)
  })
  t.match(await service.call('PATCH', '/tickets/1', { priority: 'high' }), { status: 200, body: { subject: 'v4', priority: 'high' } })
  t.equal(selects(), 4)
  t.match((await service.call('POST', '/flush', { ticket_ids: [1] })).body, { results: [{ state: 'synced' }] })
  t.match(await service.row(1), { subject: 'v4', priority: 'high' })
})

t.test('a ticket that never holds still is 503, and nothing is changed', async t => {
  const { service, other, afterSelects } = await createInstances(t)
  await archive(other, 1)
  afterSelects(Infinity, async () => {
    await other.call('PATCH', '/tickets/1', { subject: 'again' })
    await pushAndEvict(other, 1)
  })
  t.match(await service.call('PATCH', '/tickets/1', { priority: 'high' }, { 'idempotency-key': 'k' }), { status: 503, headers: { 'retry-after': '1' }, body: { code: 'store_unavailable' } })
  t.ok(service.app.tickets.journal.gate.isIdle(), 'it is not for the journal')
  afterSelects(0, async () => {})
  t.match(await service.call('PATCH', '/tickets/1', { priority: 'high' }, { 'idempotency-key': 'k' }), { status: 200, body: { subject: 'again', priority: 'high' } })
})

t.test('an id that MySQL did not hold and has received since is not created again', async t => {
  const { service, other, afterSelects } = await createInstances(t)
  await archive(other, 10)
  afterSelects(1, () => archive(other, 5))
  t.match(await service.call('POST', '/tickets/5', { customer_id: 2 }), { status: 409 })
  t.match((await service.call('GET', '/tickets/5')).body, { subject: 'v1', customer_id: 1 })
})

t.test('a change of an id that MySQL did not hold, and has received since, finds it', async t => {
  const { service, other, afterSelects } = await createInstances(t)
  afterSelects(1, () => archive(other, 5))
  t.match(await service.call('PATCH', '/tickets/5', { priority: 'high' }), { status: 200, body: { subject: 'v1', priority: 'high' } })
})

t.test('what reconcile has loaded outdates a row too', async t => {
  const { service, other, afterSelects } = await createInstances(t)
  await archive(other, 1)
  afterSelects(1, async () => {
    await other.call('GET', '/tickets/1')
    await other.sql.query('UPDATE wp_support_tickets SET version = version + 1, subject = \'v2\'')
    t.match(await loadNewer(other.app.tickets.shards, [1]), { loaded: 1 })
    await evict(other, 1)
  })
  await service.call('GET', '/tickets/1')
  t.strictSame(await service.hash(1), {})
})

t.test('another server, or older data, outdates all rows', async t => {
  const { service, other, afterSelects } = await createInstances(t)
  await archive(other, 1)
  const { reconcile } = other.app.tickets.shards.all[0]!
  afterSelects(1, async () => {
    reconcile.markStale()
    await other.redis.set(`${other.prefix}tickets:attested`, 'another:server 1')
    await reconcile.check(AbortSignal.timeout(20_000))
  })
  await service.call('GET', '/tickets/1')
  t.strictSame(await service.hash(1), {})
})

t.test('a clock that was set back repeats no stamp', async t => {
  const { service, other, afterSelects } = await createInstances(t)
  await archive(other, 1)
  const ahead = String(Date.now() + 86_400_000)
  await other.redis.hset(`${other.prefix}tickets:acknowledged`, '1', ahead)
  afterSelects(1, async () => {
    await other.call('PATCH', '/tickets/1', { subject: 'v2' })
    await pushAndEvict(other, 1)
  })
  await service.call('GET', '/tickets/1')
  t.strictSame(await service.hash(1), {})
  const stampOf = async () => await other.redis.hget(`${other.prefix}tickets:acknowledged`, '1')
  const stamp = await stampOf()
  t.not(stamp, ahead)
  await other.call('PATCH', '/tickets/1', { subject: 'v3' })
  await pushAndEvict(other, 1)
  // Whatever the clock says: flushes are counted.
  t.equal(Number(/\.(\d+)$/.exec(await stampOf() ?? '')?.[1]), Number(/\.(\d+)$/.exec(stamp ?? '')?.[1]) + 1)
})

t.test('stamps are bounded, and made anew where another program has put something else', async t => {
  const { call, redis, prefix, app } = await createService(t)
  const key = `${prefix}tickets:acknowledged`
  await redis.del(key)
  await redis.set(key, 'of another program')
  await call('POST', '/tickets/batch', { operations: [1, 2, 1032].map(id => ({ op: 'create', ticket_id: id, customer_id: 1, status: 'closed' })) })
  await redis.del(`${prefix}ticket:2`)
  t.equal((await call('GET', '/tickets/2')).status, 404)
  t.match((await call('POST', '/flush', { ticket_ids: [1, 1032] })).body, { synced: 2 })
  const stamps = await redis.hgetall(key)
  t.strictSame(Object.keys(stamps).sort(), ['1', 'calls'], 'a bucket for many ids')
  await redis.hset(key, '1', 'no number')
  await app.tickets.shards.all[0]!.dueIndex.acknowledge('1.5', [(await call('GET', '/tickets/1')).body])
  t.match(await redis.hget(key, '1'), /^\d{13}\.\d+$/)
  t.not(await redis.hget(key, '1'), stamps['1'])
})
