import fc from 'fast-check'
import t from 'tap'
import { overloaded, Problem } from '../../src/errors.ts'
import { createLists } from '../../src/read-through/lists.ts'
import { createShards } from '../../src/shards/shards.ts'
import { UNDIVIDED } from '../../src/tickets/partitioning.ts'
import type { Ticket } from '../../src/tickets/ticket.ts'
import { createService, createStores, eventually, privateMariadb, privateRedis, type Service } from '../helper.ts'
import { done, erase } from '../erasure/erase.ts'
import { insertEntry, ready, replayed, replayLock } from '../outages/journal.ts'
import { pages } from './pages.ts'

/** Until the indexes have been built for the first time. */
const built = ({ call }: Pick<Service, 'call'>) => eventually(async () => {
  if ((await call('GET', '/tickets')).status !== 200) throw new Error('the indexes are not built')
})

const STATUSES = ['open', 'pending', 'closed']
const filters = fc.record({
  status: fc.uniqueArray(fc.constantFrom(...STATUSES), { minLength: 1 }),
  assigned_to: fc.uniqueArray(fc.constantFrom('none', '7', '8'), { minLength: 1 }),
  customer_id: fc.integer({ min: 1, max: 12 }),
  category: fc.constantFrom(['a'], ['a', 'b'], ['A']),
  created_since: fc.integer({ min: 1000, max: 1010 }),
  created_until: fc.integer({ min: 1010, max: 1020 }),
}, { requiredKeys: [] })

const expected = (tickets: Iterable<Ticket>, asked: Partial<Record<string, unknown>>, sort: string) => {
  const field = sort.replace('-', '') as 'ticket_id' | 'created_at' | 'updated_at'
  const sign = sort.startsWith('-') ? -1 : 1
  return [...tickets].filter(ticket =>
    (!asked.status || (asked.status as string[]).includes(ticket.status)) &&
    (!asked.assigned_to || (asked.assigned_to as string[]).includes(String(ticket.assigned_to ?? 'none'))) &&
    (!asked.customer_id || asked.customer_id === ticket.customer_id) &&
    (!asked.category || (asked.category as string[]).includes(ticket.category ?? '')) &&
    (!asked.created_since || ticket.created_at >= (asked.created_since as number)) &&
    (!asked.created_until || ticket.created_at <= (asked.created_until as number)))
    .sort((a, b) => sign * (a[field] - b[field] || a.ticket_id - b.ticket_id))
}

t.test('any filter and sort, whatever is in Redis, in MySQL or in both', async t => {
  const service = await createService(t, { TICKET_RETENTION_SECONDS: 3600 })
  const { call, redis, prefix } = service
  await built(service)
  const random = fc.sample(fc.record({
    id: fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 2 ** 52, max: 2 ** 52 + 300 })),
    customer: fc.integer({ min: 1, max: 12 }),
    status: fc.constantFrom(...STATUSES),
    agent: fc.constantFrom(undefined, 7, 8),
    category: fc.constantFrom(undefined, 'a', 'b', 'A'),
    at: fc.integer({ min: 1000, max: 1020 }),
  }), { numRuns: 240, seed: 7 })
  const operations = random.map(({ id, customer, status, agent, category, at }) => ({ op: 'create', ticket_id: id, customer_id: customer, status, created_at: at, ...(agent && { assigned_to: agent }), ...(category && { category }) }))
  await call('POST', '/tickets/batch', { operations: operations.slice(0, 120) })
  await call('POST', '/flush', { scope: 'all' })
  await call('POST', '/tickets/batch', { operations: operations.slice(120) })
  const ids = [...new Set(random.map(({ id }) => id))]
  // In both, and not what MySQL says of them: some have another status or agent there.
  await call('POST', '/tickets/batch', { operations: ids.filter(id => id % 3 === 0).map(id => ({ op: 'update', ticket_id: id, status: 'pending', assigned_to: id % 2 ? 8 : null })) })
  await call('POST', '/tickets/batch', { operations: ids.filter(id => id % 11 === 0).map(id => ({ op: 'delete', ticket_id: id })) })
  await done(service, await erase(t, service, 3))
  // In MySQL alone.
  for (const id of ids.filter(id => id % 5 === 0)) if (await redis.ttl(`${prefix}ticket:${id}`) > 0) await redis.del(`${prefix}ticket:${id}`)
  const held: Ticket[] = (await call('GET', `/tickets?ids=${ids.join()}`)).body.tickets
  t.ok(held.length > 130)

  await fc.assert(fc.asyncProperty(filters, fc.constantFrom('ticket_id', '-ticket_id', 'created_at', '-created_at', 'updated_at', '-updated_at'), fc.constantFrom(7, 100), async (asked, sort, limit) => {
    const query = Object.entries(asked).map(([name, value]) => `&${name}=${Array.isArray(value) ? value.join() : value}`).join('')
    const listed = await pages(t, service, `${query}&sort=${sort}`, limit)
    t.strictSame(listed.map(ticket => ticket.ticket_id), expected(held, asked, sort).map(ticket => ticket.ticket_id), `${query} by ${sort}`)
    if (!t.passing()) throw new Error(`${query} by ${sort}`)
  }), { numRuns: 60, endOnFailure: true })
  const [first] = await pages(t, service, '', 100)
  t.strictSame(first, held.toSorted((a, b) => b.ticket_id - a.ticket_id)[0], 'the whole ticket')
})

