import t from 'tap'
import type { Ticket } from '../../src/tickets/ticket.ts'
import { done, erase } from '../erasure/erase.ts'
import { createService, eventually, type Service } from '../helper.ts'
import { compareIndexes } from './indexes.ts'

const built = ({ call }: Pick<Service, 'call'>) => eventually(async () => {
  if ((await call('GET', '/tickets')).status !== 200) throw new Error('the indexes are not built')
})

async function createMany ({ call }: Pick<Service, 'call'>, count: number, from = 1) {
  for (let done = 0; done < count; done += 500) {
    await call('POST', '/tickets/batch', { operations: Array.from({ length: Math.min(500, count - done) }, (_, i) => ({ op: 'create', ticket_id: from + done + i, customer_id: 1, assigned_to: 7 })) })
  }
}

/** The counts that all tickets together have. */
function countOf (tickets: readonly Ticket[], by: 'status' | 'assigned_to' | 'priority', fits: (ticket: Ticket) => boolean = () => true): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const ticket of tickets.filter(fits)) {
    const value = String(ticket[by] ?? 'none')
    counts[value] = (counts[value] ?? 0) + 1
  }
  return counts
}

t.test('counts are those of all tickets, each once, wherever they are', async t => {
  const service = await createService(t)
  const { call, redis, prefix } = service
  await built(service)
  const ids = Array.from({ length: 120 }, (_, i) => i * 13 + 1)
  const check = async (when: string) => {
    const tickets: Ticket[] = (await call('GET', `/tickets?ids=${ids.join()}`)).body.tickets
    for (const by of ['status', 'assigned_to', 'priority'] as const) {
      t.strictSame((await call('GET', `/tickets/counts?group_by=${by}`)).body.counts, countOf(tickets, by), `${when}: by ${by}`)
    }
    t.strictSame((await call('GET', '/tickets/counts?group_by=status&assigned_to=7')).body.counts, countOf(tickets, 'status', ticket => ticket.assigned_to === 7), `${when}: of an agent`)
    t.strictSame((await call('GET', '/tickets/counts?group_by=assigned_to&status=open')).body.counts, countOf(tickets, 'assigned_to', ticket => ticket.status === 'open'), `${when}: of a status`)
  }
  const write = (operations: object[]) => call('POST', '/tickets/batch', { operations })
  await write(ids.map((id, i) => ({ op: 'create', ticket_id: id, customer_id: 1 + i % 9, status: i % 4 ? 'open' : 'closed', ...(i % 3 && { assigned_to: 6 + i % 3 }), ...(i % 2 && { priority: 'high' }) })))
  await check('unsynced')
  await call('POST', '/flush')
  await check('the closed ones in MySQL')
  await call('POST', '/flush', { scope: 'all' })
  await check('all in MySQL')
  await write(ids.filter((_, i) => i % 5 === 0).map(id => ({ op: 'update', ticket_id: id, status: 'pending', assigned_to: null })))
  await check('some changed since')
  await write(ids.filter((_, i) => i % 7 === 0).map(id => ({ op: 'delete', ticket_id: id })))
  await check('some deleted')
  await done(service, await erase(t, service, 3))
  await check('a customer erased')
  await call('POST', '/flush')
  for (const id of ids) if (await redis.ttl(`${prefix}ticket:${id}`) > 0) await redis.del(`${prefix}ticket:${id}`)
  await check('some in MySQL alone')
})

