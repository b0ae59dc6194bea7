import t from 'tap'
import { createService, createStores, privateRedis, type Service } from '../../helper.ts'

/** A rule of the operator's that the service does not know. */
const rule = 'ALTER TABLE wp_support_tickets ADD CONSTRAINT no_poison CHECK (subject IS NULL OR subject <> \'poison\')'
const noRule = 'ALTER TABLE wp_support_tickets DROP CONSTRAINT no_poison'

/** Makes the ticket due now, whatever pause it is in. */
const hurry = ({ redis, prefix }: Service, id: number) => redis.zadd(`${prefix}tickets:due`, 'XX', 0, String(id))

/** A service with dead letters: tickets 1 to `count`. */
async function withDeadLetters (t: Parameters<typeof createService>[0], count: number) {
  const service = await createService(t, { FLUSH_MAX_ATTEMPTS: 1 })
  await service.sql.query(rule)
  const operations = Array.from({ length: count }, (_, i) => ({ op: 'create', ticket_id: i + 1, customer_id: 1, status: 'closed', subject: 'poison' }))
  await service.call('POST', '/tickets/batch', { operations })
  t.match((await service.call('POST', '/flush')).body, { claimed: count, synced: 0, retried: 0, dead: count, remaining: 0 })
  return service
}

t.test('after FLUSH_MAX_ATTEMPTS a refused ticket becomes a dead letter, with its reason', async t => {
  const service = await createService(t, { FLUSH_MAX_ATTEMPTS: 3 })
  const { call, sql, redis, prefix, lines, due, row } = service
  await sql.query(rule)
  await call('POST', '/tickets/batch', { operations: [1, 2, 3].map(id => ({ op: 'create', ticket_id: id, customer_id: 1, status: 'closed', subject: id === 2 ? 'poison' : 'good' })) })
  t.match((await call('POST', '/flush')).body, { claimed: 3, synced: 2, retried: 1, dead: 0, remaining: 1 })
  await hurry(service, 2)
  t.match((await call('POST', '/flush')).body, { claimed: 1, retried: 1, dead: 0 })
  t.match((await call('GET', '/flush/dead')).body, { total: 0, tickets: [], next: null })
  await hurry(service, 2)
  const before = Math.floor(Date.now() / 1000)
  t.match((await call('POST', '/flush')).body, { claimed: 1, synced: 0, retried: 0, dead: 1, remaining: 0 })

  const { body } = await call('GET', '/flush/dead')
  t.match(body, { total: 1, tickets: [{ ticket_id: 2, attempts: 3, reason: /no_poison/ }], next: null })
  t.ok(body.tickets[0].died_at >= before && body.tickets[0].died_at <= before + 5)
  t.match((await call('GET', '/flush')).body, { unsynced: 0, dead: 1, last_flush: { dead: 1 } })
  t.equal(await due(2), null)
  t.match(await lines.waitFor(({ ticket_id, msg }) => ticket_id === 2 && /dead letter/.test(msg)), { level: 50, attempts: 3 })
  t.match(await call('GET', '/tickets/2'), { status: 200, body: { subject: 'poison', synced_version: null } }, 'it stays readable')
  t.equal(await redis.ttl(`${prefix}ticket:2`), -1, 'and is never evicted')
  t.match((await call('POST', '/flush', { scope: 'all' })).body, { claimed: 0, dead: 0 }, 'it is left alone')
  t.equal(await row(2), undefined)
})

t.test('a new write brings it back, with all its attempts', async t => {
  const service = await withDeadLetters(t, 2)
  const { call, row } = service
  await call('PATCH', '/tickets/1', { subject: 'good' })
  t.match((await call('GET', '/flush')).body, { unsynced: 1, due: 1, dead: 1 })
  t.match((await call('POST', '/flush')).body, { claimed: 1, synced: 1, dead: 0 })
  t.match(await row(1), { subject: 'good' })
  t.match((await call('GET', '/flush/dead')).body.tickets.map(({ ticket_id }: { ticket_id: number }) => ticket_id), [2])
})