t.test('a ticket that fits throughout is neither skipped nor repeated, whatever is flushed and changed between the pages', async t => {
  const service = await createService(t)
  const { call } = service
  await built(service)
  const ids = Array.from({ length: 300 }, (_, i) => i + 1)
  await call('POST', '/tickets/batch', { operations: ids.map(id => ({ op: 'create', ticket_id: id, customer_id: 1, assigned_to: 7 })) })
  let seen: number[] = []
  let cursor = ''
  for (let turn = 0; cursor !== 'end'; turn += 1) {
    const { body } = await call('GET', `/tickets?assigned_to=7&limit=11${cursor}`)
    seen = [...seen, ...body.tickets.map((ticket: Ticket) => ticket.ticket_id)]
    cursor = body.has_more ? `&cursor=${body.next_cursor}` : 'end'
    const some = ids.filter(id => id % 7 === turn % 7)
    await call('POST', '/tickets/batch', { operations: some.map(id => ({ op: 'update', ticket_id: id, subject: `turn ${turn}`, ...(id % 2 && { status: turn % 2 ? 'open' : 'closed' }) })) })
    if (turn % 3 === 0) await call('POST', '/flush', turn % 2 ? {} : { scope: 'all' })
  }
  t.strictSame(seen, ids.toReversed())
})

t.test('an agent\'s ticket is found among many, in bounded steps', async t => {
  const service = await createService(t)
  const { call } = service
  await built(service)
  for (let from = 1; from < 3000; from += 500) {
    await call('POST', '/tickets/batch', { operations: Array.from({ length: 500 }, (_, i) => ({ op: 'create', ticket_id: from + i, customer_id: 1, assigned_to: 7, ...(from + i === 3 && { category: 'rare', assigned_to: 8 }) })) })
  }
  t.match((await call('GET', '/tickets?assigned_to=8')).body, { tickets: [{ ticket_id: 3 }], has_more: false })
  t.strictSame((await pages(t, service, '&category=rare', 50)).map(ticket => ticket.ticket_id), [3])
  t.strictSame((await pages(t, service, '&category=rare&sort=updated_at', 50)).map(ticket => ticket.ticket_id), [3])
})

t.test('by time the first of any number are found, with any filter', async t => {
  const service = await createService(t)
  const { call } = service
  await built(service)
  const ids = Array.from({ length: 3000 }, (_, i) => i + 1)
  const createdAt = (id: number) => 1000 + id * 7919 % 1009
  for (let from = 0; from < ids.length; from += 500) {
    await call('POST', '/tickets/batch', { operations: ids.slice(from, from + 500).map(id => ({ op: 'create', ticket_id: id, customer_id: 1 + id % 2, created_at: createdAt(id), ...(id % 3 && { assigned_to: id % 3 }), ...(id % 5 === 0 && { category: 'some' }), status: id % 4 ? 'open' : 'pending' })) })
  }
  const inOrder = (some: readonly number[]) => some.toSorted((a, b) => createdAt(a) - createdAt(b) || a - b)
  const all = { '': ids, '&status=pending': ids.filter(id => id % 4 === 0), '&assigned_to=1,none&status=open': ids.filter(id => id % 3 !== 2 && id % 4 > 0), '&customer_id=2&category=some': ids.filter(id => id % 2 === 1 && id % 5 === 0), '&created_since=1500&created_until=1600': ids.filter(id => createdAt(id) >= 1500 && createdAt(id) <= 1600) }
  for (const [query, fitting] of Object.entries(all)) {
    for (const sort of ['created_at', '-created_at']) {
      const listed = await pages(t, service, `&sort=${sort}${query}`, 100)
      t.strictSame(listed.map(ticket => ticket.ticket_id), sort === 'created_at' ? inOrder(fitting) : inOrder(fitting).toReversed(), `${sort}${query}`)
    }
  }
})

