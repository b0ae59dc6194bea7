/** How much of everything a load needs, computed from what was measured. A figure that was not measured makes what follows from it NaN. */

/** What nobody can measure for a site that is not there yet. */
export const ASSUMED = {
  writes: [1000, 10_000, 30_000, 100_000],
  /** Of a ticket: it is created, changed, and the last change closes it. */
  creates: 1,
  changes: 21,
  /** A core is as loaded as one would let it be. */
  load: 0.6,
  /** The writes of a week, beside those of a week at the peak. */
  meanOfPeak: 0.1,
  openDays: 3,
  /** TICKET_RETENTION_SECONDS by default. */
  closedDays: 7,
  /** Of a master's tickets: a fork may need as much again. */
  masterBytes: 25e9,
  /** With fewer a Cluster does not elect a master; so many are measured. */
  clusterMasters: 3,
  /** REDIS_PARTITIONS by default. */
  partitions: 64,
  /** So that the master with the most has at most a quarter more than its share. */
  partitionsPerMaster: 4,
}

const SECONDS_PER_DAY = 86_400

/** @typedef {import('./costs.mjs').Costs} Costs */
/** @typedef {import('./costs.mjs').Cost} Cost */

/**
 * @typedef {object} Size
 * @property {number} writes a second, at the peak
 * @property {number} instances of the service, a core each
 * @property {number} masters
 * @property {boolean} isCluster
 * @property {number} partitions that REDIS_PARTITIONS should be at least; of no account without a Cluster
 * @property {number} openTickets
 * @property {number} closedTickets
 * @property {number} redisBytes of all tickets
 * @property {number} aofBytes a second, of all masters; as the rest, at the peak
 * @property {number} networkBytes a second between service and Redis, both ways
 * @property {number} mysqlRows a second
 * @property {number} mysqlStatements a second
 * @property {number} mysqlBytesPerDay
 */

/**
 * @param {Costs} costs
 * @param {number} writes a second
 * @returns {Size}
 */
export function sizeFor (costs, writes) {
  const { ticket, flush_statements_under_load: statements } = costs
  const tickets = writes / (ASSUMED.creates + ASSUMED.changes)
  const ticketsPerDay = tickets * ASSUMED.meanOfPeak * SECONDS_PER_DAY
  const openTickets = ticketsPerDay * ASSUMED.openDays
  const closedTickets = ticketsPerDay * ASSUMED.closedDays
  const redisBytes = openTickets * ticket.redis_open_bytes + closedTickets * ticket.redis_closed_bytes
  const forMemory = Math.ceil(redisBytes / ASSUMED.masterBytes)

  const alone = Math.max(forMemory, coresOf(tickets, 'redis_cpu_us', aloneWorks(costs)))
  const isCluster = alone > 1
  const works = isCluster ? clusterWorks(costs) : aloneWorks(costs)
  const masters = isCluster ? Math.max(forMemory, ASSUMED.clusterMasters, coresOf(tickets, 'redis_cpu_us', works)) : alone
  return {
    writes,
    instances: coresOf(tickets, 'service_cpu_us', works),
    masters,
    isCluster,
    partitions: Math.max(ASSUMED.partitions, 2 ** Math.ceil(Math.log2(masters * ASSUMED.partitionsPerMaster))),
    openTickets,
    closedTickets,
    redisBytes,
    aofBytes: tickets * ofLife(works, 'aof_bytes'),
    networkBytes: tickets * (ofLife(works, 'to_redis_bytes') + ofLife(works, 'from_redis_bytes')),
    mysqlRows: tickets,
    mysqlStatements: tickets * statements,
    mysqlBytesPerDay: ticketsPerDay * ticket.mysql_bytes,
  }
}

/** @typedef {{ create: Cost, change: Cost, flush: Cost }} Works */

/**
 * @param {Costs} costs
 * @returns {Works} on one Redis
 */
function aloneWorks ({ works }) {
  return { create: works.post_paced, change: works.patch_paced, flush: works.flush }
}

/**
 * @param {Costs} costs
 * @returns {Works} in a Cluster
 */
function clusterWorks ({ works }) {
  return { create: works.post_cluster, change: works.patch_cluster, flush: works.flush }
}

/**
 * @param {Works} works
 * @param {keyof Cost} name
 * @returns {number} of a ticket's whole life
 */
function ofLife ({ create, change, flush }, name) {
  return ASSUMED.creates * (create[name] ?? NaN) + ASSUMED.changes * (change[name] ?? NaN) + (flush[name] ?? NaN)
}

/**
 * @param {number} tickets a second
 * @param {'service_cpu_us' | 'redis_cpu_us'} name
 * @param {Works} works
 */
function coresOf (tickets, name, works) {
  return Math.ceil(tickets * ofLife(works, name) / 1e6 / ASSUMED.load)
}