t.test('the attempts begin anew', async t => {
  const service = await createService(t, { FLUSH_MAX_ATTEMPTS: 2 })
  const { call, sql } = service
  await sql.query(rule)
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed', subject: 'poison' })
  const flush = async () => {
    await hurry(service, 1)
    const { retried, dead } = (await call('POST', '/flush')).body
    return { retried, dead }
  }
  for (const bringBack of [
    async () => call('PATCH', '/tickets/1', { category: 'x' }),
    async () => call('POST', '/flush/dead/retry'),
    async () => call('POST', '/flush/dead/retry', { ticket_ids: [1] }),
  ]) {
    t.strictSame([await flush(), await flush()], [{ retried: 1, dead: 0 }, { retried: 0, dead: 1 }])
    await bringBack()
  }
})

t.test('an operator brings them back, all or some', async t => {
  const { call, sql, rows, redis, prefix } = await withDeadLetters(t, 6)
  t.strictSame((await call('POST', '/flush/dead/retry', { ticket_ids: [2, 99] })).body, { redriven: 1, missing: [99] })
  t.match((await call('GET', '/flush')).body, { unsynced: 1, due: 1, dead: 5 })
  await sql.query(noRule)
  t.match((await call('POST', '/flush')).body, { synced: 1 })
  t.match((await call('POST', '/flush', { ticket_ids: [3] })).body, { synced: 1, results: [{ ticket_id: 3, state: 'synced' }] }, 'a flush of named tickets takes dead letters too')
  t.strictSame((await call('POST', '/flush/dead/retry')).body, { redriven: 4 })
  t.match((await call('POST', '/flush')).body, { synced: 4 })
  t.strictSame((await rows()).map(row => row.ticket_id), [1, 2, 3, 4, 5, 6])
  t.equal(await redis.exists(`${prefix}tickets:dead`, `${prefix}tickets:failures`), 0, 'nothing is left of it')
  t.strictSame((await call('POST', '/flush/dead/retry')).body, { redriven: 0 })
})

t.test('a named flush that fails again leaves it a dead letter', async t => {
  const { call } = await withDeadLetters(t, 1)
  t.match((await call('POST', '/flush', { ticket_ids: [1] })).body, { dead: 1, results: [{ state: 'unsynced' }] })
  t.match((await call('GET', '/flush/dead')).body, { total: 1, tickets: [{ attempts: 2 }] })
})

t.test('pages hold each dead letter once, also when some are brought back meanwhile', async t => {
  const { call } = await withDeadLetters(t, 25)
  const seen: number[] = []
  let after: string | null = ''
  while (after !== null) {
    const { body } = await call('GET', `/flush/dead?limit=4${after && `&after=${after}`}`)
    seen.push(...body.tickets.map(({ ticket_id }: { ticket_id: number }) => ticket_id))
    await call('POST', '/flush/dead/retry', { ticket_ids: seen.slice(-2) })
    after = body.next
  }
  t.strictSame(seen.toSorted((a, b) => a - b), Array.from({ length: 25 }, (_, i) => i + 1))
  t.match((await call('GET', '/flush/dead?limit=1')).body, { total: 12, tickets: { length: 1 }, next: String })
})

t.test('more than one call brings back', async t => {
  const { call, redis, prefix } = await createService(t)
  const members = Array.from({ length: 2500 }, (_, i) => [i, String(i + 1)]).flat()
  await redis.zadd(`${prefix}tickets:dead`, ...members)
  t.strictSame((await call('POST', '/flush/dead/retry')).body, { redriven: 2500 })
  t.equal(await redis.zcard(`${prefix}tickets:due`), 2500)
})

