import t from 'tap'
import type { Arguments } from '../../src/redis/scripts.ts'
import { createDueIndex } from '../../src/store/due-index.ts'
import { SCRIPTS, type Scripts } from '../../src/store/scripts.ts'
import { createKeys } from '../../src/tickets/keys.ts'
import { createService, createStores } from '../helper.ts'
import { closed } from './calls.ts'

t.test('hybrid: a ticket reaches MySQL when it is closed, changed while closed, or reopened', async t => {
  const { call, row, due, hash, redis, prefix } = await createService(t)
  const flush = async () => (await call('POST', '/flush')).body
  const read = async () => (await call('GET', '/tickets/1')).body

  await call('POST', '/tickets/1', {
    customer_id: 5, subject: 'S', category: 'c', priority: 'p', channel: 'chat', assigned_to: 7, custom_fields: { a: 1, b: 'x' }, created_at: 1_700_000_000,
  })
  await call('PATCH', '/tickets/1', { assigned_to: 8 })
  t.equal(await due(1), 'inf', 'an open ticket is unsynced, and not due')
  t.match(await flush(), { claimed: 0, synced: 0 })
  t.notOk(await row(1), 'MySQL has not heard of it')

  const closed = (await call('PATCH', '/tickets/1', { status: 'closed' })).body
  t.match((await call('GET', '/flush')).body, { strategy: 'hybrid', unsynced: 1, due: 1 })
  t.match(await flush(), { claimed: 1, synced: 1, retried: 0, dead: 0, remaining: 0 })
  t.match(await row(1), {
    ticket_id: 1, customer_id: 5, subject: 'S', status: 'closed', category: 'c', priority: 'p', channel: 'chat', assigned_to: 8, created_at: '2023-11-14 22:13:20', version: closed.version,
  })
  t.strictSame(JSON.parse((await row(1))!.custom_fields), { a: 1, b: 'x' })
  t.equal((await row(1))!.closed_at, new Date(closed.closed_at * 1000).toISOString().slice(0, 19).replace('T', ' '))
  t.equal((await read()).synced_version, closed.version, 'the ticket says so')
  t.equal(await due(1), null, 'the mark is gone')
  t.ok(await redis.ttl(`${prefix}ticket:1`) > 604_000, 'it stays in Redis for the retention time')

  const changed = (await call('PATCH', '/tickets/1', { subject: null })).body
  t.equal(changed.synced_version, closed.version, 'MySQL holds the older version')
  t.equal(await redis.ttl(`${prefix}ticket:1`), -1, 'what MySQL does not hold does not expire')
  t.match(await flush(), { synced: 1 })
  t.match(await row(1), { subject: null, version: changed.version })

  await call('PATCH', '/tickets/1', { status: 'open' })
  t.equal(await redis.ttl(`${prefix}ticket:1`), -1, 'a reopened ticket does not expire')
  t.match(await flush(), { synced: 1 })
  t.match(await row(1), { status: 'open', closed_at: null })
  t.equal(await redis.ttl(`${prefix}ticket:1`), -1, 'nor after MySQL has it')
  t.notOk('closed_at' in await hash(1))

  await call('PATCH', '/tickets/1', { subject: 'open again' })
  t.match(await flush(), { synced: 0 }, 'open tickets stay in Redis')
})

t.test('periodic: every change is due at once', async t => {
  const { call, row } = await createService(t, { SYNC_STRATEGY: 'periodic' })
  await call('POST', '/tickets/1', { customer_id: 1 })
  t.match((await call('GET', '/flush')).body, { strategy: 'periodic', unsynced: 1, due: 1 })
  t.match((await call('POST', '/flush')).body, { synced: 1 })
  t.match(await row(1), { status: 'open' })
  await call('PATCH', '/tickets/1', { subject: 'x' })
  await call('POST', '/flush')
  t.match(await row(1), { subject: 'x' })
})

t.test('periodic: the timer pushes', async t => {
  const { call, row, app } = await createService(t, { SYNC_STRATEGY: 'periodic', FLUSH_INTERVAL_MS: 10 })
  await call('POST', '/tickets/1', { customer_id: 1 })
  while (!(await row(1))) await new Promise(setImmediate)
  t.ok(app.tickets.sync.lastFlush())
})

t.test('event: the write wakes the flusher, and a burst costs one row', async t => {
  const { call, row } = await createService(t, { SYNC_STRATEGY: 'event', SYNC_LINGER_MS: 1000 })
  await call('POST', '/tickets/1', { customer_id: 1 })
  for (let i = 1; i <= 10; i += 1) await call('PATCH', '/tickets/1', { assigned_to: i })
  await call('POST', '/tickets/2', { customer_id: 1 })
  while (!(await row(1))) await new Promise(setImmediate)
  t.match(await row(1), { assigned_to: 10 }, 'the first row that comes is the last of the burst')
  while (!(await row(2))) await new Promise(setImmediate)
})

