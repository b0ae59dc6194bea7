import t from 'tap'
import { paceOf } from '../../src/util/pace.ts'
import { createTraffic } from '../../src/util/traffic.ts'
import { createService } from '../helper.ts'
import { closed, watchCalls } from './calls.ts'

const MINUTE_MS = 60_000

t.test('a whole batch where nobody is served, however old the backlog', async t => {
  for (const ageMs of [0, 10 * MINUTE_MS]) t.equal(paceOf(500, false, ageMs), 500)
})

t.test('beside requests a modest one, which grows with the age of the backlog until it is whole', async t => {
  t.equal(paceOf(500, true, 0), 20)
  t.equal(paceOf(500, true, MINUTE_MS), 20, 'a minute is no reason to hurry')
  const sizes = [1, 2, 3, 4, 5].map(minutes => paceOf(500, true, minutes * MINUTE_MS))
  t.strictSame(sizes, sizes.toSorted((a, b) => a - b))
  t.equal(new Set(sizes).size, sizes.length)
  t.equal(paceOf(500, true, 5 * MINUTE_MS), 500)
  t.equal(paceOf(500, true, 100 * MINUTE_MS), 500, 'and no more')
})

t.test('what is modest already stays as it is', async t => {
  for (const size of [1, 19, 20]) t.equal(paceOf(size, true, 0), size)
})

t.test('requests count that have come since the last look, for all who look within some milliseconds', async t => {
  let now = 1000
  const traffic = createTraffic(() => now)
  t.equal(traffic.isServing(), false)
  traffic.count()
  t.equal(traffic.isServing(), false, 'nobody has looked for long enough')
  now += 20
  t.equal(traffic.isServing(), true)
  t.equal(traffic.isServing(), true, 'nor is the second of two told something else')
  now += 20
  t.equal(traffic.isServing(), false)
  now += 1000
  traffic.count()
  traffic.discount()
  t.equal(traffic.isServing(), false, 'long work is not beside itself')
})

t.test('beside requests a pass takes small batches, one after the other', async t => {
  const { app, call } = await createService(t)
  await call('POST', '/tickets/batch', closed(160))
  const { names, calls } = watchCalls(app)
  // Somebody is served during each batch.
  const requests: Promise<unknown>[] = []
  const serve = (name: string) => { if (name === 'claim') requests.push(call('GET', '/health/live')) }
  calls.on('ended', serve)
  t.match((await call('POST', '/flush')).body, { claimed: 160, synced: 160 })
  calls.off('ended', serve)
  t.strictSame(names, Array.from({ length: 8 }, () => ['claim', 'acknowledge']).flat())
  await Promise.all(requests)
})

t.test('a backlog that has grown old is pushed in larger batches, beside requests too', async t => {
  const { app, call, redis, prefix } = await createService(t)
  for (let first = 1; first <= 1000; first += 500) await call('POST', '/tickets/batch', closed(500, first))
  const due = await redis.zrange(`${prefix}tickets:due`, '0', '-1')
  const threeMinutesAgo = Date.now() - 3 * MINUTE_MS
  await redis.zadd(`${prefix}tickets:due`, ...due.flatMap(id => [threeMinutesAgo, id]))
  const { database } = app.tickets
  const { upsert } = database
  const sizes: number[] = []
  database.upsert = async tickets => {
    sizes.push(tickets.length)
    await call('GET', '/health/live')
    return await upsert(tickets)
  }
  await call('POST', '/flush')
  t.equal(sizes[0], 20, 'its age is not known yet')
  t.ok(sizes[1]! >= 260 && sizes[1]! < 286, `then ${sizes[1]!}`)
})

t.test('the last pass of a service that stops does not hold back, although the last requests came just before', async t => {
  const { app, call } = await createService(t)
  await call('POST', '/tickets/batch', closed(160))
  const { names } = watchCalls(app)
  await app.close()
  t.strictSame(names, ['claim', 'acknowledge'])
})
