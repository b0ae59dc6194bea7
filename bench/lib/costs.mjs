/** What a piece of work costs, as the servers themselves count it: a ticket's share of it. */
import { questions } from './mysql-counters.mjs'
import { median } from './statistics.mjs'
import { withRedis } from './stores.mjs'
import { cpuOf } from './usage.mjs'

/**
 * @typedef {object} Cost of one ticket that is written, or flushed
 * @property {number} rate of tickets a second
 * @property {number} scripts calls of scripts
 * @property {number} commands that Redis ran, those that scripts made included
 * @property {number} to_redis_bytes
 * @property {number} from_redis_bytes
 * @property {number} aof_bytes that were appended
 * @property {number} statements that MySQL was sent
 * @property {number} [service_cpu_us] this and what follows: microseconds, where there is /proc
 * @property {number} [redis_cpu_us]
 * @property {number} [mysql_cpu_us]
 */

/**
 * `full` load, or `paced`; on one Redis, or in a `cluster`. A flush by whole batches, or `beside` requests by small ones.
 * @typedef {'post_full' | 'post_paced' | 'post_cluster_full' | 'post_cluster_paced'
 *   | 'patch_full' | 'patch_paced' | 'patch_cluster_full' | 'patch_cluster_paced'
 *   | 'batch_full' | 'flush' | 'flush_beside' | 'flush_cluster_beside'} Work
 */

/**
 * @typedef {object} Costs
 * @property {Record<Work, Cost>} works
 * @property {{ whole: number, beside_requests: number }} flush_batches tickets that a flush takes at a time
 * @property {number} flush_statements_under_load of MySQL for a ticket, counted while requests were being served
 * @property {{ redis_open_bytes: number, redis_closed_bytes: number, mysql_bytes: number }} ticket what it takes
 */

/**
 * @typedef {object} Site
 * @property {import('./stage.mjs').Service} service
 * @property {readonly import('./stage.mjs').RedisNode[]} redis masters
 * @property {import('./stage.mjs').Mariadb} mariadb
 */

/**
 * @param {Site} site
 * @param {() => Promise<{ tickets: number, rate: number }>} work
 * @returns {Promise<Cost>}
 */
export async function costOf (site, work) {
  const before = await counters(site)
  const { tickets, rate } = await work()
  const after = await counters(site)
  const shares = Object.entries(after).map(([name, value]) => [name, (value - (before[name] ?? NaN)) / tickets])
  // What is not counted on this machine is left out.
  return { rate, ...Object.fromEntries(shares.filter(([, share]) => Number.isFinite(share))) }
}

/**
 * @param {Cost} cost
 * @returns {number | undefined} the share of a core that the service used meanwhile; undefined: it was not counted
 */
export function busyOf ({ rate, service_cpu_us: cpu }) {
  return cpu === undefined ? undefined : rate * cpu / 1e6
}

/**
 * @param {readonly Cost[]} costs at least one
 * @returns {Cost} of each figure the median
 */
export function medianCost (costs) {
  const names = /** @type {(keyof Cost)[]} */ (Object.keys(costs[0] ?? {}))
  return /** @type {Cost} */ (Object.fromEntries(names.map((name) => [name, median(costs.map((cost) => cost[name] ?? NaN))])))
}

/**
 * @param {Site} site
 * @returns {Promise<Record<string, number>>}
 */
async function counters ({ service, redis, mariadb }) {
  const nodes = await Promise.all(redis.map(redisCounters))
  const sum = (/** @type {keyof (typeof nodes)[number]} */ name) => nodes.reduce((total, node) => total + node[name], 0)
  return {
    scripts: sum('scripts'),
    commands: sum('commands'),
    to_redis_bytes: sum('input'),
    from_redis_bytes: sum('output'),
    aof_bytes: sum('aof'),
    statements: await questions(mariadb),
    service_cpu_us: cpuOf([service.pid]) ?? NaN,
    redis_cpu_us: cpuOf(redis.map(({ pid }) => pid)) ?? NaN,
    mysql_cpu_us: cpuOf([mariadb.pid]) ?? NaN,
  }
}

/** @param {import('./stage.mjs').RedisNode} node */
async function redisCounters (node) {
  const info = await withRedis(node, async (redis) => (await redis.info('commandstats')) + await redis.info('stats') + await redis.info('persistence'))
  const value = (/** @type {string} */ name) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1])
  const calls = [...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, command = '', count]) => ({ isScript: command.startsWith('eval'), count: Number(count) }))
  const sum = (/** @type {typeof calls} */ some) => some.reduce((total, { count }) => total + count, 0)
  return {
    scripts: sum(calls.filter(({ isScript }) => isScript)),
    commands: sum(calls.filter(({ isScript }) => !isScript)),
    input: value('total_net_input_bytes'),
    output: value('total_net_output_bytes'),
    // What waits for the next write to the file is part of it.
    aof: value('aof_current_size') + value('aof_buffer_length'),
  }
}