t.test('a mark stays where the ticket changed after the claim', async t => {
  const service = await createService(t)
  const { call, app, row } = service
  const { database, shards: { all: [shard] } } = app.tickets
  const { dueIndex } = shard!
  const claimed = (await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })).body
  const claim = await dueIndex.claim({ leaseMs: 30_000, ticketsMax: 10 })
  t.equal(claim.tickets[0]!.version, claimed.version)
  const newer = (await call('PATCH', '/tickets/1', { subject: 'newer' })).body
  await database.upsert(claim.tickets)
  t.strictSame(await dueIndex.acknowledge(claim.lease, claim.tickets), { inStep: 0, older: [] })

  t.match((await call('GET', '/tickets/1')).body, { version: newer.version, synced_version: claimed.version })
  t.match((await call('POST', '/flush')).body, { claimed: 1, synced: 1 }, 'the newer write made it due again at once')
  t.match(await row(1), { subject: 'newer', version: newer.version })

  await database.upsert(claim.tickets)
  t.match(await row(1), { subject: 'newer', version: newer.version }, 'a late write of the older version changes nothing')
  await dueIndex.acknowledge(claim.lease, claim.tickets)
  t.equal((await call('GET', '/tickets/1')).body.synced_version, newer.version, 'nor does its settling')
})

t.test('the claims of a crashed worker come back', async t => {
  const { call, app } = await createService(t, { FLUSH_LEASE_MS: 1000 })
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  const claim = await app.tickets.shards.all[0]!.dueIndex.claim({ leaseMs: 1000, ticketsMax: 10 })
  t.equal(claim.tickets.length, 1)
  t.match((await call('POST', '/flush')).body, { claimed: 0, remaining: 1 }, 'while the lease runs nobody else takes it')
  t.match((await call('POST', '/flush', { scope: 'all' })).body, { claimed: 0, remaining: 1 }, 'scope all neither')
  for (;;) {
    const { body } = await call('POST', '/flush')
    if (body.claimed === 1) break
  }
  t.match((await call('GET', '/flush')).body, { unsynced: 0 })
})

t.test('a given back claim is due since it was before, or since the claim', async t => {
  const { call, app, due } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('POST', '/tickets/2', { customer_id: 1 })
  const since = await due(1)
  const { dueIndex } = app.tickets.shards.all[0]!
  const claim = await dueIndex.claim({ leaseMs: 30_000, ticketsMax: 10, ids: [1, 2] })
  t.equal(await dueIndex.release({ ...claim, lease: '1.5' }), 0, 'only by who holds it')
  t.equal(await dueIndex.release(claim), 2)
  t.equal(await due(1), since)
  t.equal(await due(2), String(claim.nowMs), 'an open ticket was to be pushed at once')
  t.match((await call('POST', '/flush')).body, { claimed: 2 })
})

t.test('a claimed ticket that was written since is not put off', async t => {
  const { call, app, due, redis, prefix } = await createService(t, { SYNC_STRATEGY: 'periodic' })
  await call('POST', '/tickets/1', { customer_id: 1 })
  const { dueIndex } = app.tickets.shards.all[0]!
  const { lease } = await dueIndex.claim({ leaseMs: 30_000, ticketsMax: 10 })
  await call('PATCH', '/tickets/1', { subject: 'newer' })
  const score = await due(1)
  t.strictSame(await dueIndex.retry(lease, [{ ticketId: 1, reason: 'refused' }]), [0])
  t.equal(await due(1), score, 'it stays due')
  t.equal(await redis.exists(`${prefix}tickets:failures`), 0, 'and has no failure')
})

t.test('a busy ticket is not postponed', async t => {
  const { call, due } = await createService(t, { SYNC_STRATEGY: 'event', SYNC_LINGER_MS: 60_000 })
  await call('POST', '/tickets/1', { customer_id: 1 })
  const first = await due(1)
  while (Date.now() + 60_000 <= Number(first) + 5) await new Promise(setImmediate)
  await call('PATCH', '/tickets/1', { subject: 'x' })
  t.equal(await due(1), first, 'the earlier time stands')
})

