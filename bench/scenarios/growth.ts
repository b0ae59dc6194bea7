/** The same work beside ten thousand, a hundred thousand and a million tickets that are there already. */
import { contender } from '../lib/contender.ts'
import { expectWhole, populate, restore, type Site } from '../lib/population.ts'
import { create, read } from '../lib/requests.ts'
import { type Contender, interleave } from '../lib/rounds.ts'
import { compared, type Row } from '../lib/rows.ts'
import { median, ratio } from '../lib/statistics.ts'
import { fill, flush } from '../lib/tickets.ts'
import type { Scenario } from './index.ts'

const FLAT_MIN = 0.85
const CONNECTIONS = 64

export const growth: Scenario = {
  name: 'growth',
  title: 'Ten thousand to a million tickets',
  minutes: 3.2,
  needs: ['wrk'],
  wants: [],

  async run ({ stage, plan, note }) {
    const sizes = plan.choose([10_000, 100_000, 1_000_000], [1000, 2000, 4000])
    const flushed = plan.choose(20_000, 1000)
    const mariadb = await stage.mariadb()
    const sites: Site[] = []
    for (const [index, size] of sizes.entries()) {
      note(`filling ${size.toLocaleString('en-US')}`)
      // A Redis and a table for each: all are there at the same time, and measured in turns.
      sites.push(await populate({ stage, mariadb, table: `tickets_${index}`, size }))
    }

    const inTurns = async (warmup: number, measureOf: (site: Site) => Contender<number>['measure']) => {
      const contenders = sites.map(site => ({ name: site.name, measure: measureOf(site) }))
      const series = await interleave({ contenders, rounds: plan.rounds(8), warmup, note, figure: rate => rate })
      for (const site of sites) await expectWhole(site)
      return series
    }
    const rateOf = (site: Site, requests: string[], statuses: number[]) => {
      const { measure } = contender({
        stage, seconds: plan.sliceSeconds, connections: CONNECTIONS, name: site.name, server: site.service, requests, statuses, knownIds: site.ids, cleanUp: ids => restore(site, ids),
      })
      return async (isWarmup: boolean) => (await measure(isWarmup)).rate
    }

    const reads = await inTurns(plan.warmup, site => rateOf(site, [read(site.service.key)], [200]))
    const creations = await inTurns(plan.warmup, site => rateOf(site, [create(site.service.key)], [201]))
    const flushes = await inTurns(plan.choose(2, 1), site => async () => {
      const closed = await fill(site.service, flushed, { status: 'closed' })
      const rate = await flush(site.service, flushed)
      await restore(site, closed)
      return rate
    })

    return [
      toRow('POST a ticket, 64 connections', 'requests/s', creations),
      toRow('GET a ticket, 64 connections', 'requests/s', reads),
      toRow(`flush of ${flushed.toLocaleString('en-US')} closed tickets`, 'tickets/s', flushes),
    ]
  },
}

/**
 * Of each size the rates are set beside those of the smallest, round by round. The lowest over the highest of a round would say
 * how much slices differ, which they do without any growth.
 *
 * @param series rates by size, the smallest first
 * @returns of the size that has lost the most, beside the smallest
 */
export function toRow (work: string, unit: string, series: ReadonlyMap<string, readonly number[]>): Row {
  const [smallest, ...others] = [...series].map(([name, rates]) => ({ name, rates }))
  if (!smallest || others.length === 0) throw new Error('flatness is that of two sizes at least')
  const [worst] = others.map(size => ({ ...size, share: ratio(size.rates, smallest.rates).median })).toSorted((a, b) => a.share - b.share)
  return compared({
    scenario: 'growth',
    work: `${work}, beside ${worst!.name} open tickets and as many rows`,
    beside: `${smallest.name} of each`,
    values: worst!.rates,
    references: smallest.rates,
    unit,
    bar: { op: '>=', value: FLAT_MIN },
    detail: `the worst of ${[...series].map(([name, rates]) => `${Math.round(median(rates)).toLocaleString('en-US')} at ${name}`).join(', ')}`,
  })
}
