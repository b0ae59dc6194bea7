/** What a write costs, what a flush costs, and what a ticket takes: the figures that the sizing is made of. */
import { contender } from '../lib/contender.mjs'
import { costOf, medianCost } from '../lib/costs.mjs'
import { fill } from '../lib/fill.mjs'
import { flush } from '../lib/flush.mjs'
import { meanwhile } from '../lib/meanwhile.mjs'
import { questions } from '../lib/mysql-counters.mjs'
import { changes, create, createBatch } from '../lib/requests.mjs'
import { interleave } from '../lib/rounds.mjs'
import { ASSUMED } from '../lib/sizing.mjs'
import { mysqlBytes, redisBytes } from '../lib/ticket-size.mjs'

const CONNECTIONS = 64
const BATCH = { size: 100, connections: 16 }
/** What there is once, such as scripts and tables, is there before. */
const BEFORE = 1000

/** @typedef {import('../lib/costs.mjs').Cost} Cost */
/** @typedef {import('../lib/costs.mjs').Site} Site */
/** @typedef {{ name: string, ticketsPerRequest: number, measure: ReturnType<typeof contender>['measure'] }} Writer */

/** @type {import('./index.mjs').Scenario} */
export const cost = {
  name: 'cost',
  title: 'What a write, a flush and a ticket cost',
  minutes: 1.7,
  needs: ['wrk'],
  wants: [],

  async run ({ stage, plan, note }) {
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const variables = { FLUSH_INTERVAL_MS: '86400000' }
    const site = { service: await stage.service({ redis, mariadb, variables }), redis: [redis], mariadb }
    const { service } = site
    const fillClosed = async (/** @type {number} */ count) => (await fill(service, count, { status: 'closed' })).count
    await flush(service, await fillClosed(BEFORE))

    /** @type {Cost[]} */
    const flushes = []
    const redisClosed = await redisBytes(redis, async () => {
      let tickets = 0
      const series = await interleave({
        contenders: [{
          name: 'flush',
          async measure () {
            const count = await fillClosed(plan.choose(40_000, 2000))
            tickets += count
            return costOf(site, async () => ({ tickets: count, rate: await flush(service, count) }))
          },
        }],
        rounds: plan.rounds(4),
        warmup: 1,
        note,
        figure: ({ rate }) => rate,
      })
      flushes.push(...series.get('flush') ?? [])
      return tickets
    })
    const mysqlRow = await mysqlBytes(mariadb, 'wp_support_tickets')
    /** @type {{ first: number, count: number }} */
    let knownIds = { first: 0, count: 0 }
    const redisOpen = await redisBytes(redis, async () => {
      knownIds = await fill(service, plan.choose(100_000, 5000))
      return knownIds.count
    })

    const loads = { stage, seconds: plan.choose(1.5, 0.3), connections: CONNECTIONS }
    const post = (/** @type {Site} */ { service: server }) => writer({ ...loads, name: 'post', server, requests: [create(server.key)], statuses: [201] })
    const patch = (/** @type {Site} */ { service: server }, /** @type {typeof knownIds} */ ids) => writer({ ...loads, name: 'patch', server, requests: changes(server.key), statuses: [200], knownIds: ids })
    const batch = writer({ ...loads, name: 'batch', server: service, requests: [createBatch(BATCH.size, service.key)], statuses: [200], connections: BATCH.connections, ticketsPerRequest: BATCH.size })
    const single = [post(site), patch(site, knownIds)]
    const measured = (/** @type {Site} */ where, /** @type {readonly Writer[]} */ writers, /** @type {ReadonlyMap<string, number>} */ pauses = new Map()) => costsOf(where, writers, pauses, {
      rounds: plan.rounds(3), warmup: plan.choose(3, 1), note,
    })
    const full = await measured(site, [...single, batch])
    // A turn of the event loop then has fewer requests, and they share less.
    const pauses = new Map(single.map(({ name }) => [name, pauseFor(ASSUMED.load * costIn(full, name).rate)]))
    const paced = await measured(site, single, pauses)

    note('a flush under load')
    const due = await fillClosed(plan.choose(5000, 500))
    const before = await questions(mariadb)
    await meanwhile(flush(service, due), () => batch.measure(false))
    const underLoad = (await questions(mariadb) - before) / due

    note('a Cluster')
    const cluster = await stage.cluster(ASSUMED.clusterMasters)
    const clusterSite = {
      service: await stage.service({ redis, mariadb, variables: { ...variables, ...cluster.variables, TICKETS_TABLE: 'clustered' } }),
      redis: cluster.nodes,
      mariadb,
    }
    const clustered = await measured(clusterSite, [post(clusterSite), patch(clusterSite, await fill(clusterSite.service, knownIds.count))], pauses)

    return {
      works: {
        post: costIn(full, 'post'),
        patch: costIn(full, 'patch'),
        batch: costIn(full, 'batch'),
        post_paced: costIn(paced, 'post'),
        patch_paced: costIn(paced, 'patch'),
        post_cluster: costIn(clustered, 'post'),
        patch_cluster: costIn(clustered, 'patch'),
        flush: medianCost(flushes),
      },
      flush_statements_under_load: underLoad,
      ticket: { redis_open_bytes: redisOpen, redis_closed_bytes: redisClosed, mysql_bytes: mysqlRow },
    }
  },
}

/**
 * @param {Parameters<typeof contender>[0]} options
 * @returns {Writer}
 */
function writer (options) {
  return { name: options.name, ticketsPerRequest: options.ticketsPerRequest ?? 1, measure: contender(options).measure }
}

/**
 * @param {Site} site
 * @param {readonly Writer[]} writers
 * @param {ReadonlyMap<string, number>} pauses ms before each request, by writer
 * @param {Pick<import('../lib/rounds.mjs').Plan<Cost>, 'rounds' | 'warmup' | 'note'>} plan
 */
async function costsOf (site, writers, pauses, plan) {
  const series = await interleave({
    contenders: writers.map(({ name, ticketsPerRequest, measure }) => ({
      name,
      measure: (/** @type {boolean} */ isWarmup) => costOf(site, async () => {
        const { requests, rate } = await measure(isWarmup, { pauseMs: pauses.get(name) })
        return { tickets: requests * ticketsPerRequest, rate }
      }),
    })),
    figure: ({ rate }) => rate,
    ...plan,
  })
  return new Map([...series].map(([name, costs]) => [name, medianCost(costs)]))
}

/**
 * @param {ReadonlyMap<string, Cost>} costs
 * @param {string} name
 */
function costIn (costs, name) {
  const found = costs.get(name)
  if (!found) throw new Error(`${name} was not measured`)
  return found
}

/**
 * @param {number} rate of requests a second, about: an answer takes a ms
 * @returns {number} ms
 */
function pauseFor (rate) {
  return Math.max(0.1, 1000 * CONNECTIONS / rate - 1)
}
