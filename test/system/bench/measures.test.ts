import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { followAll, followFrom } from '../../../bench/lib/follower.ts'
import { findHeadroom } from '../../../bench/lib/headroom.ts'
import { createProgress } from '../../../bench/lib/progress.ts'
import { writeMany } from '../../../bench/lib/tickets.ts'
import { toRows as changesRows } from '../../../bench/scenarios/changes.ts'
import { toRow as instancesRow } from '../../../bench/scenarios/instances.ts'
import { toRows as listsRows } from '../../../bench/scenarios/lists.ts'
import { Failure } from '../../../scripts/lib/main.mjs'

const slice = (rate: number, p99 = 1) => ({ requests: rate, rate, p50_ms: 1, p99_ms: p99, cpu_us: 20, ids: { first: 1, count: 100 } })

t.test('how long a run still takes is what its measures were said to take, corrected by those before', async t => {
  let ms = 0
  const pass = (minutes: number) => { ms += minutes * 60_000 }
  const progress = createProgress({ minutes: [2, 4, 6], isQuick: false, now: () => ms })
  t.equal(progress.next(), '1 of 3')
  t.equal(progress.left(), 'about 12 min left')
  pass(1)
  t.equal(progress.left(), 'about 11 min left')
  pass(3)
  t.equal(progress.left(), 'about 20 min left', 'it takes twice as long, and so will the others')
  t.equal(progress.next(), '2 of 3')
  t.equal(progress.left(), 'about 20 min left')
  pass(4)
  t.equal(progress.next(), '3 of 3')
  pass(7.5)
  t.equal(progress.left(), 'less than a minute left')
  const quick = createProgress({ minutes: [10, 10], isQuick: true, now: () => 0 })
  quick.next()
  t.equal(quick.left(), 'about 3 min left')
})

t.test('the load is lowered until some processor time is idle', async t => {
  const shares: number[] = []
  const idleAt = (idle: (share: number) => number) => async (share: number) => {
    shares.push(share)
    return idle(share)
  }
  const steps = [1, 0.9, 0.8, 0.3]
  t.strictSame(await findHeadroom('two', steps, idleAt(share => share > 0.8 ? 0.01 : 0.06), true), { share: 0.8, idle: 0.06 })
  t.strictSame(shares.splice(0), [1, 0.9, 0.8])
  t.strictSame(await findHeadroom('two', steps, idleAt(() => 0.5), true), { share: 1, idle: 0.5 }, 'with cores enough nothing is lowered')
  await t.rejects(findHeadroom('two', steps, idleAt(() => 0.01), true), { constructor: Failure, message: /^At 30 % of its load two still leaves only 1\.0 %/ })
  t.strictSame(await findHeadroom('two', steps, idleAt(() => 0.01), false), { share: 0.3, idle: 0.01 }, 'what makes no claim takes the lowest')
})

t.test('two instances beside one, and how far the load was lowered', async t => {
  const row = instancesRow(new Map([['two', [slice(150), slice(160)]], ['one', [slice(100), slice(100)]]]), new Map([['two', { share: 0.8, idle: 0.06 }], ['one', { share: 1, idle: 0.2 }]]), 'each on a core')
  t.match(row, { scenario: 'instances', value: 155, reference: 100, ratio: { median: 1.55 }, bar: null, rounds: 2 })
  t.match(row.detail, /^two at 80 % of saturation, with 6 % of the processor time idle; one at 100 % of saturation, with 20 % .* each on a core$/)
})