t.test('tickets of a status are found among those of many agents, or of a customer', async t => {
  const service = await createService(t)
  const { call } = service
  await built(service)
  const agents = ['none', ...Array.from({ length: 39 }, (_, i) => i + 1)]
  const ids = Array.from({ length: 2600 }, (_, i) => i + 1)
  const isPending = (id: number) => id % 13 === 0
  for (let from = 0; from < ids.length; from += 500) {
    await call('POST', '/tickets/batch', { operations: ids.slice(from, from + 500).map(id => ({ op: 'create', ticket_id: id, customer_id: id % 4 ? 2 : 1, ...(id % 40 && { assigned_to: id % 40 }), status: isPending(id) ? 'pending' : 'open' })) })
  }
  const pending = ids.filter(isPending)
  for (const sort of ['ticket_id', '-ticket_id']) {
    const inOrder = (some: readonly number[]) => sort === 'ticket_id' ? some : some.toReversed()
    const listed = async (query: string) => (await pages(t, service, `&sort=${sort}${query}`, 50)).map(ticket => ticket.ticket_id)
    t.strictSame(await listed(`&status=pending&assigned_to=${agents.join()}`), inOrder(pending), `${sort}: of all agents`)
    t.strictSame(await listed('&status=pending&assigned_to=13'), inOrder(pending.filter(id => id % 40 === 13)), `${sort}: of one`)
    t.strictSame(await listed('&status=pending&assigned_to=none'), inOrder(pending.filter(id => id % 40 === 0)), `${sort}: of nobody`)
    t.strictSame(await listed('&assigned_to=13,none'), inOrder(ids.filter(id => id % 40 === 13 || id % 40 === 0)), `${sort}: of one, and of nobody`)
    t.strictSame(await listed('&status=pending&customer_id=1'), inOrder(pending.filter(id => id % 4 === 0)), `${sort}: of a customer`)
    const { body } = await call('GET', `/tickets?sort=${sort}&status=pending,open&assigned_to=${agents.join()}&limit=50`)
    t.strictSame(body.tickets.map((ticket: Ticket) => ticket.ticket_id), inOrder(ids).slice(0, 50), `${sort}: a page is full, whatever number of agents is asked for`)
  }
})

t.test('statuses are compared by their bytes', async t => {
  const service = await createService(t, { TICKET_STATUSES: 'open,Open,closed', TICKET_CLOSED_STATUSES: 'closed' })
  const { call } = service
  await built(service)
  await call('POST', '/tickets/1', { customer_id: 1, status: 'open' })
  await call('POST', '/tickets/2', { customer_id: 1, status: 'Open' })
  for (const when of ['unsynced', 'in MySQL']) {
    t.match((await call('GET', '/tickets?status=Open')).body, { tickets: [{ ticket_id: 2 }], has_more: false }, when)
    t.equal((await call('GET', '/tickets?status=open,Open')).body.tickets.length, 2, when)
    await call('POST', '/flush', { scope: 'all' })
  }
})

t.test('400: what no list can be', async t => {
  const { call } = await createService(t)
  await call('POST', '/tickets/batch', { operations: [1, 2, 3].map(id => ({ op: 'create', ticket_id: id, customer_id: 1 })) })
  await built({ call })
  const { body: { next_cursor: cursor } } = await call('GET', '/tickets?limit=1')
  t.type(cursor, 'string')
  for (const [query, pointer] of Object.entries({
    'unknown=1': '/unknown',
    'sort=priority': '/sort',
    'sort=': '/sort',
    'status=': '/status',
    'status=nonsense': '/status/0',
    'status=open,': '/status/1',
    'assigned_to=': '/assigned_to',
    'assigned_to=nobody': '/assigned_to/0',
    'assigned_to=9007199254740993': '/assigned_to',
    [`assigned_to=${Array.from({ length: 10_000 }, (_, i) => i + 1).join()}`]: '/assigned_to',
    'customer_id=': '/customer_id',
    'customer_id=0': '/customer_id',
    'customer_id=1,2': '/customer_id',
    'created_since=x': '/created_since',
    'created_since=5&created_until=4': '/created_since',
    'updated_since=5&updated_until=4': '/updated_since',
    'limit=0': '/limit',
    'limit=101': '/limit',
    'partial=yes': '/partial',
    'cursor=': '/cursor',
    'cursor=abc': '/cursor',
    [`cursor=${cursor}&status=open`]: '/cursor',
    [`cursor=${cursor}&sort=ticket_id`]: '/cursor',
    'ids=1&status=open': '/status',
  })) t.match(await call('GET', `/tickets?${query}`), { status: 400, body: { code: 'validation_failed', errors: [{ pointer }] } }, query.slice(0, 60))
})

t.test('a URL with as many values as a filter takes is answered, with more 400, and 431 where HTTP refuses it: each says what to do', async t => {
  const { app, call } = await createService(t)
  await built({ call })
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const ask = async (name: string, count: number, first: number) => {
    const response = await fetch(`${address}/tickets?${name}=${Array.from({ length: count }, (_, i) => first + i).join()}`)
    return { status: response.status, body: await response.json() }
  }
  t.match(await ask('assigned_to', 100, 2 ** 52), { status: 200 })
  t.match(await ask('ids', 500, 2 ** 52), { status: 200 })
  t.match(await ask('assigned_to', 101, 1), { status: 400, body: { errors: [{ pointer: '/assigned_to', message: /100/ }] } })
  t.match(await ask('assigned_to', 10_000, 1), { status: 431, body: { code: 'headers_too_large', detail: /16 KiB.*fewer ids, or values of a filter, at a time/ } })
})

