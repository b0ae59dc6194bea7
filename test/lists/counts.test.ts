import t from 'tap'
import { createListStore } from '../../src/store/list-store.ts'
import { repeatableScripts } from '../../src/store/scripts.ts'
import { createKeys } from '../../src/tickets/keys.ts'
import type { Ticket } from '../../src/tickets/ticket.ts'
import { createSemaphore } from '../../src/util/semaphore.ts'
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

t.test('what no index has is counted of any number of tickets that wait, and of none twice when they change meanwhile', async t => {
  const service = await createService(t)
  const { call, app } = service
  await built(service)
  await createMany(service, 5000)
  await call('POST', '/tickets/batch', { operations: Array.from({ length: 60 }, (_, i) => ({ op: 'create', ticket_id: 9000 + i, customer_id: 2, assigned_to: 8 + i % 2, status: 'closed' })) })
  await call('POST', '/tickets/batch', { operations: Array.from({ length: 500 }, (_, i) => ({ op: 'update', ticket_id: 1 + 10 * i, assigned_to: i % 2 ? 8 : null, category: 'rare', status: 'pending' })) })
  const counts = async (query: string) => (await call('GET', `/tickets/counts?${query}`)).body.counts
  const check = async (when: string) => {
    t.strictSame(await counts('group_by=assigned_to&status=open,pending'), { 7: 4500, 8: 250, none: 250 }, when)
    t.strictSame(await counts('group_by=assigned_to&status=pending'), { 8: 250, none: 250 }, when)
    t.strictSame(await counts('group_by=category'), { rare: 500, none: 4560 }, when)
    t.strictSame(await counts('group_by=status&assigned_to=7,none'), { open: 4500, pending: 250 }, when)
    t.strictSame(await counts('group_by=status&customer_id=1&category=rare'), { pending: 500 }, when)
    t.strictSame(await counts('group_by=priority&created_until=1'), {}, when)
    t.strictSame(await counts('group_by=status&customer_id=1&assigned_to=8'), { pending: 250 }, `${when}: gone through by the agent`)
    t.strictSame(await counts('group_by=status&customer_id=2&assigned_to=8'), { closed: 30 }, `${when}: gone through by the customer`)
  }
  await check('at rest')
  // Between two steps of a pass tickets go to where it has been, and to where it has not.
  let steps = 0
  const moves: Promise<unknown>[] = []
  app.redis.calls.on('ended', name => {
    if (name !== 'pass') return
    steps += 1
    for (const id of [2, 2502, 4998]) moves.push(call('PATCH', `/tickets/${id}`, { status: steps % 2 ? 'pending' : 'open' }))
  })
  t.strictSame(await counts('group_by=assigned_to&status=open,pending'), { 7: 4500, 8: 250, none: 250 }, 'while tickets change')
  await Promise.all(moves)
  t.ok(steps >= 5, `${steps} steps`)
})

t.test('an entry whose hash is gone is counted nowhere', async t => {
  const service = await createService(t)
  const { call, redis, prefix } = service
  await built(service)
  await call('POST', '/tickets/batch', { operations: [1, 2, 3].map(id => ({ op: 'create', ticket_id: id, customer_id: 1, assigned_to: 7 })) })
  await redis.del(`${prefix}ticket:2`)
  for (const [query, counts] of [['group_by=status&status=open&customer_id=1', { open: 2 }], ['group_by=priority&status=open', { none: 2 }], ['group_by=assigned_to&status=open', { 7: 2 }]] as const) {
    t.strictSame((await call('GET', `/tickets/counts?${query}`)).body.counts, counts, query)
  }
})

t.test('a pass ends when it takes too long, or nobody waits for it', async t => {
  const service = await createService(t)
  const { app, config } = service
  const { list: { count, list } } = app.tickets.shards.all[0]!
  await built(service)
  await createMany(service, 1500)
  const real = repeatableScripts(app.redis.shards[0]!)
  let steps = 0
  let onStep = () => {}
  // One that never comes to the end.
  const pass: typeof real.pass = async (keys, args) => {
    const [, ...rest] = JSON.parse(await real.pass(keys, args) as string) as unknown[]
    steps += 1
    onStep()
    return JSON.stringify(['1', ...rest])
  }
  const turns = createSemaphore(1)
  const endless = (timeoutMs: number) => createListStore({ ...real, pass }, createKeys(config.KEY_PREFIX), () => { throw new Error('no hash is asked for') }, { steps: turns, timeoutMs })
  const query = { filters: {}, sort: { field: 'updated_at', isDescending: true }, limit: 10 } as const
  await t.rejects(endless(50).list(query, false, { caller: 'a' }), { code: 'overloaded', status: 503, message: /within 0.05 s.*customer_id/ })
  const gone = new AbortController()
  steps = 0
  onStep = () => { if (steps === 3) gone.abort() }
  await t.rejects(endless(60_000).count({}, 'category', { caller: 'a', gone: gone.signal }), { code: 'overloaded' })
  // Of those who wait each has its turn.
  for (let turn = 0; turn < 3; turn += 1) await turns('another', 1).then(release => { release() })
  t.equal(steps, 3, 'no step is begun any more')
  t.equal((await list(query, false, { caller: 'a' })).positions.length, 10, 'others go on')
  t.strictSame((await count({}, 'category', { caller: 'a' })).counts, new Map([['', 1500]]))
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

t.test('a count does not begin anew for longer than a caller waits', async t => {
  const service = await createService(t)
  const { call, app: { tickets: { database } } } = service
  await built(service)
  let attempts = 0
  const { now } = performance
  t.teardown(() => { performance.now = now })
  // Each time tickets have been brought to MySQL meanwhile, and 3 s have passed.
  database.count = async () => {
    attempts += 1
    const at = now.call(performance) + attempts * 3000
    performance.now = () => at
    return undefined
  }
  t.match(await call('GET', '/tickets/counts?group_by=priority'), { status: 503, body: { code: 'store_unavailable', detail: /faster than they can be counted/ } })
  t.equal(attempts, 4)
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
