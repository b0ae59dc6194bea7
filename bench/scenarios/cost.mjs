/** What a write costs, what a flush costs, and what a ticket takes: the figures that the sizing is made of. */
import { costOf, medianCost } from '../lib/costs.mjs'
import { fill } from '../lib/fill.mjs'
import { flush } from '../lib/flush.mjs'
import { meanwhile } from '../lib/meanwhile.mjs'
import { questions } from '../lib/mysql-counters.mjs'
import { changes, create, createBatch } from '../lib/requests.mjs'
import { interleave } from '../lib/rounds.mjs'
import { ASSUMED } from '../lib/sizing.mjs'
import { mysqlBytes, redisBytes } from '../lib/ticket-size.mjs'
import { FLUSHED_WHEN_ASKED } from '../lib/stage.mjs'
import { createWriter, fullCosts, pacedCosts } from '../lib/writers.mjs'
import { paceOf } from '../../src/sync/pace.ts'

const CONNECTIONS = 64
const BATCH = { size: 100, connections: 16 }
/** What there is once, such as scripts and tables, is there before. */
const BEFORE = 1000
/** FLUSH_BATCH_SIZE by default. */
const WHOLE_BATCH = 500

/** @typedef {import('../lib/costs.mjs').Cost} Cost */
/** @typedef {import('../lib/costs.mjs').Site} Site */

/** @type {import('./index.mjs').Scenario} */
export const cost = {
  name: 'cost',
  title: 'What a write, a flush and a ticket cost',
  minutes: 2.8,
  needs: ['wrk'],
  wants: [],

  async run ({ stage, plan, note }) {
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const small = await smallBatch()
    const count = plan.choose(20_000, 2000)
    const load = { rounds: plan.rounds(3), warmup: plan.choose(3, 1), note }

    /**
     * Two instances: one as it is, and one whose flushes are always as those beside requests are.
     * @param {Parameters<typeof stage.service>[0]} options @param {readonly import('../lib/stage.mjs').RedisNode[]} masters
     * @returns {Promise<{ usual: Site, modest: Site }>}
     */
    const sitesOf = async ({ variables, ...options }, masters) => {
      const site = async (/** @type {Record<string, string>} */ more) => ({
        service: await stage.service({ ...options, variables: { ...FLUSHED_WHEN_ASKED, ...variables, ...more } }), redis: masters, mariadb,
      })
      return { usual: await site({}), modest: await site({ FLUSH_BATCH_SIZE: String(small) }) }
    }
    /** @param {Site} site @param {import('../lib/fill.mjs').Ids} knownIds */
    const singles = ({ service }, knownIds) => {
      const options = { stage, seconds: plan.choose(1.5, 0.3), connections: CONNECTIONS, server: service }
      return [
        createWriter({ ...options, name: 'post', requests: [create(service.key)], statuses: [201] }),
        createWriter({ ...options, name: 'patch', requests: changes(service.key), statuses: [200], knownIds }),
      ]
    }

    const { usual, modest } = await sitesOf({ redis, mariadb }, [redis])
    const { service } = usual
    await flush(service, (await fill(service, BEFORE, { status: 'closed' })).count)
    /** @type {Map<string, Cost>} */
    let flushes = new Map()
    const redisClosed = await redisBytes(redis, async () => {
      const flushed = await flushCosts({ usual, modest }, count, load)
      flushes = flushed.costs
      return flushed.tickets
    })
    const mysqlRow = await mysqlBytes(mariadb, 'wp_support_tickets')
    /** @type {import('../lib/fill.mjs').Ids} */
    let knownIds = { first: 0, count: 0 }
    const redisOpen = await redisBytes(redis, async () => {
      knownIds = await fill(service, plan.choose(100_000, 5000))
      return knownIds.count
    })

    const writers = singles(usual, knownIds)
    const batch = createWriter({
      name: 'batch', stage, seconds: plan.choose(1.5, 0.3), connections: BATCH.connections, server: service, requests: [createBatch(BATCH.size, service.key)], statuses: [200], ticketsPerRequest: BATCH.size,
    })
    const full = await fullCosts(usual, [...writers, batch], load)
    const paced = await pacedCosts(usual, writers, { ...load, busy: ASSUMED.load, full })

    note('a flush under load')
    const due = await fill(service, plan.choose(5000, 500), { status: 'closed' })
    const before = await questions(mariadb)
    await meanwhile(flush(service, due.count), () => batch.write(false), { name: `A flush of ${due.count} tickets`, slicesMax: 20 })
    const underLoad = (await questions(mariadb) - before) / due.count

    note('a Cluster')
    const cluster = await stage.cluster(ASSUMED.clusterMasters)
    const clustered = await sitesOf({ redis, mariadb, variables: { ...cluster.variables, TICKETS_TABLE: 'clustered' } }, cluster.nodes)
    const clusterWriters = singles(clustered.usual, await fill(clustered.usual.service, knownIds.count))
    const clusterFull = await fullCosts(clustered.usual, clusterWriters, load)
    const clusterPaced = await pacedCosts(clustered.usual, clusterWriters, { ...load, busy: ASSUMED.load, full: clusterFull })
    const { costs: clusterFlushes } = await flushCosts({ modest: clustered.modest }, count, load)

    return {
      works: {
        post_full: costIn(full, 'post'),
        post_paced: costIn(paced, 'post'),
        post_cluster_full: costIn(clusterFull, 'post'),
        post_cluster_paced: costIn(clusterPaced, 'post'),
        patch_full: costIn(full, 'patch'),
        patch_paced: costIn(paced, 'patch'),
        patch_cluster_full: costIn(clusterFull, 'patch'),
        patch_cluster_paced: costIn(clusterPaced, 'patch'),
        batch_full: costIn(full, 'batch'),
        flush: costIn(flushes, 'usual'),
        flush_beside: costIn(flushes, 'modest'),
        flush_cluster_beside: costIn(clusterFlushes, 'modest'),
      },
      flush_batches: { whole: WHOLE_BATCH, beside_requests: small },
      flush_statements_under_load: underLoad,
      ticket: { redis_open_bytes: redisOpen, redis_closed_bytes: redisClosed, mysql_bytes: mysqlRow },
    }
  },
}

/** @returns {Promise<number>} the tickets that a flush takes at a time while requests are being served */
async function smallBatch () {
  return paceOf(WHOLE_BATCH, true, 0)
}

/**
 * @param {Record<string, Site>} sites
 * @param {number} count of tickets at a time
 * @param {import('../lib/writers.mjs').Plan} plan
 * @returns {Promise<{ costs: Map<string, Cost>, tickets: number }>} by the names of the sites; how many tickets were flushed in all
 */
async function flushCosts (sites, count, plan) {
  let tickets = 0
  const series = await interleave({
    contenders: Object.entries(sites).map(([name, site]) => ({
      name,
      async measure () {
        await fill(site.service, count, { status: 'closed' })
        tickets += count
        return costOf(site, async () => ({ tickets: count, rate: await flush(site.service, count) }))
      },
    })),
    figure: ({ rate }) => rate,
    ...plan,
  })
  return { costs: new Map([...series].map(([name, costs]) => [name, medianCost(costs)])), tickets }
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