t.test('503 while the indexes are not whole; the rest goes on', async t => {
  const service = await createService(t)
  const { call, redis, prefix, app } = service
  await built(service)
  await call('POST', '/tickets/1', { customer_id: 1 })
  await redis.hdel(`${prefix}tickets:index`, 'state')
  t.match(await call('GET', '/tickets'), { status: 503, body: { code: 'store_unavailable', detail: /indexes/ }, headers: { 'retry-after': '1' } })
  t.match(await call('GET', '/tickets?partial=true'), { status: 200, body: { tickets: [], incomplete: ['redis'] } })
  t.equal((await call('PATCH', '/tickets/1', { subject: 'x' })).status, 200)
  app.tickets.sync.reindex.look()
  await built(service)
  t.match((await call('GET', '/tickets')).body, { tickets: [{ ticket_id: 1 }] })
})

t.test('while Redis is unavailable: 503, or what MySQL has with the changes of the journal', async t => {
  const redis = await privateRedis(t)
  const stores = await createStores(t, { redis: redis.url })
  const service = await createService(t, {}, stores)
  const { call } = service
  await built(service)
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  for (const id of [2, 4, 5]) await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await call('POST', '/tickets/3', { customer_id: 1 })
  await redis.stop()
  await ready({ call }, 'degraded')
  await insertEntry(stores.sql, { ticket_id: 8, op: 'create', fields: { customer_id: 8, status: 'open' } })
  for (const sort of ['ticket_id', 'created_at']) t.match((await call('GET', `/tickets?partial=true&customer_id=8&sort=${sort}`)).body, { tickets: [{ ticket_id: 8 }], incomplete: ['redis'] }, 'what another instance has kept')
  await stores.sql.query('DELETE FROM wp_support_tickets_journal')
  const journaled = { 'PATCH /tickets/1': { status: 'open' }, 'PATCH /tickets/3': { subject: 'in Redis alone' }, 'DELETE /tickets/4': undefined, 'POST /tickets/6': { customer_id: 1, status: 'closed' }, 'POST /tickets/7': { customer_id: 2 } }
  for (const [route, body] of Object.entries(journaled)) {
    const [method, url] = route.split(' ') as ['PATCH', string]
    t.match(await call(method, url, body), { status: 202 }, route)
  }
  t.match(await call('GET', '/tickets'), { status: 503, body: { code: 'store_unavailable' } })
  const found = async (query: string) => {
    const { status, body } = await call('GET', `/tickets?partial=true&${query}`)
    t.match({ status, body }, { status: 200, body: { incomplete: ['redis'] } }, query)
    return body.tickets.map((ticket: Ticket) => ticket.ticket_id)
  }
  t.strictSame(await found('status=closed'), [6, 5, 2], 'also those that the journal creates')
  t.strictSame(await found('status=open&sort=ticket_id'), [1, 7], 'and those that its changes make fit')
  t.strictSame(await found('customer_id=2'), [7])
  t.match((await call('GET', '/tickets?partial=true')).body, { errors: [{ ticket_id: 3, error: { code: 'store_unavailable' } }] }, 'a ticket that Redis alone has')
  for (const limit of [1, 2, 3]) {
    for (const [sort, ids] of [['ticket_id', [1, 2, 5, 6, 7]], ['-ticket_id', [7, 6, 5, 2, 1]]] as const) {
      const all = await pages(t, service, `&partial=true&sort=${sort}`, limit)
      t.strictSame(all.map(ticket => ticket.ticket_id), ids, `${sort}, ${limit} a page`)
    }
  }
  for (const by of ['created_at', 'updated_at']) {
    const closed = await found(`sort=${by}&status=closed`)
    t.strictSame(closed.toSorted(), [2, 5, 6], `by ${by}: also those that the journal creates`)
    t.strictSame(await found(`sort=-${by}&status=closed`), closed.toReversed())
    t.strictSame(await found(`sort=-${by}&status=closed&limit=1`), closed.slice(-1), 'what does not fit takes no place of the page')
    t.strictSame((await found(`sort=${by}&status=open`)).toSorted(), [1, 7], 'and those that its changes make fit')
    // More than may be looked up at a time for all of them together.
    const beside = await Promise.all(Array.from({ length: 40 }, () => pages(t, service, `&partial=true&sort=${by}&status=closed`, 100)))
    t.strictSame(beside.map(all => all.map(ticket => ticket.ticket_id)), beside.map(() => closed), 'beside others')
    t.match((await call('GET', `/tickets?partial=true&sort=${by}`)).body, { errors: [{ ticket_id: 3, error: { code: 'store_unavailable' } }] }, 'a ticket that Redis alone has')
    for (const limit of [1, 2, 3]) {
      const all = await pages(t, service, `&partial=true&sort=${by}`, limit)
      t.strictSame(all.map(ticket => [ticket[by as 'created_at'], ticket.ticket_id]), all.map(ticket => [ticket[by as 'created_at'], ticket.ticket_id]).toSorted((a, b) => a[0]! - b[0]! || a[1]! - b[1]!), `${by}, ${limit} a page: in order`)
      t.strictSame(all.map(ticket => ticket.ticket_id).toSorted(), [1, 2, 5, 6, 7], `${by}, ${limit} a page`)
    }
  }
})