t.test('dead letters that are pushed by their ids stay where they are when one of them cannot be read', async t => {
  const redisServer = await privateRedis(t)
  const { call, redis, prefix } = await createService(t, {}, await createStores(t, { redis: redisServer.url }))
  for (const id of [1, 2, 3]) await call('POST', `/tickets/${id}`, { customer_id: 1 })
  await redis.del(`${prefix}tickets:due`)
  await redis.zadd(`${prefix}tickets:dead`, 1, '1', 1, '2', 1, '3')
  await redis.call('ACL', 'SETUSER', 'tickets', 'resetkeys', `~${prefix}ticket:1`, `~${prefix}ticket:2`, `~${prefix}tickets:*`)
  t.equal((await call('POST', '/flush', { ticket_ids: [1, 2, 3] })).status, 503)
  t.strictSame(await redis.zrange(`${prefix}tickets:dead`, '0', '-1'), ['1', '2', '3'])
})

t.test('bad requests', async t => {
  const { call, redis, prefix } = await createService(t)
  for (const url of ['/flush/dead?limit=0', '/flush/dead?limit=501', '/flush/dead?limit=x', '/flush/dead?after=x', '/flush/dead?after=1-', '/flush/dead?page=2']) {
    t.match(await call('GET', url), { status: 400, body: { code: 'validation_failed' } }, url)
  }
  for (const body of [{ ticket_ids: [] }, { ticket_ids: [0] }, { ticket_ids: [1, 1] }, { ids: [1] }, []]) {
    t.match(await call('POST', '/flush/dead/retry', body), { status: 400 }, JSON.stringify(body))
  }
  await redis.zadd(`${prefix}tickets:dead`, 1, 'abc', 2, '7')
  t.match((await call('GET', '/flush/dead')).body, { tickets: [{ ticket_id: 7, attempts: 0, reason: /unknown/ }] }, 'what is no ticket is not shown')
})

t.test('where tickets:dead is another program\'s, tickets are tried for ever', async t => {
  const service = await createService(t, { FLUSH_MAX_ATTEMPTS: 1 })
  const { call, sql, redis, prefix, due } = service
  await sql.query(rule)
  await redis.set(`${prefix}tickets:dead`, 'x')
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed', subject: 'poison' })
  t.match(await redis.hgetall(`${prefix}tickets:failures`), {})
  await call('POST', '/flush')
  t.type(await due(1), 'string')
  t.equal((await call('PATCH', '/tickets/1', { category: 'x' })).status, 200)
})

t.test('however long reasons are, one is short and a page is bounded', async t => {
  const service = await withDeadLetters(t, 30)
  const { app, call, redis, prefix } = service
  const { dueIndex } = app.tickets.shards.all[0]!
  await call('POST', '/flush/dead/retry', { ticket_ids: [30] })
  const { lease, tickets } = await dueIndex.claim({ leaseMs: 30_000, ticketsMax: 1 })
  await dueIndex.retry(lease, [{ ticketId: 30, version: tickets[0]!.version, reason: '\u{1f3ab}'.repeat(100_000), isFinal: true }])
  t.ok(Buffer.byteLength((await redis.hget(`${prefix}tickets:failures`, '30'))!) < 2200)
  // As older versions have kept them.
  for (let id = 1; id < 30; id += 1) await redis.hset(`${prefix}tickets:failures`, String(id), JSON.stringify({ attempts: 1, error: 'x'.repeat(100_000) }))
  const ids: number[] = []
  let pages = 0
  for (let after = ''; after !== null; pages += 1) {
    const { body, text } = await call('GET', `/flush/dead?limit=500${after}`)
    t.ok(body.tickets.length > 0 && text.length < 1.3 * 1024 * 1024, `${text.length} bytes`)
    ids.push(...body.tickets.map(({ ticket_id: id }: { ticket_id: number }) => id))
    after = body.next && `&after=${body.next}`
  }
  t.equal(pages, 3)
  t.strictSame(ids.sort((a, b) => a - b), Array.from({ length: 30 }, (_, i) => i + 1), 'each once')
})
