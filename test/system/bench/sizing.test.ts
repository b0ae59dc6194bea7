import t from 'tap'
import type { Cost, Costs } from '../../../bench/lib/costs.mjs'
import { medianCost } from '../../../bench/lib/costs.mjs'
import { ASSUMED, sizeFor } from '../../../bench/lib/sizing.mjs'
import { growthMarkdown, growthText } from '../../../bench/report/growth.mjs'
import { loadConfig } from '../../../src/config.ts'
import { result } from './example.ts'

const cost: Cost = {
  rate: 10_000, scripts: 0.1, commands: 3, to_redis_bytes: 100, from_redis_bytes: 50, aof_bytes: 200, statements: 0, service_cpu_us: 60, redis_cpu_us: 30, mysql_cpu_us: 0,
}
const full: Cost = { ...cost, rate: 16_000 }
const inCluster: Cost = { ...cost, to_redis_bytes: 400, service_cpu_us: 240, redis_cpu_us: 140 }
const fullInCluster: Cost = { ...inCluster, service_cpu_us: 100, redis_cpu_us: 90 }
const flush: Cost = { ...cost, statements: 0.002, service_cpu_us: 40, redis_cpu_us: 20, mysql_cpu_us: 10 }
const flushBeside: Cost = { ...flush, statements: 0.02, service_cpu_us: 80, mysql_cpu_us: 300 }
const costs: Costs = {
  works: {
    post_full: full,
    post_paced: cost,
    post_cluster_full: fullInCluster,
    post_cluster_paced: inCluster,
    patch_full: full,
    patch_paced: cost,
    patch_cluster_full: fullInCluster,
    patch_cluster_paced: inCluster,
    batch_full: full,
    flush,
    flush_beside: flushBeside,
    flush_cluster_beside: { ...flushBeside, service_cpu_us: 100, redis_cpu_us: 40 },
  },
  flush_batches: { whole: 500, beside_requests: 50 },
  flush_statements_under_load: 0.021,
  ticket: { redis_open_bytes: 400, redis_closed_bytes: 300, mysql_bytes: 250 },
}
const near = (value: number, expected: number) => Math.abs(value / expected - 1) < 1e-9

t.test('what one master takes', async t => {
  const size = sizeFor(costs, 11_000)
  // 500 tickets a second, of 22 writes and a flush beside requests each: 500 x (22 x 60 + 80) µs are 0.7 cores, for which two
  // are enough, and one is to spare; 500 x (22 x 30 + 20) are 0.34 of Redis, and 500 x 300 are 0.15 of MySQL.
  t.match(size, { instances: 3, masters: 1, isCluster: false, mysqlCores: 1 })
  t.equal(size.mysqlRows, 500)
  t.equal(size.mysqlStatements, 10)
  t.ok(near(size.aofBytes, 500 * 23 * 200))
  t.ok(near(size.networkBytes, 500 * 23 * 150))
  t.ok(near(size.openTickets, 500 * 0.1 * 86_400 * 3))
  t.ok(near(size.closedTickets, 500 * 0.1 * 86_400 * 7))
  t.ok(near(size.redisBytes, 500 * 0.1 * 86_400 * (3 * 400 + 7 * 300)))
  t.ok(near(size.memoryPerMaster, 2 * size.redisBytes))
  t.ok(near(size.mysqlBytesPerDay, 500 * 0.1 * 86_400 * 250))
})

t.test('past one core of Redis it is a Cluster, and costs what it costs there', async t => {
  const size = sizeFor(costs, 22_000)
  // 1000 tickets: 0.68 cores of Redis by itself, which is too much for one; in a Cluster, by what full load costs there, 2.02 cores, a quarter of it for each of
  // four. 1000 x (22 x 240 + 100) µs are 5.38 cores of the service: nine at 60 %, and the spare one.
  t.match(size, { isCluster: true, masters: 4, instances: 10, partitions: 64, mysqlCores: 1 })
  t.ok(near(size.networkBytes, 1000 * (22 * 450 + 150)))
  t.ok(near(size.memoryPerMaster, 2 * size.redisBytes / 4))
  t.equal(sizeFor(costs, 66_000).mysqlCores, 2, '3000 x 300 µs')
})