t.test('while the journal is applied a list has what it has yet to create, or make fit', async t => {
  const stores = await createStores(t)
  const before = await createService(t, {}, stores)
  await built(before)
  for (const id of [1, 9]) await before.call('POST', `/tickets/${id}`, { customer_id: 1 })
  // Between what it was and what it will be.
  for (const [id, at] of [[1, 1000], [9, 2000]] as const) await before.redis.hset(`${before.prefix}ticket:${id}`, 'updated_at', at)
  const { sql, variables } = stores
  const lock = replayLock(String(variables.MYSQL_URL))
  await sql.query('SELECT GET_LOCK(?, 1)', [lock])
  await before.app.close()
  await insertEntry(sql, { ticket_id: 2, op: 'create', fields: { customer_id: 1, status: 'pending' } }, { ticket_id: 1, fields: { status: 'pending' } })
  const service = await createService(t, {}, stores)
  await eventually(async () => { if (service.app.tickets.journal.gate.isIdle()) throw new Error('the journal has not been looked at') })
  const look = async () => {
    for (const sort of ['ticket_id', 'created_at', 'updated_at']) {
      const { status, body } = await service.call('GET', `/tickets?status=pending&sort=${sort}`)
      t.strictSame([status, body.tickets.map((ticket: Ticket) => ticket.ticket_id).toSorted(), body.incomplete], [200, [1, 2], undefined], sort)
    }
  }
  await look()
  for (const limit of [1, 2, 3]) t.strictSame((await pages(t, service, '&sort=-updated_at', limit)).map(ticket => ticket.ticket_id).toSorted(), [1, 2, 9], `each once, ${limit} a page`)
  await sql.query('DO RELEASE_LOCK(?)', [lock])
  await replayed(service)
  await look()
})

t.test('what the journal brings is read part by part, and what was not read makes no list that is short', async t => {
  const service = await createService(t)
  const { app: { tickets: { shards, database, repository } }, call } = service
  await built(service)
  const ids = [1, 2, 3]
  for (const id of ids) await call('POST', `/tickets/${id}`, { customer_id: 1 })
  const isRefused = new Set<number>()
  let running = 0
  let runningMax = 0
  const list = createLists({
    shards,
    database,
    async read (asked, options) {
      running += 1
      runningMax = Math.max(runningMax, running)
      const answers = await repository.read(asked, options)
      running -= 1
      return answers.map((answer, i) => isRefused.has(asked[i]!) ? overloaded() : answer)
    },
    journal: { list: async () => ({ positions: ids.map(id => ({ id, value: id })) }), isIdle: () => false },
  })
  const ask = (isPartial: boolean) => list({ filters: {}, sort: { field: 'updated_at', isDescending: true }, limit: 50 }, { caller: 'a', answer: { isFull: () => false, add: ticket => ticket }, isPartial })
  const pages = await Promise.all(Array.from({ length: 20 }, () => ask(false)))
  t.ok(pages.every(({ tickets }) => tickets.length === 3))
  t.ok(runningMax < 15, `${runningMax} reads at a time`)
  isRefused.add(2)
  await t.rejects(ask(false), { code: 'overloaded' })
  t.match(await ask(true), { incomplete: ['mysql'] })
})

t.test('while MySQL is unavailable: 503, or what waits in Redis; by status a count needs it no more', async t => {
  const mariadb = await privateMariadb(t)
  const service = await createService(t, {}, await createStores(t, { mysql: mariadb.url }))
  const { call } = service
  await built(service)
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await call('POST', '/tickets/2', { customer_id: 1 })
  t.match((await call('GET', '/tickets/counts?group_by=status')).body, { counts: { open: 1, closed: 1 } })
  await mariadb.stop()
  for (const url of ['/tickets', '/tickets?status=open', '/tickets/counts?group_by=assigned_to', '/tickets/counts?group_by=status&customer_id=1']) {
    t.match(await call('GET', url), { status: 503, body: { code: 'store_unavailable' }, headers: { 'retry-after': /\d/ } }, url)
  }
  for (const query of ['', '&status=open', '&sort=created_at']) {
    t.match(await call('GET', `/tickets?partial=true${query}`), { status: 200, body: { tickets: [{ ticket_id: 2 }], has_more: false, incomplete: ['mysql'] } }, query)
  }
  t.match(await call('GET', '/tickets/counts?group_by=status'), { status: 200, body: { counts: { open: 1, closed: 1 } } }, 'from Redis')
})