t.test('two instances share the work: no ticket twice in one pass, none missed', async t => {
  const stores = await createStores(t)
  const a = await createService(t, { FLUSH_BATCH_SIZE: 20 }, stores)
  const b = await createService(t, { FLUSH_BATCH_SIZE: 20 }, stores)
  const ids = Array.from({ length: 500 }, (_, i) => i + 1)
  await Promise.all(ids.map(id => (id % 2 ? a : b).call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })))
  const [first, second] = await Promise.all([a.call('POST', '/flush'), b.call('POST', '/flush')])
  t.equal(first.body.claimed + second.body.claimed, 500, `${first.body.claimed} and ${second.body.claimed}`)
  t.ok(first.body.claimed > 0 && second.body.claimed > 0, 'both worked')
  t.strictSame((await a.rows()).map(row => row.ticket_id), ids)
  t.match((await a.call('GET', '/flush')).body, { unsynced: 0 })
})

t.test('tickets of many megabytes go in several claims and statements', async t => {
  const { call, rows } = await createService(t)
  const custom_fields = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, '\u0001'.repeat(1024)]))
  for (let id = 1; id <= 40; id += 1) t.equal((await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed', custom_fields })).status, 201)
  t.match((await call('POST', '/flush', { ticket_ids: Array.from({ length: 30 }, (_, i) => i + 1) })).body, { claimed: 30, synced: 30 })
  t.match((await call('POST', '/flush')).body, { claimed: 10, synced: 10 })
  t.strictSame(JSON.parse((await rows())[39]!.custom_fields), custom_fields)
})

t.test('of many marks none is passed over because claims end meanwhile', async t => {
  const { redis, prefix } = await createService(t)
  const due = `${prefix}tickets:due`
  const leaseEnd = Date.now() + 60_000.5
  const marks = (first: number, count: number, score: number | string) => Array.from({ length: count }, (_, i) => [score, first + i]).flat()
  await redis.zadd(due, ...marks(1, 500, leaseEnd))
  await redis.zadd(due, ...marks(501, 1500, '+inf'))
  // As expediteAll() calls it, with a flush of another instance in between.
  const expedite = (offset: number) => redis.eval(SCRIPTS.expedite.lua, 1, due, offset, 1000) as Promise<[number, number]>
  let offset = 0
  for (let looked = 1000; looked === 1000;) {
    const [all, claimed] = await expedite(offset)
    looked = all
    offset += claimed
    await redis.zremrangebyscore(due, leaseEnd, leaseEnd)
  }
  t.equal(await redis.zcount(due, '+inf', '+inf'), 0)
})

t.test('texts of any characters are claimed as they are, and nobody can know what stands between them', async t => {
  const { app, call, redis, prefix } = await createService(t)
  const subject = ' "quoted"\\ \n\t\u0000\u0001,][{}\u2028 é 漢 😀 '
  const custom_fields = { text: subject, number: 1.5, flag: true }
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed', subject, custom_fields })
  await redis.set(`${prefix}ticket:2`, 'no hash')
  await redis.zadd(`${prefix}tickets:due`, 1, '2', 1, '3', '-inf', 'no id')
  const { tickets, corrupt, vanished } = await app.tickets.shards.all[0]!.dueIndex.claim({ leaseMs: 30_000, ticketsMax: 10 })
  t.match(tickets, [{ ticket_id: 1, subject, custom_fields }])
  t.match(corrupt, [{ ticketId: 2 }])
  t.strictSame(vanished, ['no id', '3'])

  const boundaries = new Set<unknown>()
  const scripts = { claim: async (_keys: unknown, args: Arguments) => { boundaries.add(args[7]); return [1, '1.5', 0, [], 0] } }
  const dueIndex = createDueIndex(scripts as unknown as Scripts, createKeys(''), { retentionSeconds: 1, attemptsMax: 1, delayMaxMs: 1, onBacklog () {} })
  for (let i = 0; i < 100; i += 1) await dueIndex.claim({ leaseMs: 1, ticketsMax: 1 })
  t.equal(boundaries.size, 100)
})

t.test('each acknowledgement changes the stamps of its tickets, also within a millisecond', async t => {
  const { app, call, redis, prefix } = await createService(t)
  await call('POST', '/tickets/batch', closed(2))
  const { dueIndex } = app.tickets.shards.all[0]!
  const { lease, tickets } = await dueIndex.claim({ leaseMs: 30_000, ticketsMax: 10 })
  const stamps: (string | null)[] = []
  for (let i = 1; i <= 3; i += 1) {
    await dueIndex.acknowledge(lease, tickets)
    stamps.push(await redis.hget(`${prefix}tickets:acknowledged`, '1'))
    t.equal(stamps.at(-1)!.split('.')[1], String(i), 'they are counted')
  }
  t.equal(new Set(stamps).size, 3)
})
