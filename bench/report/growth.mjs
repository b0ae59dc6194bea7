/** How the cost grows: what was measured of one write, and what that makes of many. */
import { busyOf } from '../lib/costs.mjs'
import { ASSUMED, sizeFor } from '../lib/sizing.mjs'
import { number } from './format.mjs'
import { markdownTable, textTable } from './layout.mjs'

const NOT_MEASURED = 'not measured'

/** @type {[import('../lib/costs.mjs').Work, string][]} */
const WORKS = [
  ['post_full', 'POST, full load'],
  ['post_paced', 'POST, paced'],
  ['post_cluster_full', 'POST, Cluster, full load'],
  ['post_cluster_paced', 'POST, Cluster, paced'],
  ['patch_full', 'PATCH, full load'],
  ['patch_paced', 'PATCH, paced'],
  ['patch_cluster_full', 'PATCH, Cluster, full load'],
  ['patch_cluster_paced', 'PATCH, Cluster, paced'],
  ['batch_full', 'POST by batches of 100, full load'],
  ['flush', 'flush by whole batches'],
  ['flush_beside', 'flush by small batches'],
  ['flush_cluster_beside', 'flush by small batches, Cluster'],
]

/** @type {[Exclude<keyof import('../lib/costs.mjs').Cost, 'rate'>, string][]} */
const FIGURES = [
  ['scripts', 'script calls'],
  ['commands', 'commands in Redis'],
  ['to_redis_bytes', 'bytes to Redis'],
  ['from_redis_bytes', 'bytes from Redis'],
  ['aof_bytes', 'bytes appended to its file'],
  ['statements', 'statements to MySQL'],
  ['service_cpu_us', 'CPU of the service, µs'],
  ['redis_cpu_us', 'CPU of Redis, µs'],
  ['mysql_cpu_us', 'CPU of MySQL, µs'],
]

/** @typedef {import('../lib/costs.mjs').Costs} Costs */

/** @param {Costs} costs */
function costTable ({ works }) {
  return [
    ['of one ticket', 'a second', 'core of the service', ...FIGURES.map(([, title]) => title)],
    ...WORKS.map(([work, title]) => [title, shown(works[work].rate), shownShare(busyOf(works[work])), ...FIGURES.map(([name]) => shown(works[work][name]))]),
  ]
}

/** @param {Costs} costs */
function ticketOf ({ ticket, flush_batches: batches, flush_statements_under_load: statements }) {
  return `A ticket takes ${number(ticket.redis_open_bytes)} bytes of Redis with its mark while it is open, ${number(ticket.redis_closed_bytes)} once MySQL has it, and ` +
    `${number(ticket.mysql_bytes)} bytes of MySQL with its indexes. A flush takes ${batches.whole} tickets at a time where nobody else is being served, and ${batches.beside_requests} beside requests: ` +
    `counted at full load, its statements are ${shown(statements)} for each ticket.`
}

/** @param {Costs} costs */
function sizingTable (costs) {
  return [
    [
      'writes/s', 'instances (cores)', 'Redis', 'memory of a master', 'REDIS_PARTITIONS', 'tickets in Redis: open, closed', 'their memory',
      'appended to files', 'network to Redis', 'cores of MySQL', 'rows/s', 'statements/s', 'MySQL grows a day',
    ],
    ...ASSUMED.writes.map((writes) => {
      const size = sizeFor(costs, writes)
      const ofRedis = (/** @type {string} */ text) => Number.isNaN(size.masters) ? NOT_MEASURED : text
      return [
        number(writes),
        shown(size.instances),
        ofRedis(size.isCluster ? `Cluster, ${number(size.masters)} masters` : 'one master'),
        ofRedis(`${shown(size.memoryPerMaster / 1e9)} GB`),
        ofRedis(size.isCluster ? number(size.partitions) : ''),
        `${shown(size.openTickets / 1e6)} and ${shown(size.closedTickets / 1e6)} million`,
        `${shown(size.redisBytes / 1e9)} GB`,
        `${shown(size.aofBytes / 1e6)} MB/s`,
        `${shown(size.networkBytes / 1e6)} MB/s`,
        shown(size.mysqlCores),
        shown(size.mysqlRows),
        shown(size.mysqlStatements),
        `${shown(size.mysqlBytesPerDay / 1e9)} GB`,
      ]
    }),
  ]
}

/** @param {Costs} costs */
function assumptions ({ flush_batches: batches }) {
  const {
    creates, changes, load, spareInstances, meanOfPeak, openDays, closedDays, masterBytes, memoryFactor, clusterMasters, partitions, partitionsPerMaster,
  } = ASSUMED
  return `Computed from these figures. Assumed: of ${creates + changes} writes ${creates} creates a ticket and ${changes} change it, the last of which closes it; ` +
    `writes/s are the peak, and the mean of a week is ${shownShare(meanOfPeak)} of it; a ticket is open for ${openDays} days and stays in Redis for ${closedDays} more; ` +
    `cores like these are loaded to ${shownShare(load)}, one for each instance, of which ${spareInstances} is to spare, and one for each master; a master holds ${number(masterBytes / 1e9)} GB of tickets, ` +
    `and has ${memoryFactor} times the memory of what it holds, because a fork may need as much again. ` +
    `A write costs what it does paced, so that the service uses ${shownShare(load)} of its core, and a flush what it does by batches of ${batches.beside_requests}; ` +
    `in a Cluster, what they do there with one instance, ${clusterMasters} masters and ${partitions} partitions: more partitions share less, and cost more. ` +
    'Its masters have the CPU that a write at full load costs them: what it makes them do is the same, and paced they had next to nothing to do. ' +
    `REDIS_PARTITIONS, ${partitions} by default, gives each master ${partitionsPerMaster} at least: ${partitions} do for ${partitions / partitionsPerMaster} masters. ` +
    'The partitions are dealt out evenly, for which slots may have to be moved: by equal ranges of slots, 16 masters have from one to eight of 64. ' +
    'Not in these figures: replicas, which need what their masters do; the rewriting of append-only files (for its time another core and as much disk again); ' +
    'expiry; reads; Idempotency-Keys; headers of TCP/IP and TLS; replicas, logs and purges of MySQL; and what callers and the service send each other.'
}

/** @param {import('./result.mjs').Result} result */
export function growthMarkdown ({ costs }) {
  if (!costs) return 'What a write costs was not measured, and so nothing is computed from it.\n'
  return [...markdownTable(costTable(costs)), '', ticketOf(costs), '', assumptions(costs), '', ...markdownTable(sizingTable(costs)), ''].join('\n')
}

/** @param {import('./result.mjs').Result} result */
export function growthText (result) {
  const { costs } = result
  if (!costs) return growthMarkdown(result).trimEnd()
  return [...textTable(costTable(costs)), '', ticketOf(costs), '', assumptions(costs), '', ...textTable(sizingTable(costs))].join('\n')
}

/** @param {number | undefined} share */
function shownShare (share) {
  return share === undefined ? NOT_MEASURED : `${Math.round(100 * share)} %`
}

/** @param {number | undefined} value */
function shown (value) {
  if (value === undefined || Number.isNaN(value)) return NOT_MEASURED
  return number(value >= 100 ? value : Number(value.toPrecision(3)))
}
