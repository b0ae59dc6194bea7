import t, { type Test } from 'tap'
import type { Node } from '../../src/redis/node.ts'
import type { Shard } from '../../src/redis/servers.ts'
import { createTicketStore } from '../../src/store/store.ts'
import { createKeys } from '../../src/tickets/keys.ts'
import { createStrategy } from '../../src/tickets/strategy.ts'
import { createBudget } from '../../src/util/budget.ts'
import { createService, eventually, type Variables } from '../helper.ts'

const COUNT = 4

const ids = Array.from({ length: 8 }, (_, i) => i + 1)

const create = (id: number) => ({ op: 'create', ticket_id: id, fields: { customer_id: 1, subject: 'first' } }) as const

const update = (id: number, subject: string) => ({ op: 'update', ticket_id: id, fields: { subject } }) as const

/** A store of several partitions, as in a Cluster, whose servers the test decides on. */
async function createPartitions (t: Test, variables: Variables = {}) {
  const { app, redis, prefix } = await createService(t, variables)
  const node = app.redis.shards[0]!.owner()!
  const tags = Array.from({ length: COUNT }, (_, i) => `{${i}}`)
  const owners: (Node | undefined)[] = tags.map(() => node)
  const trusted = tags.map(() => true)
  const calls: { name: string, prefixes: string[] }[] = []
  const spy = (other = ''): Node => ({
    ...node,
    run: async (script, keys, args) => {
      calls.push({ name: `${script.name}${other}`, prefixes: args.filter((arg): arg is string => typeof arg === 'string' && arg.endsWith('}')) })
      return await node.run(script, keys, args)
    },
  })
  const one = spy()
  owners.fill(one)
  const asked: string[] = []
  const partitions = tags.map((tag, i) => {
    const keys = createKeys(prefix, tag)
    const shard: Shard = {
      tag,
      on: () => {},
      isReady: () => true,
      owner: () => owners[i],
      call: async work => {
        if (!owners[i]) throw new Error("Stream isn't writeable")
        return await work(owners[i]).catch((error: unknown) => {
          asked.push(`${tag}: ${(error as Error).message}`)
          throw error
        })
      },
    }
    return { shard, keys, isTrusted: () => trusted[i]! }
  })
  for (const { keys } of partitions) await redis.hset(keys.archived, '0', '0')
  let operations = 0
  const store = createTicketStore({
    partitions,
    partitioning: { count: partitions.length, block: 1 },
    closedStatuses: ['closed', "it's \"closed\" \\ ü"],
    defaultStatus: 'open',
    onCorrupt: () => {},
    writeBudget: createBudget(1000),
    readBudget: createBudget(1000),
    strategy: createStrategy('hybrid', 100),
    commandTimeoutMs: 1000,
    retentionSeconds: 1000,
    idempotencySeconds: 1000,
    changesSeconds: 1000,
    onWrite: count => { operations += count },
  })
  return { store, partitions, owners, trusted, calls, spy, redis, prefix, asked, written: () => operations }
}

t.test('what is asked of the partitions of a server in one turn is one call', async t => {
  const { store, partitions, calls, redis, prefix, written } = await createPartitions(t)
  const created = await Promise.all([store.write(ids.map(create)), store.write([create(9)]), store.write([create(10)])])
  t.match(created.flat(), [...ids, 9, 10].map(id => ({ ticket: { ticket_id: id, subject: 'first' } })), 'answers stand in the order of what was asked')
  t.strictSame(calls, [{ name: 'write', prefixes: ['{1}', '{2}', '{3}', '{0}'].map(tag => prefix + tag) }])
  t.equal(written(), 10)
  for (const [i, { keys }] of partitions.entries()) {
    const own = [...ids, 9, 10].filter(id => id % COUNT === i).map(String)
    t.strictSame((await redis.zrange(keys.due, 0, '-1')).sort(), own.toSorted(), 'marks are in their partition')
    t.equal(await redis.hget(keys.index, 'status:open'), String(own.length), 'and so are the indexes')
    const [entry] = await redis.xrange(keys.changes, '-', '+')
    t.strictSame(entry![1], ['ids', own.join()], 'and the change log')
  }
  calls.length = 0
  t.match(await Promise.all(ids.map(async id => (await store.read([id]))[0])), ids.map(id => ({ ticket: { ticket_id: id } })))
  t.match(await store.read([3, 99, 4]), [{ ticket: { ticket_id: 3 } }, { reason: 'not_held' }, { ticket: { ticket_id: 4 } }])
  t.strictSame(calls.map(({ name, prefixes }) => [name, prefixes.length]), [['read', 4], ['read', 2]])
})

