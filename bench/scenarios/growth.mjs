/** The same work beside ten thousand, a hundred thousand and a million tickets that are there already. */
import { contender } from '../lib/contender.mjs'
import { fill } from '../lib/fill.mjs'
import { flush } from '../lib/flush.mjs'
import { create, read } from '../lib/requests.mjs'
import { interleave } from '../lib/rounds.mjs'
import { isMet } from '../lib/rows.mjs'
import { median, ratio } from '../lib/statistics.mjs'

/** @type {import('../lib/rows.mjs').Bar} */
const FLAT = { op: '>=', value: 0.85 }

/** @typedef {{ name: string, service: import('../lib/stage.mjs').Service, ids: { first: number, count: number } }} Site */

/** @type {import('./index.mjs').Scenario} */
export const growth = {
  name: 'growth',
  title: 'Ten thousand to a million tickets',
  minutes: 3,
  needs: ['wrk'],
  wants: [],

  async run ({ stage, plan, note }) {
    const sizes = plan.choose([10_000, 100_000, 1_000_000], [1000, 2000, 4000])
    const flushed = plan.choose(20_000, 1000)
    const mariadb = await stage.mariadb()
    /** @type {Site[]} */
    const sites = []
    for (const [index, size] of sizes.entries()) {
      const name = size.toLocaleString('en-US')
      note(`filling ${name}`)
      // A Redis and a table for each: all are there at the same time, and measured in turns.
      const service = await stage.service({ redis: await stage.redis(), mariadb, variables: { TICKETS_TABLE: `tickets_${index}`, FLUSH_INTERVAL_MS: '86400000' } })
      const ids = await fill(service, size, { status: 'closed' })
      await flush(service, size)
      sites.push({ name, service, ids })
    }

    /** @param {(site: Site) => string[]} requestsOf @param {number} status */
    const underLoad = async (requestsOf, status) => rates(await interleave({
      contenders: sites.map((site) => contender({
        name: site.name, stage, seconds: plan.sliceSeconds, server: site.service, requests: requestsOf(site), statuses: [status], knownIds: site.ids,
      })),
      rounds: plan.rounds(6),
      warmup: plan.warmup,
      note,
      figure: ({ rate }) => rate,
    }), ({ rate }) => rate)

    const flushes = await interleave({
      contenders: sites.map(({ name, service }) => ({
        name,
        async measure () {
          await fill(service, flushed, { status: 'closed' })
          return flush(service, flushed)
        },
      })),
      rounds: plan.rounds(6),
      warmup: 1,
      note,
      figure: (rate) => rate,
    })
    return [
      toRow('POST a ticket, 64 connections', 'requests/s', await underLoad(({ service }) => [create(service.key)], 201)),
      toRow('GET a ticket, 64 connections', 'requests/s', await underLoad(({ service }) => [read(service.key)], 200)),
      toRow(`flush of ${flushed.toLocaleString('en-US')} tickets`, 'tickets/s', rates(flushes, (rate) => rate)),
    ]
  },
}

/**
 * @template T
 * @param {Map<string, T[]>} series
 * @param {(measurement: T) => number} rateOf
 * @returns {[string, number[]][]} by size, the smallest first
 */
function rates (series, rateOf) {
  return [...series].map(([name, slices]) => [name, slices.map(rateOf)])
}

/**
 * How flat it is: the lowest of the sizes over the highest, each as it is beside the smallest in the same rounds.
 * @param {string} work
 * @param {string} unit
 * @param {[string, number[]][]} bySize
 * @returns {import('../lib/rows.mjs').Row}
 */
function toRow (work, unit, bySize) {
  const [smallestName, smallest] = /** @type {[string, number[]]} */ (bySize[0])
  const [largestName, largest] = /** @type {[string, number[]]} */ (bySize.at(-1))
  const relative = bySize.map(([, values]) => ratio(values, smallest).median)
  const flatness = Math.min(...relative) / Math.max(...relative)
  const all = ratio(largest, smallest)
  return {
    scenario: 'growth',
    work: `${work}, beside ${largestName} tickets`,
    beside: `${smallestName} tickets`,
    value: median(largest),
    unit,
    reference: median(smallest),
    // The quartiles are those of the largest beside the smallest.
    ratio: { low: flatness * all.low / all.median, median: flatness, high: flatness * all.high / all.median },
    bar: FLAT,
    met: isMet(flatness, FLAT),
    rounds: smallest.length,
    detail: `lowest over highest of ${bySize.map(([name, values]) => `${Math.round(median(values)).toLocaleString('en-US')} at ${name}`).join(', ')}`,
  }
}
