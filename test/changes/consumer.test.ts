import fc from 'fast-check'
import t, { type Test } from 'tap'
import { createService, createStores, eventually, type Service } from '../helper.ts'

interface Told { ticket_id: number, version: number, deleted: boolean, ticket: object | null }

interface Consumer {
  /** The newest of each ticket. */
  held: Map<number, Told>
  /** What it has kept when it was killed: the cursor is kept after the changes before it. */
  cursor: string | undefined
  snapshots: number
}

/** Takes one page as a consumer does that may be killed between any two steps. */
async function take (t: Test, { call }: Pick<Service, 'call'>, consumer: Consumer, limit: number, killed: 'never' | 'before it has kept anything' | 'before it has kept the cursor') {
  const { status, body } = await call('GET', `/changes?limit=${limit}${consumer.cursor === undefined ? '' : `&since=${consumer.cursor}`}`)
  t.equal(status, 200)
  if (killed === 'before it has kept anything') return true
  for (const change of body.changes as Told[]) {
    const known = consumer.held.get(change.ticket_id)
    if (!known || known.version <= change.version) consumer.held.set(change.ticket_id, change)
  }
  if (killed === 'before it has kept the cursor') return true
  consumer.cursor = body.next_cursor
  return body.has_more as boolean
}

const step = fc.record({
  ids: fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 }),
  kind: fc.constantFrom('create', 'update', 'update', 'close', 'delete', 'flush', 'flush all', 'evict'),
  limit: fc.constantFrom(1, 3, 20, 1000),
  killed: fc.constantFrom('never' as const, 'never' as const, 'before it has kept anything' as const, 'before it has kept the cursor' as const),
  subject: fc.string({ maxLength: 20 }),
})

const OPERATIONS: Record<string, object> = { create: { op: 'create', customer_id: 1 }, update: { op: 'update' }, close: { op: 'update', status: 'closed' }, delete: { op: 'delete' } }

t.test('a consumer that is killed again and again holds in the end what there is, whatever was written, closed, deleted and flushed', async t => {
  const stores = await createStores(t)
  const services = [await createService(t, {}, stores), await createService(t, {}, stores)] as const
  const [{ redis, prefix }] = services
  await eventually(async () => { if ((await services[0].call('GET', '/changes')).status !== 200) throw new Error('the indexes are not built') })
  const consumers = Array.from({ length: 3 }, (): Consumer => ({ held: new Map(), cursor: undefined, snapshots: 0 }))
  const steps = fc.sample(step, { numRuns: 250, seed: 11 })
  for (const [turn, { ids, kind, limit, killed, subject }] of steps.entries()) {
    const { call } = services[turn % 2]!
    const write = async () => {
      if (OPERATIONS[kind]) await call('POST', '/tickets/batch', { operations: ids.map(id => ({ ticket_id: id, ...OPERATIONS[kind], ...(kind === 'update' && { subject }) })) })
      else if (kind === 'evict') for (const id of ids) if (await redis.ttl(`${prefix}ticket:${id}`) > 0) await redis.del(`${prefix}ticket:${id}`)
      if (kind.startsWith('flush')) await call('POST', '/flush', kind === 'flush' ? {} : { scope: 'all' })
    }
    // The third begins late, and its snapshot meets all states.
    const readers = consumers.slice(0, turn < 120 ? 2 : 3)
    await Promise.all([write(), ...readers.map((consumer, i) => take(t, services[i % 2]!, consumer, limit, i === 0 ? 'never' : killed))])
  }
  for (const consumer of consumers) while (await take(t, services[0], consumer, 7, 'never'));

  const ids = Array.from({ length: 60 }, (_, i) => i + 1)
  const { body } = await services[0].call('GET', `/tickets?ids=${ids.join()}`)
  const there = new Map<number, { version: number }>(body.tickets.map((ticket: { ticket_id: number, version: number }) => [ticket.ticket_id, ticket]))
  t.ok(there.size > 5 && there.size < 60, `${there.size} tickets`)
  const withoutSynced = (ticket: object | null | undefined) => ({ ...ticket, synced_version: null })
  for (const [i, { held }] of consumers.entries()) {
    const told = [...held.values()].filter(({ deleted }) => !deleted)
    t.strictSame(told.map(({ ticket_id: id }) => id).sort((a, b) => a - b), [...there.keys()], `consumer ${i}`)
    for (const { ticket_id: id, ticket } of told) t.strictSame(withoutSynced(ticket), withoutSynced(there.get(id)), `consumer ${i}, ticket ${id}`)
  }
})
