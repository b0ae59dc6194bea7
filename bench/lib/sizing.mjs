/** How much of everything a load needs, computed from what was measured. A figure that was not measured makes what follows from it NaN. */

/** What nobody can measure for a site that is not there yet. */
export const ASSUMED = {
  writes: [1000, 10_000, 30_000, 100_000],
  /** Of a ticket: it is created, changed, and the last change closes it. */
  creates: 1,
  changes: 21,
  /** A core is as loaded as one would let it be. */
  load: 0.6,
  /** Of the service: one may stop at any time, also to be replaced by a newer version. */
  spareInstances: 1,
  /** The writes of a week, beside those of a week at the peak. */
  meanOfPeak: 0.1,
  openDays: 3,
  /** TICKET_RETENTION_SECONDS by default. */
  closedDays: 7,
  /** Of a master's tickets. */
  masterBytes: 25e9,
  /** A fork that rewrites the append-only file may need as much again. */
  memoryFactor: 2,
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
 * @property {number} instances of the service, a core each, the spare one included
 * @property {number} masters
 * @property {boolean} isCluster
 * @property {number} partitions that REDIS_PARTITIONS should be at least; of no account without a Cluster
 * @property {number} memoryPerMaster bytes: of the one that holds the most
 * @property {number} openTickets
 * @property {number} closedTickets
 * @property {number} redisBytes of all tickets
 * @property {number} aofBytes a second, of all masters; as the rest, at the peak
 * @property {number} networkBytes a second between service and Redis, both ways
 * @property {number} mysqlCores
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
  const { ticket } = costs
  const tickets = writes / (ASSUMED.creates + ASSUMED.changes)
  const ticketsPerDay = tickets * ASSUMED.meanOfPeak * SECONDS_PER_DAY
  const openTickets = ticketsPerDay * ASSUMED.openDays
  const closedTickets = ticketsPerDay * ASSUMED.closedDays
  const redisBytes = openTickets * ticket.redis_open_bytes + closedTickets * ticket.redis_closed_bytes

  const alone = aloneWorks(costs)
  const isCluster = redisBytes > ASSUMED.masterBytes || coresOf(tickets, 'redis_cpu_us', alone) > ASSUMED.load
  const works = isCluster ? clusterWorks(costs) : alone
  const redisCores = coresOf(tickets, 'redis_cpu_us', works)
  const masters = isCluster ? mastersFor(redisCores, redisBytes) : 1
  return {
    writes,
    instances: Math.ceil(coresOf(tickets, 'service_cpu_us', works) / ASSUMED.load) + ASSUMED.spareInstances,
    masters: Number.isNaN(redisCores) ? NaN : masters,
    isCluster,
    partitions: partitionsOf(masters),
    memoryPerMaster: Number.isNaN(redisCores) ? NaN : ASSUMED.memoryFactor * redisBytes * (isCluster ? largestShare(masters) : 1),
    openTickets,
    closedTickets,
    redisBytes,
    aofBytes: tickets * ofLife(works, 'aof_bytes'),
    networkBytes: tickets * (ofLife(works, 'to_redis_bytes') + ofLife(works, 'from_redis_bytes')),
    mysqlCores: Math.ceil(coresOf(tickets, 'mysql_cpu_us', works) / ASSUMED.load),
    mysqlRows: tickets,
    mysqlStatements: tickets * ofLife(works, 'statements'),
    mysqlBytesPerDay: ticketsPerDay * ticket.mysql_bytes,
  }
}

/** @typedef {{ create: Cost, change: Cost, flush: Cost }} Works */

/**
 * @param {Costs} costs
 * @returns {Works} on one Redis
 */
function aloneWorks ({ works }) {
  return { create: works.post_paced, change: works.patch_paced, flush: works.flush_beside }
}

/**
 * What Redis does for a write is the same at any pace there, a call of its own; but a master that is all but idle, as with one
 * paced instance, wakes up for each.
 * @param {Costs} costs
 * @returns {Works} in a Cluster
 */
function clusterWorks ({ works }) {
  return {
    create: { ...works.post_cluster_paced, redis_cpu_us: works.post_cluster_full.redis_cpu_us },
    change: { ...works.patch_cluster_paced, redis_cpu_us: works.patch_cluster_full.redis_cpu_us },
    flush: works.flush_cluster_beside,
  }
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
 * @param {'service_cpu_us' | 'redis_cpu_us' | 'mysql_cpu_us'} name
 * @param {Works} works
 * @returns {number} that they keep busy
 */
function coresOf (tickets, name, works) {
  return tickets * ofLife(works, name) / 1e6
}

/**
 * @param {number} cores that all of them keep busy
 * @param {number} bytes that all of them hold
 * @returns {number} as few as are enough for the one that has the most to do
 */
function mastersFor (cores, bytes) {
  let masters = ASSUMED.clusterMasters
  while (cores * largestShare(masters) > ASSUMED.load || bytes * largestShare(masters) > ASSUMED.masterBytes) masters += 1
  return masters
}

/** @param {number} masters */
function partitionsOf (masters) {
  return Math.max(ASSUMED.partitions, 2 ** Math.ceil(Math.log2(masters * ASSUMED.partitionsPerMaster)))
}

/**
 * @param {number} masters
 * @returns {number} of all partitions, where they are dealt out as evenly as can be
 */
function largestShare (masters) {
  const partitions = partitionsOf(masters)
  return Math.ceil(partitions / masters) / partitions
}
