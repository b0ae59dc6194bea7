import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { createIndexStore } from '../../src/store/index-store.ts'
import { repeatableScripts } from '../../src/store/scripts.ts'
import { loadNewer } from '../../src/sync/reconcile.ts'
import { createKeys } from '../../src/tickets/keys.ts'
import { createService, createStores, eventually, type Service } from '../helper.ts'
import { compareIndexes } from './indexes.ts'

const shardOf = ({ app }: Service) => app.tickets.shards.all[0]!

/** Until the indexes have been built for the first time. */
const built = ({ redis, prefix }: Service) => eventually(async () => {
  if (await redis.hget(`${prefix}tickets:index`, 'state') !== '5') throw new Error('the indexes are not built')
})

const TICKETS = 6
const nth = fc.nat(TICKETS - 1)
const status = fc.constantFrom('open', 'pending', 'closed')
const agent = fc.constantFrom(undefined, null, 3, 40_000)

/** What may befall tickets: by callers, by the flush, by operators, by MySQL. Each is done to ids that other runs do not have. */
const step = fc.oneof(
  fc.record({ op: fc.constant('create' as const), nth, customer: fc.integer({ min: 1, max: 20 }), status, agent }),
  fc.record({ op: fc.constant('update' as const), nth, status: fc.option(status), agent }),
  fc.record({ op: fc.constantFrom('delete' as const, 'erase' as const), nth }),
  fc.record({ op: fc.constant('batch' as const), nth, status, agent }),
  fc.record({ op: fc.constantFrom('flush' as const, 'flush all' as const, 'claim' as const, 'acknowledge' as const, 'release' as const, 'refuse' as const, 'redrive' as const) }),
  fc.record({ op: fc.constantFrom('newer in mysql' as const, 'gone from mysql' as const, 'expired' as const), nth }),
)

t.test('whatever happens, the indexes are those of the tickets that are due or dead', async t => {
  const service = await createService(t)
  const { call, redis, prefix, sql } = service
  await built(service)
  let runs = 0
  let isResynced = false
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async steps => {
    // Far apart, and in other ranges.
    const first = ++runs * 700
    const claims: Awaited<ReturnType<ReturnType<typeof shardOf>['dueIndex']['claim']>>[] = []
    for (const one of steps) {
      const id = first + ('nth' in one ? one.nth : 0)
      const { dueIndex } = shardOf(service)
      switch (one.op) {
        case 'create': await call('POST', `/tickets/${id}`, { customer_id: one.customer, status: one.status, ...(one.agent && { assigned_to: one.agent }) }); break
        case 'update': await call('PATCH', `/tickets/${id}`, { subject: 'x', ...(one.status && { status: one.status }), ...(one.agent !== undefined && { assigned_to: one.agent }) }); break
        case 'delete': await call('DELETE', `/tickets/${id}`); break
        case 'erase': await service.app.tickets.repository.write([{ op: 'erase', ticket_id: id, customerId: Number((await service.hash(id)).customer_id), upToMs: Date.now() + 3_600_000 }]); break
        case 'batch': await call('POST', '/tickets/batch', {
          operations: [
            { op: 'create', ticket_id: id, customer_id: 9 }, { op: 'update', ticket_id: id, status: one.status, ...(one.agent !== undefined && { assigned_to: one.agent }) },
            { op: 'update', ticket_id: id, status: 'open' }, { op: 'create', ticket_id: id + TICKETS, customer_id: 9 }, { op: 'delete', ticket_id: id + TICKETS },
          ],
        }); break
        case 'flush': await call('POST', '/flush'); break
        case 'flush all': await call('POST', '/flush', { scope: 'all' }); break
        case 'claim': claims.push(await dueIndex.claim({ leaseMs: 30_000, ticketsMax: 3 })); break
        case 'acknowledge': for (const { lease, tickets } of claims.splice(0)) {
          await service.app.tickets.database.upsert(tickets)
          await dueIndex.acknowledge(lease, tickets)
        } break
        case 'release': for (const claim of claims.splice(0)) await dueIndex.release(claim); break
        case 'refuse': for (const { lease, tickets } of claims.splice(0)) {
          await dueIndex.retry(lease, tickets.map(({ ticket_id: ticketId, version }) => ({ ticketId, version, isFinal: true, reason: 'refused' })))
        } break
        case 'redrive': await call('POST', '/flush/dead/retry', {}); break
        case 'newer in mysql':
          await sql.query('UPDATE wp_support_tickets SET version = version + 5000, status = \'pending\' WHERE ticket_id = ? AND deleted_at IS NULL', [id])
          await loadNewer(service.app.tickets.shards, [id])
          break
        case 'gone from mysql':
          await sql.query('DELETE FROM wp_support_tickets WHERE ticket_id = ?', [id])
          await call('POST', '/resync', { ticket_ids: [id] })
          break
        case 'expired': if (await redis.ttl(`${prefix}ticket:${id}`) > 0) await redis.del(`${prefix}ticket:${id}`)
      }
      // A flush that a resync has woken may end between the two looks, of this step or a later one, or of a later run.
      isResynced ||= one.op === 'gone from mysql'
      const look = async () => { assert.deepEqual(...await compareIndexes(service, claims.flatMap(({ tickets }) => tickets.map(({ ticket_id: claimed }) => claimed))), one.op) }
      await (isResynced ? eventually(look) : look())
    }
  }), { numRuns: 25, endOnFailure: true })
  t.equal(await redis.hget(`${prefix}tickets:index`, 'state'), '5', 'they were never built again')
})