t.test('while neither can be asked a list is 503, also with partial=true', async t => {
  const [redis, mariadb] = [await privateRedis(t), await privateMariadb(t)]
  const service = await createService(t, {}, await createStores(t, { redis: redis.url, mysql: mariadb.url }))
  await built(service)
  await Promise.all([redis.stop(), mariadb.stop()])
  await ready(service, 'unavailable')
  t.match(await service.call('GET', '/tickets?partial=true'), { status: 503, body: { code: 'store_unavailable', detail: /Neither/ } })
})

t.test('a ticket that cannot be read is told, and stops no other', async t => {
  const service = await createService(t)
  const { call, redis, prefix } = service
  await built(service)
  await call('POST', '/tickets/batch', { operations: [1, 2, 3, 4, 5].map(id => ({ op: 'create', ticket_id: id, customer_id: 1, assigned_to: 7 })) })
  await redis.hset(`${prefix}ticket:1`, 'created_at', 'nonsense')
  await redis.hdel(`${prefix}ticket:2`, 'version')
  await redis.set(`${prefix}ticket:3`, 'no hash')
  for (const query of ['', '?assigned_to=7', '?sort=created_at', '?sort=-updated_at', '?limit=1']) {
    const errors: { ticket_id: number, error: object }[] = []
    const tickets: number[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const { status, body } = await call('GET', `/tickets${query}${cursor === '' ? '' : `${query ? '&' : '?'}cursor=${cursor}`}`)
      t.equal(status, 200, query)
      errors.push(...body.errors ?? [])
      tickets.push(...body.tickets.map((ticket: Ticket) => ticket.ticket_id))
      cursor = body.next_cursor
    }
    t.strictSame(tickets.toSorted(), [4, 5], query)
    t.strictSame(errors.map(({ ticket_id: id }) => id).toSorted(), [1, 2, 3], `${query}: each once`)
    t.match(errors[0], { error: { code: 'internal_error', status: 500 } })
  }
  t.notOk('errors' in (await call('GET', '/tickets?customer_id=2')).body)
  t.match((await call('GET', '/tickets/counts?group_by=status&assigned_to=7')).body, { counts: { open: 4 } }, 'what is no hash is not looked at')
})

t.test('a time that is no whole number, which another program has set, ends no list', async t => {
  const service = await createService(t)
  const { call, redis, prefix } = service
  await built(service)
  await call('POST', '/tickets/batch', { operations: [1, 2, 3, 4].map(id => ({ op: 'create', ticket_id: id, customer_id: 1, created_at: 1000 + id })) })
  for (const value of ['1003.5', '1002.4', '0.5', 'nan', 'inf', '-1', '9007199254740993']) {
    await redis.hset(`${prefix}ticket:3`, 'created_at', value)
    for (const sort of ['created_at', '-created_at']) {
      const told: number[] = []
      for (let cursor = '', turns = 0; cursor !== 'end' && turns < 10; turns += 1) {
        const { body } = await call('GET', `/tickets?limit=1&sort=${sort}${cursor}`)
        told.push(...body.tickets.map((ticket: Ticket) => ticket.ticket_id), ...(body.errors ?? []).map((error: { ticket_id: number }) => error.ticket_id))
        cursor = body.has_more ? `&cursor=${body.next_cursor}` : 'end'
      }
      t.strictSame(told.toSorted(), [1, 2, 3, 4], `${value} by ${sort}`)
    }
  }
})

t.test('what MySQL cannot list or count is refused before Redis is asked', async t => {
  const service = await createService(t)
  const { call, app } = service
  await built(service)
  await call('POST', '/tickets/1', { customer_id: 1 })
  // As a database of WordPress does.
  const refused = new Problem('not_supported', 'there is no index')
  app.tickets.database.refusal = () => refused
  app.tickets.database.list = async () => { throw refused }
  const names: string[] = []
  app.redis.calls.on('ended', name => { names.push(name) })
  for (const url of ['/tickets?sort=created_at', '/tickets/counts?group_by=priority']) t.match(await call('GET', url), { status: 501, body: { code: 'not_supported' } }, url)
  t.notOk(names.includes('pass'), String(names))
  t.match(await call('GET', '/tickets?partial=true&sort=created_at'), { status: 200, body: { tickets: [{ ticket_id: 1 }], incomplete: ['mysql'] } })
})

