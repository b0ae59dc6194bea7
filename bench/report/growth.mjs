/** How the cost grows: what was measured of one write, and what that makes of many. */
import { ASSUMED, sizeFor } from '../lib/sizing.mjs'
import { number } from './format.mjs'
import { markdownTable, textTable } from './layout.mjs'

const NOT_MEASURED = 'not measured'

/** @type {[import('../lib/costs.mjs').Work, string][]} */
const WORKS = [
  ['post', 'POST, full load'],
  ['post_paced', 'POST, partly loaded'],
  ['post_cluster', 'POST, Cluster'],
  ['patch', 'PATCH, full load'],
  ['patch_paced', 'PATCH, partly loaded'],
  ['patch_cluster', 'PATCH, Cluster'],
  ['batch', 'POST by batches of 100'],
  ['flush', 'flush'],
]

/** @type {[keyof import('../lib/costs.mjs').Cost, string][]} */
const FIGURES = [
  ['rate', 'a second'],
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
  return [['of one ticket', ...FIGURES.map(([, title]) => title)], ...WORKS.map(([work, title]) => [title, ...FIGURES.map(([name]) => shown(works[work][name]))])]
}

/** @param {Costs} costs */
function ticketOf ({ ticket, flush_statements_under_load: statements }) {
  return `A ticket takes ${number(ticket.redis_open_bytes)} bytes of Redis with its mark while it is open, ${number(ticket.redis_closed_bytes)} once MySQL has it, and ` +
    `${number(ticket.mysql_bytes)} bytes of MySQL with its indexes. While requests are being served, its flush takes ${shown(statements)} statements.`
}

/** @param {Costs} costs */
function sizingTable (costs) {
  return [
    ['writes/s', 'instances (cores)', 'Redis', 'REDIS_PARTITIONS', 'tickets in Redis: open, closed', 'their memory', 'appended to files', 'network to Redis', 'MySQL rows/s', 'statements/s', 'MySQL grows a day'],
    ...ASSUMED.writes.map((writes) => {
      const size = sizeFor(costs, writes)
      return [
        number(writes),
        shown(size.instances),
        Number.isNaN(size.masters) ? NOT_MEASURED : size.isCluster ? `Cluster, ${number(size.masters)} masters` : 'one master',
        Number.isNaN(size.masters) ? NOT_MEASURED : size.isCluster ? number(size.partitions) : '',
        `${shown(size.openTickets / 1e6)} and ${shown(size.closedTickets / 1e6)} million`,
        `${shown(size.redisBytes / 1e9)} GB`,
        `${shown(size.aofBytes / 1e6)} MB/s`,
        `${shown(size.networkBytes / 1e6)} MB/s`,
        shown(size.mysqlRows),
        shown(size.mysqlStatements),
        `${shown(size.mysqlBytesPerDay / 1e9)} GB`,
      ]
    }),
  ]
}

/** @param {Costs} costs */
function assumptions ({ works }) {
  const { creates, changes, load, meanOfPeak, openDays, closedDays, masterBytes, clusterMasters, partitions, partitionsPerMaster } = ASSUMED
  const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`
  return `Computed from these figures. Assumed: of ${creates + changes} writes ${creates} creates a ticket and ${changes} change it, the last of which closes it; ` +
    `writes/s are the peak, and the mean of a week is ${percent(meanOfPeak)} of it; a ticket is open for ${openDays} days and stays in Redis for ${closedDays} more; ` +
    `cores like these are loaded to ${percent(load)}, a core for each instance and each master; a master holds ${number(masterBytes / 1e9)} GB of tickets. ` +
    `A write costs what it does partly loaded (POST at ${number(works.post_paced.rate)}/s, PATCH at ${number(works.patch_paced.rate)}/s), in a Cluster what it does there with one instance and ${clusterMasters} masters. ` +
    `REDIS_PARTITIONS, ${partitions} by default, gives each master ${partitionsPerMaster} at least: ${partitions} do for ${partitions / partitionsPerMaster} masters. ` +
    'Replicas, reads, Idempotency-Keys and what callers and the service send each other come on top.'
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

/** @param {number | undefined} value */
function shown (value) {
  if (value === undefined || Number.isNaN(value)) return NOT_MEASURED
  return number(value >= 100 ? value : Number(value.toPrecision(3)))
}