t.test('after an upgrade they are built, and so they are when they are found wrong', async t => {
  const stores = await createStores(t)
  const before = await createService(t, {}, stores)
  await built(before)
  await before.call('POST', '/tickets/batch', { operations: Array.from({ length: 400 }, (_, i) => ({ op: 'create', ticket_id: 1 + i * 7, customer_id: 1 + i % 30, ...(i % 3 && { assigned_to: i % 3 }) })) })
  await before.call('DELETE', '/tickets/8')
  await before.app.close()
  const { redis, prefix } = stores
  const spoil = {
    'an older version has never had them': async () => { await redis.del(await redis.keys(`${prefix}tickets:index*`)) },
    'an older instance has marked a ticket': async () => {
      await redis.hset(`${prefix}ticket:9999`, { ticket_id: 9999, customer_id: 1, status: 'open', created_at: 1, updated_at: 1, version: 1 })
      await redis.zadd(`${prefix}tickets:due`, 'inf', '9999')
    },
    'another program has removed a mark': async () => { await redis.zrem(`${prefix}tickets:due`, '1') },
    'another program has made them what they are not': async () => {
      await redis.set(`${prefix}tickets:index`, 'x')
      await redis.set(`${prefix}tickets:index:assignee`, 'x')
    },
  }
  for (const [name, work] of Object.entries(spoil)) {
    await work()
    const service = await createService(t, {}, stores)
    await service.lines.waitFor(({ msg }) => msg === 'the indexes of the unsynced tickets were built')
    t.strictSame(...await compareIndexes(service), name)
    await service.app.close()
  }
  const last = await createService(t, {}, stores)
  await last.call('POST', '/flush')
  t.notOk(last.lines.all.some(({ msg }) => msg === 'the indexes of the unsynced tickets were built'), 'what is whole stays')
})

t.test('a ticket that has vanished has them built again', async t => {
  const service = await createService(t)
  const { call, redis, prefix, app, lines } = service
  await built(service)
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('POST', '/tickets/2', { customer_id: 1 })
  await redis.del(`${prefix}ticket:1`)
  await call('POST', '/flush')
  const count = () => lines.all.filter(({ msg }) => msg === 'the indexes of the unsynced tickets were built').length
  const before = count()
  app.tickets.sync.reindex.look()
  await eventually(async () => { if (count() === before) throw new Error('not built yet') })
  t.strictSame(...await compareIndexes(service))
})

t.test('a dead letter that is brought back while they are built, and a ticket that dies meanwhile, are in them', async t => {
  const service = await createService(t)
  const { redis, prefix, app, config } = service
  await built(service)
  for (const id of [1, 2]) await service.call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  const [due, dead] = [`${prefix}tickets:due`, `${prefix}tickets:dead`]
  const scripts = repeatableScripts(app.redis.shards[0]!)
  /** The ticket changes its place when this part of the marks has been looked through. */
  const rebuild = async (after: number, from: string, to: string, id: string) => {
    await redis.zrem(to === dead ? due : dead, id)
    await redis.zrem(to, id)
    await redis.zadd(from, 1, id)
    await redis.hdel(`${prefix}tickets:index`, 'state')
    let builds = 0
    const reindex: typeof scripts.reindex = async (keys, args) => {
      const reply = await scripts.reindex(keys, args)
      if (args[0] === 'build' && (builds += 1) === after) await redis.multi().zrem(from, id).zadd(to, 1, id).exec()
      return reply
    }
    const store = createIndexStore({ ...scripts, reindex }, createKeys(config.KEY_PREFIX))
    t.equal(await store.rebuild('test', 60_000, new AbortController().signal, () => {}), true)
    t.strictSame(...await compareIndexes(service))
  }
  await rebuild(1, dead, due, '1')
  await rebuild(1, due, dead, '1')
})