t.test('what a step reads of many statuses and agents is part of its bound', async t => {
  const statuses = Array.from({ length: 30 }, (_, i) => `s${i}`)
  const service = await createService(t, { TICKET_STATUSES: statuses.join(), TICKET_CLOSED_STATUSES: 's29' })
  const { call, app } = service
  await built(service)
  // Each in a range of its own, of any status and agent.
  const ids = Array.from({ length: 1200 }, (_, i) => 1 + i * 1000)
  for (let from = 0; from < ids.length; from += 400) await call('POST', '/tickets/batch', { operations: ids.slice(from, from + 400).map((id, i) => ({ op: 'create', ticket_id: id, customer_id: 1 + i % 2, status: statuses[i % 29]!, assigned_to: 1 + i % 90 })) })
  let steps = 0
  app.redis.calls.on('ended', name => { steps += Number(name === 'pass') })
  const agents = Array.from({ length: 90 }, (_, i) => i + 1).join()
  for (const [query, stepsMin] of [['', 6], [`&assigned_to=${agents}`, 4]] as const) {
    for (const sort of ['updated_at', '-updated_at']) {
      steps = 0
      t.strictSame((await pages(t, service, `&sort=${sort}${query}`, 100)).map(ticket => ticket.ticket_id).toSorted((a, b) => a - b), ids)
      t.ok(steps >= 12 * stepsMin, `${steps} steps for 12 pages`)
    }
    const { body } = await call('GET', `/tickets/counts?group_by=assigned_to&created_since=1${query}`)
    t.equal(Object.values(body.counts as Record<string, number>).reduce((sum, count) => sum + count, 0), ids.length)
    t.strictSame((await pages(t, service, query, 100)).map(ticket => ticket.ticket_id), ids.toReversed(), 'by ticket_id, too')
  }
})

t.test('the tickets that Redis finds it tells at once', async t => {
  const service = await createService(t)
  const { app, call } = service
  await built(service)
  await call('POST', '/tickets/batch', { operations: [1, 2, 3].map(id => ({ op: 'create', ticket_id: id, customer_id: 1, assigned_to: id })) })
  const tickets = await Promise.all([1, 2, 3].map(async id => (await call('GET', `/tickets/${id}`)).body))
  const names: string[] = []
  app.redis.calls.on('ended', name => { names.push(name) })
  t.strictSame((await call('GET', '/tickets?sort=ticket_id')).body.tickets, tickets)
  t.strictSame((await call('GET', '/tickets?sort=-ticket_id&assigned_to=2,3')).body.tickets, [tickets[2], tickets[1]])
  t.strictSame(names.filter(name => ['list', 'read'].includes(name)), ['list', 'list'])
})

t.test('a ticket that is gone from Redis is told as MySQL has it', async t => {
  const service = await createService(t)
  const { call, redis, prefix } = service
  await built(service)
  await call('POST', '/tickets/batch', { operations: [1, 2].map(id => ({ op: 'create', ticket_id: id, customer_id: 1, subject: 'synced' })) })
  await call('POST', '/flush', { scope: 'all' })
  await call('PATCH', '/tickets/1', { subject: 'lost' })
  await redis.del(`${prefix}ticket:1`)
  const { status, body } = await call('GET', '/tickets?sort=ticket_id')
  t.equal(status, 200)
  t.strictSame(body.tickets.map(({ ticket_id: id, subject }: Ticket) => [id, subject]), [[1, 'synced'], [2, 'synced']])
  t.notOk('errors' in body)
})

t.test('a ticket stands where Redis has it, whatever the clock said when its row was written', async t => {
  const service = await createService(t)
  const { call, sql, redis, prefix } = service
  await built(service)
  for (const id of [1, 2, 3]) await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await call('PATCH', '/tickets/1', { subject: 'newer' })
  await call('POST', '/tickets/4', { customer_id: 1 })
  for (const [id, at] of [[1, 3000], [2, 1000], [3, 2000], [4, 600]] as const) {
    await sql.query('UPDATE wp_support_tickets SET updated_at = FROM_UNIXTIME(?) WHERE ticket_id = ?', [at, id])
    await redis.hset(`${prefix}ticket:${id}`, 'updated_at', id === 1 ? 500 : at)
  }
  for (const limit of [1, 2, 3]) {
    t.strictSame((await pages(t, service, '&sort=updated_at', limit)).map(ticket => ticket.ticket_id), [1, 4, 2, 3], `${limit} a page`)
    t.strictSame((await pages(t, service, '&sort=-updated_at', limit)).map(ticket => ticket.ticket_id), [3, 2, 4, 1], `${limit} a page, the other way round`)
  }
})

t.test('the tickets that Redis finds in another order are read while MySQL looks', async t => {
  const service = await createService(t)
  const { app, call, sql } = service
  await built(service)
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await call('POST', '/tickets/2', { customer_id: 1 })
  await sql.query('LOCK TABLES wp_support_tickets WRITE')
  const read = new Promise<void>(resolve => { app.redis.calls.on('ended', name => { if (name === 'read') resolve() }) })
  const listed = call('GET', '/tickets?sort=-created_at')
  await read
  await sql.query('UNLOCK TABLES')
  t.match(await listed, { status: 200, body: { tickets: [{ ticket_id: 2 }, { ticket_id: 1 }] } })
})