t.test('a value that is named none, and the tickets without one, are told apart, and nothing is lost', async t => {
  const service = await createService(t, { TICKET_STATUSES: 'none,open,closed', TICKET_CLOSED_STATUSES: 'closed' })
  const { call } = service
  await built(service)
  const values = ['none', 'none', 'none', '=none', '==none', '==none', 'None', '=nonesuch', '__proto__', undefined, undefined, undefined, undefined]
  await call('POST', '/tickets/batch', { operations: values.map((value, i) => ({ op: 'create', ticket_id: i + 1, customer_id: 1, ...(value && { category: value, priority: value }) })) })
  for (const when of ['unsynced', 'in MySQL']) {
    for (const by of ['category', 'priority']) {
      const { counts } = (await call('GET', `/tickets/counts?group_by=${by}`)).body
      t.strictSame(Object.entries(counts).sort(), [['=none', 3], ['==none', 1], ['===none', 2], ['=nonesuch', 1], ['None', 1], ['__proto__', 1], ['none', 4]].sort(), `${when}: by ${by}`)
      t.match((await call('GET', `/tickets?${by}=none&sort=ticket_id`)).body.tickets.map((ticket: Ticket) => ticket.ticket_id), [1, 2, 3], `${when}: a filter means the value`)
    }
    t.strictSame((await call('GET', '/tickets/counts?group_by=status')).body.counts, { none: values.length }, `${when}: every ticket has a status`)
    await call('POST', '/flush', { scope: 'all' })
  }
})

t.test('400 when more tickets that wait would have to be looked at than one request may', async t => {
  const service = await createService(t)
  const { call } = service
  await built(service)
  await createMany(service, 19_000)
  const asked = { '/tickets/counts?group_by=category': '/group_by', '/tickets/counts?group_by=status&assigned_to=7': '/group_by', '/tickets?sort=created_at': '/sort', '/tickets?partial=true&sort=created_at': '/sort', '/tickets?sort=-updated_at&assigned_to=7': '/sort' }
  for (const url of Object.keys(asked)) t.equal((await call('GET', url)).status, 200, url)
  await createMany(service, 1001, 19_001)
  for (const [url, pointer] of Object.entries(asked)) t.match(await call('GET', url), { status: 400, body: { code: 'validation_failed', detail: /about 20000/, errors: [{ pointer }] } }, url)
  t.match((await call('GET', '/tickets/counts?group_by=assigned_to')).body, { counts: { 7: 20_001 } }, 'what an index counts')
  for (const url of ['/tickets?assigned_to=7', '/tickets?assigned_to=8&sort=created_at']) t.equal((await call('GET', url)).status, 200, url)
})

t.test('a ticket that is brought to MySQL meanwhile is counted once', async t => {
  const service = await createService(t)
  const { call, app } = service
  await built(service)
  await call('POST', '/tickets/batch', { operations: Array.from({ length: 20 }, (_, i) => ({ op: 'create', ticket_id: i + 1, customer_id: 1, status: 'closed' })) })
  const { database } = app.tickets
  const count = database.count
  let flushes = 0
  database.count = async (...args) => {
    if (flushes++ < 2) await call('POST', '/flush', { ticket_ids: [flushes] })
    return await count(...args)
  }
  t.strictSame((await call('GET', '/tickets/counts?group_by=status')).body.counts, { closed: 20 })
  t.ok(flushes > 2, 'it has counted again')
})

t.test('a ticket whose older version is acknowledged after the newer one is counted', async t => {
  const service = await createService(t)
  const { call, app: { tickets: { database, shards } } } = service
  const { dueIndex } = shards.all[0]!
  await built(service)
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  const { lease, tickets, firstVersions } = await dueIndex.claim({ leaseMs: 30_000, ticketsMax: 10 })
  await database.upsert(tickets, firstVersions)
  await call('PATCH', '/tickets/1', { subject: 'newer' })
  t.match((await call('POST', '/flush')).body, { synced: 1, remaining: 0 })
  await dueIndex.acknowledge(lease, tickets)
  t.strictSame(...await compareIndexes(service))
  t.strictSame((await call('GET', '/tickets/counts?group_by=assigned_to')).body.counts, { none: 1 })
})

t.test('bad input', async t => {
  const { call } = await createService(t)
  for (const [query, pointer] of Object.entries({ '': '/group_by', 'group_by=subject': '/group_by', 'group_by=status&sort=ticket_id': '/sort', 'group_by=status&status=nonsense': '/status/0' })) {
    t.match(await call('GET', `/tickets/counts?${query}`), { status: 400, body: { code: 'validation_failed', errors: [{ pointer }] } }, query)
  }
})
