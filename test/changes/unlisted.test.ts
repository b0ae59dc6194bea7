import t, { type Test } from 'tap'
import { createService, createStores, eventually, type Service } from '../helper.ts'

/** Until the indexes have been removed, or built. */
const settled = (service: Service, state: '5' | 'off') => eventually(async () => {
  service.app.tickets.sync.reindex.look()
  const held = await service.redis.hgetall(`${service.prefix}tickets:index`)
  if (held.state !== state || held.owner) throw new Error(JSON.stringify(held))
})

interface Told { ticket_id: number, deleted: boolean, ticket: object | null }

/** A page. A busy machine answers 503 now and then, and whoever asks repeats the request. */
const page = (service: Service, query: string) => eventually(async () => {
  const { status, body } = await service.call('GET', `/changes?${query}`)
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
  return body
})

/** All pages from a cursor on, each of another of the instances. */
async function follow (t: Test, services: readonly Service[], limit: number, since?: string) {
  const all: Told[] = []
  const errors: number[] = []
  for (let cursor = since, turn = 0; ; turn += 1) {
    const body = await page(services[turn % services.length]!, `limit=${limit}${cursor === undefined ? '' : `&since=${cursor}`}`)
    if (turn > 1000) throw new Error('it does not end')
    t.ok(body.changes.length <= limit)
    all.push(...body.changes)
    errors.push(...(body.errors ?? []).map(({ ticket_id: id }: { ticket_id: number }) => id))
    cursor = body.next_cursor as string
    if (!body.has_more) return { all, errors, cursor, turns: turn + 1 }
  }
}

const idsOf = (all: readonly Told[]) => [...new Set(all.map(({ ticket_id: id }) => id))].sort((a, b) => a - b)

const operationsOf = (op: string, ids: readonly number[], fields: object = {}) => ({ operations: ids.map(id => ({ op, ticket_id: id, ...fields })) })

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

/** Tickets 1 to `count`, of which some are in MySQL alone, some in both, some changed since, some deleted, and one cannot be read. */
async function fill (service: Service, count: number) {
  const { call, redis, prefix } = service
  for (let from = 0; from < count; from += 500) await call('POST', '/tickets/batch', operationsOf('create', upTo(count).slice(from, from + 500), { customer_id: 1 }))
  const nth = (n: number) => upTo(count).filter(id => id % n === 0)
  await call('POST', '/tickets/batch', operationsOf('update', nth(3), { status: 'closed' }))
  await call('POST', '/flush')
  for (const id of nth(9)) await redis.del(`${prefix}ticket:${id}`)
  await call('POST', '/tickets/batch', operationsOf('update', nth(12), { subject: 'changed since' }))
  await call('POST', '/tickets/batch', operationsOf('delete', nth(10)))
  await redis.hset(`${prefix}ticket:2`, 'customer_id', 'nonsense')
  return upTo(count).filter(id => id % 10 !== 0 && id !== 2)
}

t.test('LISTS=off: a snapshot has all tickets, in pages of any size, then what changes', async t => {
  const service = await createService(t, { LISTS: 'off' })
  const { call } = service
  await settled(service, 'off')
  const expected = await fill(service, 300)
  // With 1 what is left is again and again as much as a page takes.
  for (const limit of [1000, 37, 4, 1]) {
    const { all, errors, cursor } = await follow(t, [service], limit)
    t.strictSame(idsOf(all), expected, `limit ${limit}`)
    t.ok(all.every(({ deleted, ticket }) => !deleted && ticket), 'what was deleted is left out')
    t.strictSame(errors, [2])
    await call('PATCH', '/tickets/1', { subject: `after ${limit}` })
    t.match((await follow(t, [service], 10, cursor)).all, [{ ticket_id: 1, ticket: { subject: `after ${limit}` } }])
  }
})

t.test('what is flushed, dies, comes back or is changed meanwhile is told', async t => {
  const service = await createService(t, { LISTS: 'off', FLUSH_MAX_ATTEMPTS: 1 })
  const { call, sql } = service
  await settled(service, 'off')
  await sql.query('ALTER TABLE wp_support_tickets ADD CONSTRAINT no_poison CHECK (subject IS NULL OR subject <> \'poison\')')
  const expected = await fill(service, 400)
  await call('POST', '/tickets/batch', operationsOf('update', expected.slice(0, 20), { subject: 'poison' }))
  const seen: Told[] = []
  let cursor = ''
  for (let turn = 0, hasMore = true; hasMore && turn < 1000; turn += 1) {
    const body = await page(service, `limit=25${cursor}`)
    seen.push(...body.changes)
    cursor = `&since=${body.next_cursor}`
    hasMore = body.has_more
    await call('POST', '/flush', turn % 2 ? { ticket_ids: expected.slice(turn * 10, turn * 10 + 60) } : {})
    if (turn === 4) await call('POST', '/flush', { scope: 'all' })
    if (turn % 3 === 0) await call('POST', '/flush/dead/retry')
    if (turn < 8) await call('PATCH', `/tickets/${expected.at(-turn - 1)}`, { subject: 'meanwhile' })
  }
  t.strictSame(idsOf(seen), expected)
  const last = new Map(seen.map(change => [change.ticket_id, change]))
  t.match(last.get(expected.at(-1)!), { ticket: { subject: 'meanwhile' } })
})

t.test('a page ends where its bytes do', async t => {
  const service = await createService(t, { LISTS: 'off' })
  const { app, call } = service
  app.tickets.traffic.isServing = () => false
  await settled(service, 'off')
  const large = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`field_${i}`, 'x'.repeat(1024)]))
  for (let id = 1; id <= 150; id += 15) await call('POST', '/tickets/batch', operationsOf('create', Array.from({ length: 15 }, (_, i) => id + i), { customer_id: 1, custom_fields: large }))
  const { text, body } = await call('GET', '/changes')
  t.ok(text.length < 5 * 1024 * 1024 && text.length > 3 * 1024 * 1024, `${text.length}`)
  t.equal(body.has_more, true)
  const { all, turns } = await follow(t, [service], 1000)
  t.strictSame(idsOf(all), upTo(150))
  t.ok(turns < 10, `${turns} pages`)
})

t.test('a snapshot is gone on with by an instance with the other setting', async t => {
  const stores = await createStores(t)
  const on = await createService(t, {}, stores)
  const off = await createService(t, { LISTS: 'off' }, stores)
  await settled(on, '5')
  const expected = await fill(on, 200)
  for (const [name, instances] of Object.entries({ 'begun with indexes': [on, off, off], 'begun without': [off, on] })) {
    t.strictSame(idsOf((await follow(t, instances, 30)).all), expected, name)
  }
  const { body: { next_cursor: cursor } } = await on.call('GET', '/changes?limit=150')
  t.strictSame(idsOf((await follow(t, [off], 30, cursor)).all), expected, 'all again: what it was told came in another order')
})