t.test('MySQL is asked beside Redis while nothing is brought to it, and again when something was', async t => {
  const service = await createService(t)
  const { app: { tickets: { shards, database, repository } }, call, redis, prefix } = service
  await built(service)
  const steps: string[] = []
  const before = { redis: async () => {} }
  const list = createLists({
    shards: createShards(shards.all.map(({ list }) => ({
      list: {
        ...list,
        async list (...args: Parameters<typeof list.list>) {
          await before.redis()
          steps.push('redis')
          return await list.list(...args)
        },
      },
    })), UNDIVIDED),
    database: {
      async list (query) {
        steps.push('mysql')
        const listed = await database.list(query)
        steps.push(`mysql: ${listed.positions.length}`)
        return listed
      },
      refusal: () => undefined,
    },
    read: repository.read,
  })
  const listed = async () => {
    steps.length = 0
    const { tickets } = await list({ filters: {}, sort: { field: 'ticket_id', isDescending: false }, limit: 50 }, { caller: 'a', answer: { isFull: () => false, add: ticket => ticket }, isPartial: false })
    return tickets.map(ticket => ticket.ticket_id)
  }
  const afterRedis = (count: number) => ['redis', 'mysql', `mysql: ${count}`]
  /** Of which MySQL alone knows afterwards. */
  async function bring (id: number) {
    await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
    await call('POST', '/flush')
    await redis.del(`${prefix}ticket:${id}`)
  }

  await bring(1)
  t.strictSame([await listed(), steps], [[1], afterRedis(1)], 'nothing is known')
  t.strictSame([await listed(), steps], [[1], afterRedis(1)], 'nor whether it changes')
  t.strictSame([await listed(), steps], [[1], ['mysql', 'redis', 'mysql: 1']], 'nothing was brought between two lists')
  const { now } = performance
  performance.now = () => now.call(performance) + 11_000
  t.strictSame([await listed(), steps], [[1], afterRedis(1)], 'what was known long ago counts for nothing')
  performance.now = now
  t.strictSame([await listed(), steps], [[1], ['mysql', 'redis', 'mysql: 1']])

  before.redis = async () => {
    await eventually(async () => { if (!steps.includes('mysql: 1')) throw new Error('MySQL has not answered') })
    await bring(2)
  }
  t.strictSame([await listed(), steps], [[1, 2], ['mysql', 'mysql: 1', 'redis', 'mysql', 'mysql: 2']], 'MySQL is asked again')
  before.redis = async () => {}
  t.strictSame([await listed(), steps], [[1, 2], afterRedis(2)], 'and after Redis, as long as more is brought')
  await listed()
  await redis.set(`${prefix}tickets:synced`, 'no hash')
  t.strictSame([await listed(), await listed(), await listed(), steps], [[1, 2], [1, 2], [1, 2], afterRedis(2)], 'nobody counts what is brought')
})

t.test('large tickets, of Redis and of MySQL alone: each is on one page', async t => {
  const service = await createService(t)
  const { app, call, redis, prefix } = service
  await built(service)
  const custom_fields = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`field${i}`, 'x'.repeat(1000)]))
  const of = (parity: number) => Array.from({ length: 60 }, (_, i) => 2 * i + 1 + parity)
  const create = (ids: readonly number[]) => call('POST', '/tickets/batch', { operations: ids.map(ticket_id => ({ op: 'create', ticket_id, customer_id: 1, custom_fields })) })
  t.equal((await create(of(0))).status, 200)
  await call('POST', '/flush', { scope: 'all' })
  for (const id of of(0)) await redis.del(`${prefix}ticket:${id}`)
  t.equal((await create(of(1))).status, 200)
  const { positions, tickets } = await app.tickets.shards.all[0]!.list.list({ filters: {}, sort: { field: 'ticket_id', isDescending: false }, limit: 60 }, true, { caller: 'a' })
  t.strictSame([positions.length, tickets.size], [60, 1], 'one call tells no more than the first beyond its bytes')
  for (const [id, fields] of [[1001, {}], [1002, { category: 'other', custom_fields }], [1003, {}]] as const) await call('POST', `/tickets/${id}`, { customer_id: 2, category: 'small', ...fields })
  const small = await app.tickets.shards.all[0]!.list.list({ filters: { customer_id: 2, category: ['small'] }, sort: { field: 'ticket_id', isDescending: false }, limit: 60 }, true, { caller: 'a' })
  t.strictSame([small.positions.length, small.tickets.size], [2, 1], 'nor reads more of those that do not fit')
  for (const id of [1001, 1002, 1003]) await call('DELETE', `/tickets/${id}`)
  const all = Array.from({ length: 120 }, (_, i) => i + 1)
  const { body } = await call('GET', '/tickets?limit=100')
  t.ok(body.tickets.length > 1 && body.tickets.length < 100, `the answer is full before the page is: ${body.tickets.length}`)
  for (const sort of ['ticket_id', '-ticket_id', 'updated_at']) {
    const listed = await pages(t, service, `&sort=${sort}`, 100)
    t.strictSame(listed.map(({ ticket_id: id }) => id).toSorted((a, b) => a - b), all, sort)
    t.strictSame(listed[0]!.custom_fields, custom_fields)
  }
})