t.test('a status with any character closes a ticket', async t => {
  const { store } = await createPartitions(t)
  t.match(await store.write([{ op: 'create', ticket_id: 1, fields: { customer_id: 1, status: "it's \"closed\" \\ ü" } }, update(1, 'x')]), [{}, { ticket: { closed_at: Number } }])
})

t.test('a partition that is refused leaves the others alone, and its shard is asked why', async t => {
  const { store, partitions, redis, asked } = await createPartitions(t)
  await store.write(ids.map(create))
  await redis.set(partitions[2]!.keys.due, 'no sorted set')
  const answers = await store.write(ids.map(id => update(id, 'second')))
  t.match(answers.filter((_, i) => ids[i]! % COUNT === 2), [{ code: 'store_unavailable', cause: { kind: 'refused', message: /is no sorted set/ } }, { code: 'store_unavailable' }])
  t.match(answers.filter((_, i) => ids[i]! % COUNT !== 2), Array.from({ length: 6 }, () => ({ ticket: { subject: 'second' } })))
  t.equal(await redis.hget(partitions[2]!.keys.ticket(2), 'subject'), 'first', 'nothing was changed')
  await eventually(async () => { if (asked.length === 0) throw new Error('not asked yet') })
  t.match(asked, [/^\{2\}: .*WRONGTYPE/], 'once')
})

t.test('an id whose key cannot be read', async t => {
  const { store, partitions, redis } = await createPartitions(t)
  await store.write(ids.map(create))
  await redis.del(partitions[1]!.keys.ticket(1))
  await redis.set(partitions[1]!.keys.ticket(1), 'no hash')
  t.match(await store.read([1, 2]), [{ code: 'internal_error' }, { ticket: { ticket_id: 2 } }])
})

t.test('each server has a call of its own, and what one fails with is no failure of the other', async t => {
  const { store, owners, calls, spy } = await createPartitions(t)
  owners[1] = spy('-other')
  owners[2] = { ...owners[1], run: async () => { throw new Error('Command timed out') } }
  owners[3] = undefined
  const answers = await store.write(ids.map(create))
  t.match(answers, ids.map(id => [{ ticket: { ticket_id: id } }, { ticket: { ticket_id: id } }, { code: 'outcome_unknown' }, { code: 'store_unavailable' }][id % COUNT]))
  t.strictSame(calls.map(({ name, prefixes }) => [name, prefixes.length]).sort(), [['write', 1], ['write-other', 1]])
  t.match((await store.read(ids)).map(found => found && 'code' in found ? found.code : 'found'), ids.map(id => ['found', 'found', 'store_unavailable', 'store_unavailable'][id % COUNT]))
})

t.test('a partition that gets another server while a write waits is asked there, and not before that is trusted', async t => {
  const { store, owners, trusted, calls, spy, partitions, redis } = await createPartitions(t)
  const moved = store.write([create(1)])
  const kept = store.write([create(2)])
  const lost = store.write([create(3)])
  owners[1] = spy('-other')
  trusted[3] = false
  t.match([...await moved, ...await kept], [{ ticket: { ticket_id: 1 } }, { ticket: { ticket_id: 2 } }])
  t.match(await lost, [{ code: 'store_unavailable', cause: { kind: 'refused' } }])
  t.equal(await redis.exists(partitions[3]!.keys.ticket(3)), 0)
  t.strictSame(calls.map(({ name }) => name).sort(), ['write', 'write-other'])
})

t.test('what a call has not begun with is in the next one, whatever its partition', async t => {
  const { store, calls } = await createPartitions(t)
  const custom_fields = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, 'x'.repeat(1000)]))
  for (const id of ids) await store.write([{ op: 'create', ticket_id: id, fields: { customer_id: 1, custom_fields } }])
  calls.length = 0
  const answers = await Promise.all(ids.map(async id => (await store.write([update(id, `of ${id}`)]))[0]))
  t.match(answers, ids.map(id => ({ ticket: { ticket_id: id, subject: `of ${id}` } })))
  t.ok(calls.length >= ids.length / 2, `${calls.length} calls`)
})
