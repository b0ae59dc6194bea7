/** How long a list and a count take while the service has as many writes as it takes, with few and with many unsynced tickets. */
import { Failure } from '../../scripts/lib/main.mjs'
import { besideWrites, type BesideWrites } from '../lib/beside-writes.ts'
import { contender } from '../lib/contender.ts'
import { expectWhole, populate, type Site } from '../lib/population.ts'
import { changes, counts, LATEST, latest, listsOf } from '../lib/requests.ts'
import { type Contender, interleave } from '../lib/rounds.ts'
import { compared, type Row, stated } from '../lib/rows.ts'
import { median } from '../lib/statistics.ts'
import { AGENTS, read } from '../lib/tickets.ts'
import type { Scenario } from './index.ts'

const P99_MS_MAX = 10
/** Of many unsynced tickets beside few. */
const GROWTH_MAX = 1.2
const PAGE = 50

export const lists: Scenario = {
  name: 'lists',
  title: 'Lists and counts beside writes',
  minutes: 7.5,
  needs: ['wrk'],
  wants: [],

  async run ({ stage, plan, note }) {
    const sizes = plan.choose([10_000, 1_000_000], [4000, 8000])
    const mariadb = await stage.mariadb()
    const sites: Site[] = []
    for (const size of sizes) {
      note(`filling ${size.toLocaleString('en-US')}, beside ${plan.mysqlRows.toLocaleString('en-US')} rows in MySQL`)
      sites.push(await populate({ stage, mariadb, table: 'tickets', size, rows: plan.mysqlRows }))
    }
    const beside = async (name: string, readsOf: (key: string) => string[]) => {
      const contenders = sites.map((site): Contender<BesideWrites> => besideWrites({
        stage, name: site.name, server: site.service, statuses: [200], seconds: plan.choose(5, 1.5), knownIds: site.ids, writes: changes(site.service.key), reads: readsOf(site.service.key),
      }))
      const series = await interleave({ contenders, rounds: plan.rounds(6), warmup: plan.choose(4, 1), note: text => note(`p99 of ${name}, µs: ${text}`), figure: ({ p99_ms: p99 }) => p99 * 1000 })
      for (const site of sites) await expectWhole(site)
      return series
    }
    for (const site of sites) await expectLists(site)
    const pages = await beside('lists', key => listsOf(AGENTS, key))
    for (const site of sites) await expectLists(site)
    const counted = await beside('counts', key => [counts(key)])
    return [
      ...toRows(`first page of ${PAGE} open tickets of one agent`, plan.mysqlRows, pages),
      ...toRows('counts by status', plan.mysqlRows, counted),
      ...await passes(sites.at(-1)!),
    ]

    /** What one request costs for which all unsynced tickets are gone through, and what it leaves to writes. */
    async function passes ({ service, name: size, ids: knownIds }: Site): Promise<Row[]> {
      const place = `${size} unsynced tickets, ${plan.mysqlRows.toLocaleString('en-US')} rows in MySQL`
      const values: number[] = []
      while (values.length < plan.rounds(6)) {
        const startedAt = performance.now()
        await read(service, LATEST)
        values.push(performance.now() - startedAt)
      }
      const options = { stage, server: service, statuses: [200], seconds: plan.choose(8, 1.5), knownIds }
      const writes = changes(service.key)
      const beside = besideWrites({ ...options, name: 'with-passes', writes, reads: [latest(service.key)] })
      const series = await interleave({
        contenders: [
          { name: 'with', measure: async isWarmup => (await beside.measure(isWarmup)).writes },
          { name: 'without', measure: async isWarmup => (await contender({ ...options, name: 'without-passes', requests: writes }).measure(isWarmup)).rate },
        ],
        rounds: plan.rounds(5),
        warmup: 1,
        note: text => note(`writes with and without a list by time: ${text}`),
        figure: rate => rate,
      })
      return [
        stated({ scenario: 'lists', work: `first page of all tickets by -updated_at: ${place}`, unit: 'ms', values }),
        compared({ scenario: 'lists', work: `PATCH beside one reader of such pages: ${place}`, beside: 'without the reader', unit: 'requests/s', values: series.get('with')!, references: series.get('without')! }),
      ]
    }
  },
}

/** Else something else would be measured. */
async function expectLists ({ service, name, size, rows }: Site): Promise<void> {
  const { tickets } = await read(service, `/tickets?status=open&assigned_to=1&limit=${PAGE}`) as { tickets: { status: string, assigned_to: number }[] }
  if (tickets.length !== PAGE || !tickets.every(ticket => ticket.status === 'open' && ticket.assigned_to === 1)) throw new Failure(`The first page of agent 1 has ${tickets.length} tickets beside ${name}, or others`)
  const { counts: byStatus } = await read(service, '/tickets/counts?group_by=status') as { counts: Record<string, number> }
  const sum = Object.values(byStatus).reduce((total, each) => total + each, 0)
  if (sum !== size + rows) throw new Failure(`There are ${size + rows} tickets, and ${sum} are counted: ${JSON.stringify(byStatus)}`)
}

/** @param series by number of unsynced tickets, the smaller first */
export function toRows (work: string, mysqlRows: number, series: ReadonlyMap<string, readonly BesideWrites[]>): Row[] {
  const [small, large] = [...series].map(([name, slices]) => ({ name, values: slices.map(({ p99_ms: p99 }) => p99), writes: median(slices.map(({ writes }) => writes)) }))
  if (!small || !large) throw new Error('growth is that of two sizes')
  const place = ({ name }: { name: string }) => `${name} unsynced tickets, ${mysqlRows.toLocaleString('en-US')} rows in MySQL`
  const detail = `beside ${Math.round(large.writes).toLocaleString('en-US')} PATCH/s`
  return [
    stated({ scenario: 'lists', work: `p99 of the ${work}: ${place(large)}`, unit: 'ms', values: large.values, bar: { op: '<=', value: P99_MS_MAX }, detail }),
    compared({
      scenario: 'lists', work: `p99 of the ${work}: ${place(large)}`, beside: `${small.name} unsynced tickets, as many rows`, unit: 'ms', values: large.values, references: small.values, bar: { op: '<=', value: GROWTH_MAX }, detail,
    }),
  ]
}
