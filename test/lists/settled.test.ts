/** Counts by status come from Redis alone, once MySQL has counted its rows. */
import t from 'tap'
import { createService, eventually, type Service } from '../helper.ts'

const built = ({ call }: Pick<Service, 'call'>) => eventually(async () => {
  if ((await call('GET', '/tickets/counts?group_by=status')).status !== 200) throw new Error('the indexes are not built')
})

const counts = async ({ call }: Pick<Service, 'call'>, query = ''): Promise<Record<string, number>> => (await call('GET', `/tickets/counts?group_by=status${query}`)).body.counts

/** How often MySQL has counted since. */
function watch ({ app: { tickets: { database } } }: Pick<Service, 'app'>): () => number {
  const count = database.count
  let times = 0
  database.count = async (...args) => {
    times += 1
    return await count(...args)
  }
  return () => times
}

const create = (ids: readonly number[], status: string) => ({ operations: ids.map(id => ({ op: 'create', ticket_id: id, customer_id: 1, status })) })
const upTo = (n: number, from = 1) => Array.from({ length: n }, (_, i) => from + i)

t.test('MySQL counts its rows once, whatever becomes of tickets afterwards', async t => {
  const service = await createService(t)
  const { call, redis, prefix } = service
  await built(service)
  const times = watch(service)
  await call('POST', '/tickets/batch', create(upTo(20), 'closed'))
  await call('POST', '/tickets/batch', create(upTo(10, 21), 'open'))
  t.strictSame(await counts(service), { closed: 20, open: 10 }, 'unsynced')
  await call('POST', '/flush', { scope: 'all' })
  t.strictSame(await counts(service), { closed: 20, open: 10 }, 'in MySQL')
  t.strictSame(await counts(service, '&status=open'), { open: 10 }, 'of one status')
  await call('POST', '/tickets/batch', { operations: [1, 2, 21].flatMap(id => [{ op: 'update', ticket_id: id, status: 'pending' }, { op: 'update', ticket_id: id, subject: 'again' }]) })
  t.strictSame(await counts(service), { closed: 18, open: 9, pending: 3 }, 'changed')
  await call('POST', '/flush', { scope: 'all' })
  await call('POST', '/flush', { ticket_ids: [1, 2, 21] })
  t.strictSame(await counts(service), { closed: 18, open: 9, pending: 3 }, 'and in MySQL again')
  await call('DELETE', '/tickets/3')
  await call('PATCH', '/tickets/4', { status: 'open' })
  await call('DELETE', '/tickets/4')
  t.strictSame(await counts(service), { closed: 16, open: 9, pending: 3 }, 'deleted')
  await call('POST', '/flush', { scope: 'all' })
  t.strictSame(await counts(service), { closed: 16, open: 9, pending: 3 }, 'and so in MySQL')
  for (const id of upTo(10, 5)) await redis.del(`${prefix}ticket:${id}`)
  await call('PATCH', '/tickets/5', { status: 'open' })
  t.strictSame(await counts(service), { closed: 15, open: 10, pending: 3 }, 'what MySQL alone had')
  t.equal(times(), 0, 'MySQL has counted before the first of them')
})

t.test('it counts again where it holds more or less than Redis has brought to it', async t => {
  const service = await createService(t)
  const { call, sql } = service
  await built(service)
  await call('POST', '/tickets/batch', create(upTo(5), 'closed'))
  await call('POST', '/flush', { scope: 'all' })
  const times = watch(service)
  await sql.query('DELETE FROM wp_support_tickets WHERE ticket_id = 1')
  await call('POST', '/resync', { ticket_ids: [1] })
  t.strictSame(await counts(service), { closed: 5 }, 'a row that was gone is due again, and not in MySQL')
  await call('POST', '/flush', { scope: 'all' })
  t.strictSame(await counts(service), { closed: 5 })
  t.ok(times() > 0, 'it has counted')
})

t.test('all who ask for the first count wait for the same one', async t => {
  const service = await createService(t)
  const { call, redis, prefix } = service
  await built(service)
  await call('POST', '/tickets/batch', create(upTo(5), 'closed'))
  await redis.hincrby(`${prefix}tickets:index`, 'settled_epoch', 1)
  const times = watch(service)
  const answers = await Promise.all(Array.from({ length: 8 }, () => counts(service)))
  t.strictSame(answers, Array.from({ length: 8 }, () => ({ closed: 5 })))
  t.equal(times(), 1)
})

t.test('what Redis fails with while MySQL counts is said so', async t => {
  const service = await createService(t)
  const { call, app: { tickets: { database } } } = service
  await built(service)
  const count = database.count
  database.count = async (filters, by, except, _isCurrent, timeoutMs) => await count(filters, by, except, async () => { throw new Error('it does not come here') }, timeoutMs)
  t.match(await call('GET', '/tickets/counts?group_by=category'), { status: 503 })
})

t.test('what MySQL has taken and Redis does not know of is counted once', async t => {
  const service = await createService(t, { FLUSH_MAX_ATTEMPTS: 100 })
  const { call, app: { tickets: { database, sync } }, redis, prefix } = service
  await built(service)
  const check = async (when: string) => {
    for (const by of ['status', 'assigned_to']) {
      await redis.hincrby(`${prefix}tickets:index`, 'settled_epoch', 1)
      t.strictSame((await call('GET', `/tickets/counts?group_by=${by}`)).body.counts, by === 'status' ? { closed: 4 } : { none: 4 }, `${when}: by ${by}`)
    }
  }
  const upsert = database.upsert
  database.upsert = async (...args) => {
    await upsert(...args)
    await check('while the flush goes on')
    throw new Error('the connection was lost after COMMIT')
  }
  await call('POST', '/tickets/batch', create(upTo(4), 'closed'))
  await call('POST', '/flush')
  await check('when it has failed')
  await redis.hdel(`${prefix}tickets:index`, 'state')
  sync.reindex.look()
  await built(service)
  await check('when the indexes were built anew')
  database.upsert = upsert
  await call('POST', '/flush', { ticket_ids: upTo(4) })
  t.strictSame(await counts(service), { closed: 4 }, 'and when it has succeeded')
})
