/** The same work beside ten thousand, a hundred thousand and a million tickets that are there already. */
import { contender } from '../lib/contender.mjs'
import { fill } from '../lib/fill.mjs'
import { slowest } from '../lib/flatness.mjs'
import { flush } from '../lib/flush.mjs'
import { expectWhole, populate, restore } from '../lib/population.mjs'
import { idsOf } from '../lib/remove.mjs'
import { create, read } from '../lib/requests.mjs'
import { interleave } from '../lib/rounds.mjs'
import { compared } from '../lib/rows.mjs'
import { median } from '../lib/statistics.mjs'

/** @type {import('../lib/rows.mjs').Bar} */
const FLAT = { op: '>=', value: 0.85 }
const CONNECTIONS = 64

/** @typedef {import('../lib/population.mjs').Site} Site */

/** @type {import('./index.mjs').Scenario} */
export const growth = {
  name: 'growth',
  title: 'Ten thousand to a million tickets',
  minutes: 3.2,
  needs: ['wrk'],
  wants: [],

  async run ({ stage, plan, note }) {
    const sizes = plan.choose([10_000, 100_000, 1_000_000], [1000, 2000, 4000])
    const flushed = plan.choose(20_000, 1000)
    const mariadb = await stage.mariadb()
    /** @type {Site[]} */
    const sites = []
    for (const [index, size] of sizes.entries()) {
      note(`filling ${size.toLocaleString('en-US')}`)
      // A Redis and a table for each: all are there at the same time, and measured in turns.
      sites.push(await populate({ stage, mariadb, table: `tickets_${index}`, size }))
    }

    /** @param {(site: Site) => import('../lib/rounds.mjs').Contender<number>} contenderOf @param {number} warmup */
    const inTurns = async (contenderOf, warmup) => {
      const series = await interleave({ contenders: sites.map(contenderOf), rounds: plan.rounds(8), warmup, note, figure: (rate) => rate })
      for (const site of sites) await expectWhole(site)
      return series
    }
    const loads = { stage, seconds: plan.sliceSeconds, connections: CONNECTIONS }

    const reads = await inTurns((site) => {
      const { name, measure } = contender({ ...loads, name: site.name, server: site.service, requests: [read(site.service.key)], statuses: [200], knownIds: site.ids })
      return { name, measure: async (isWarmup) => (await measure(isWarmup)).rate }
    }, plan.warmup)

    const creations = await inTurns((site) => {
      const { name, measure } = contender({ ...loads, name: site.name, server: site.service, requests: [create(site.service.key)], statuses: [201] })
      return {
        name,
        async measure (isWarmup) {
          const slice = await measure(isWarmup)
          await restore(site, idsOf(slice))
          return slice.rate
        },
      }
    }, plan.warmup)

    const flushes = await inTurns((site) => ({
      name: site.name,
      async measure () {
        const closed = await fill(site.service, flushed, { status: 'closed' })
        const rate = await flush(site.service, flushed)
        await restore(site, closed)
        return rate
      },
    }), plan.choose(2, 1))

    return [
      toRow('POST a ticket, 64 connections', 'requests/s', creations),
      toRow('GET a ticket, 64 connections', 'requests/s', reads),
      toRow(`flush of ${flushed.toLocaleString('en-US')} closed tickets`, 'tickets/s', flushes),
    ]
  },
}

/**
 * @param {string} work
 * @param {string} unit
 * @param {ReadonlyMap<string, number[]>} series rates by size, the smallest first
 * @returns {import('../lib/rows.mjs').Row} of the size that has lost the most, beside the smallest
 */
export function toRow (work, unit, series) {
  const sizes = [...series].map(([name, rates]) => ({ name, rates }))
  const worst = slowest(sizes)
  const smallest = /** @type {typeof worst} */ (sizes[0])
  return compared({
    scenario: 'growth',
    work: `${work}, beside ${worst.name} open tickets and as many rows`,
    beside: `${smallest.name} of each`,
    values: worst.rates,
    references: smallest.rates,
    unit,
    bar: FLAT,
    detail: `the worst of ${sizes.map(({ name, rates }) => `${Math.round(median(rates)).toLocaleString('en-US')} at ${name}`).join(', ')}`,
  })
}