t.test('a list is measured by its p99, and by how that grows', async t => {
  const read = (p99: number) => ({ ...slice(200, p99), writes: 9000 })
  const [p99, growth] = listsRows('page', 1_000_000, new Map([['10,000', [read(4), read(5), read(8)]], ['1,000,000', [read(5), read(6), read(8)]]]))
  t.match(p99, { work: 'p99 of the page: 1,000,000 unsynced tickets, 1,000,000 rows in MySQL', value: 6, ratio: null, bar: { value: 10 }, met: true, rounds: 3, detail: 'beside 9,000 PATCH/s' })
  t.match(growth, { beside: '10,000 unsynced tickets, as many rows', value: 6, reference: 5, ratio: { median: 1.2 }, met: true, rounds: 3 })
  t.throws(() => listsRows('page', 1, new Map([['10', [read(1)]]])), /two sizes/)
})

t.test('changes are measured alone, and by what they leave to writes', async t => {
  const [alone, writes] = changesRows(1000, [
    { alone: 31_000, beside: 9000, during: [slice(80), slice(90)], without: [slice(100), slice(100)] },
    { alone: 33_000, beside: 11_000, during: [slice(150)], without: [slice(200)] },
  ])
  t.match(alone, { value: 32_000, unit: 'tickets/s', met: true, rounds: 2 })
  t.match(writes, { values: [85, 150], references: [100, 200], ratio: { median: 0.8 }, met: true, detail: '10,000 tickets/s are read meanwhile' })
})

t.test('what prepares a measure waits for a service that has too much to do, and for nothing else', async t => {
  const statuses = [503, 200]
  let asked = 0
  const server = createServer((_request, response) => {
    asked += 1
    response.statusCode = statuses.shift() ?? 500
    response.end(JSON.stringify({ code: response.statusCode === 503 ? 'overloaded' : 'internal_error' }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const service = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, key: 'k' }
  await writeMany(service, [{}])
  t.equal(asked, 2)
  await t.rejects(writeMany(service, [{}]), /answered with 500/)
  t.equal(asked, 3)
  statuses.push(503)
  await t.rejects(writeMany(service, [{}], 1), /answered with 503/)
})

/** A service whose changes are these pages, each again and again from the last on. */
async function changesServer (t: Test, pages: readonly number[][], hasMore: boolean) {
  const asked: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.url)
    const index = Number(/since=c(\d+)/.exec(request.url ?? '')?.[1] ?? 0)
    const ids = pages[Math.min(index, pages.length - 1)]!
    if (request.headers.authorization !== 'Bearer k') response.statusCode = 401
    response.end(JSON.stringify({ changes: ids.map(id => ({ ticket_id: id })), next_cursor: `c${index + 1}`, has_more: hasMore || index + 1 < pages.length }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { asked, service: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, key: 'k' } }
}

t.test('a consumer has read all when each ticket was told, however often, and others do not count', async t => {
  const tickets = [{ first: 1, count: 2 }, { first: 100, count: 2 }]
  const { asked, service } = await changesServer(t, [[1, 2, 50], [1, 100, 2], [101, 1]], true)
  const { rate, middle } = await followAll(service, tickets)
  t.ok(rate > 0)
  t.equal(middle, 'c1', 'with two of four told')
  t.strictSame(asked, ['/changes?limit=1000', '/changes?limit=1000&since=c1', '/changes?limit=1000&since=c2'])
})

t.test('a consumer is measured from a cursor on until it is over, from there again where it comes to the end', async t => {
  const { asked, service } = await changesServer(t, [[1, 2], [3, 4], [5]], false)
  t.ok(await followFrom(service, 'c1', () => asked.length === 5) > 0)
  t.strictSame(asked.map(url => /c\d/.exec(url!)?.[0]), ['c1', 'c2', 'c1', 'c2', 'c1'])
})

t.test('a consumer that was not told of a ticket was not measured', async t => {
  const { service } = await changesServer(t, [[1, 2], [100]], false)
  await t.rejects(followAll(service, [{ first: 1, count: 2 }, { first: 100, count: 2 }]), new Failure('All changes were read, and 1 of 4 tickets were not among them'))
  await t.rejects(followAll({ ...service, key: 'other' }, [{ first: 1, count: 1 }]), /answered with 401/)
})