t.test('the master with the most partitions counts', async t => {
  // 1500 tickets: 3.03 cores. Six masters have 11 of 64 partitions at most, which are 0.52; five have 13, which are 0.62.
  t.match(sizeFor(costs, 33_000), { masters: 6 })
  // Of three masters one has 22 of 64.
  const size = sizeFor({ ...costs, ticket: { ...costs.ticket, redis_open_bytes: 30_000 } }, 1000)
  t.match(size, { masters: 3 })
  t.ok(near(size.memoryPerMaster, 2 * size.redisBytes * 22 / 64))
})

t.test('past the memory of one too, and never with less than three masters', async t => {
  const large = (bytes: number) => sizeFor({ ...costs, ticket: { ...costs.ticket, redis_open_bytes: bytes } }, 1000)
  t.match(large(400), { isCluster: false, masters: 1 })
  t.match(large(30_000), { isCluster: true, masters: 3 })
  // 238 GB: the ten that they would be have seven of 64 partitions at most, which are 26 GB.
  t.match(large(200_000), { isCluster: true, masters: 11 })
})

t.test('more partitions are needed when there are more than sixteen masters', async t => {
  t.equal(ASSUMED.partitions, loadConfig({}).REDIS_PARTITIONS)
  t.equal(ASSUMED.closedDays * 86_400, loadConfig({}).TICKET_RETENTION_SECONDS)
  const withMasters = (masters: number) => sizeFor({ ...costs, ticket: { ...costs.ticket, redis_open_bytes: 0, redis_closed_bytes: (masters - 0.5) * 25e9 / (1000 / 22 * 0.1 * 86_400 * 7) } }, 1000)
  t.match(withMasters(16), { masters: 16, partitions: 64 })
  // Of 128 partitions the fullest of 17 or 18 has eight, as much as one of 16; of 19 it has seven.
  t.match(withMasters(16.6), { masters: 19, partitions: 128 })
})

t.test('the tables', async t => {
  const markdown = growthMarkdown({ ...result, costs })
  t.match(markdown, '| POST, Cluster, paced | 10,000 | 240 % | 0.1 | 3 | 400 | 50 | 200 | 0 | 240 | 140 | 0 |')
  t.match(markdown, '| POST, full load | 16,000 | 96 % |')
  t.match(markdown, '500 tickets at a time where nobody else is being served, and 50 beside requests: counted at full load, its statements are 0.021')
  t.match(markdown, 'takes 400 bytes of Redis with its mark while it is open, 300 once MySQL has it, and 250 bytes of MySQL')
  t.match(markdown, /\| 100,000 \| \d+ \| Cluster, \d+ masters \| [\d.]+ GB \| \d+ \|/)
  t.match(markdown, '64 do for 16 masters')
  t.notMatch(markdown, /NaN|undefined|not measured/)
  t.match(growthText({ ...result, costs }), /^of one ticket {2,}a second/)
})

t.test('what was not measured is said, and the rest computed', async t => {
  t.match(growthMarkdown({ ...result, costs: undefined }), 'was not measured')
  const { service_cpu_us: _service, redis_cpu_us: _redis, mysql_cpu_us: _mysql, ...withoutCpu } = cost
  const works = Object.fromEntries(Object.keys(costs.works).map(name => [name, withoutCpu])) as Costs['works']
  const markdown = growthMarkdown({ ...result, costs: { ...costs, works } })
  t.match(markdown, /\| 1,000 \| not measured \| not measured \| not measured \| not measured \| \d/)
  t.notMatch(markdown, /NaN|undefined/)
})

t.test('of each figure the median counts, and one that is missing stays so', async t => {
  const { mysql_cpu_us: _mysql, ...rest } = cost
  t.strictSame(medianCost([{ ...rest, scripts: 3 }, { ...rest, scripts: 1 }, { ...rest, scripts: 2 }]), { ...rest, scripts: 2 })
})
