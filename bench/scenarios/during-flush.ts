/** Writes while a great many tickets go to MySQL, from the first to the last: a flush must leave the callers their share. */
import { Failure } from '../../scripts/lib/main.mjs'
import { contender, type Slice } from '../lib/contender.ts'
import { removeFromRedis } from '../lib/databases.ts'
import { meanwhile } from '../lib/meanwhile.ts'
import { create } from '../lib/requests.ts'
import { compared, type Row } from '../lib/rows.ts'
import { FLUSHED_ON_REQUEST } from '../lib/stage.ts'
import { median } from '../lib/statistics.ts'
import { fill, flush, type Ids } from '../lib/tickets.ts'
import type { Scenario } from './index.ts'

const CONNECTIONS = 64
/** Without a flush, before each one and after it. */
const SLICES_WITHOUT = 3
/** Tickets a second: a flush that gets less than this beside requests makes no progress to speak of. */
const FLUSH_RATE_MIN = 1000

interface Round { during: Slice[], without: Slice[], flushRate: number }

export const duringFlush: Scenario = {
  name: 'during-flush',
  title: 'Creating tickets while others are flushed',
  minutes: 5,
  needs: ['wrk'],
  wants: [],

  async run ({ stage, plan, note }) {
    const tickets = plan.choose(200_000, 20_000)
    // Between two of them the flush has the service to itself for a moment, and so they are long.
    const seconds = plan.choose(3, 0.6)
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const service = await stage.service({ redis, mariadb, variables: FLUSHED_ON_REQUEST })
    const { measure } = contender({ name: 'service', stage, seconds, connections: CONNECTIONS, server: service, requests: [create(service.key)], statuses: [201] })
    for (let i = 0; i < plan.warmup; i += 1) await measure(true, { seconds: plan.sliceSeconds })

    const created: Ids[] = []
    const slice = async () => {
      const measured = await measure(false)
      created.push(measured.ids)
      return measured
    }
    const withoutFlush = async () => {
      const slices: Slice[] = []
      for (let i = 0; i < SLICES_WITHOUT; i += 1) slices.push(await slice())
      return slices
    }

    const rounds: Round[] = []
    const count = plan.rounds(4)
    while (rounds.length < count) {
      const before = await withoutFlush()
      const closed = await fill(service, tickets, { status: 'closed' })
      note(`round ${rounds.length + 1} of ${count}: flushing`)
      const flushing = flush(service, tickets)
      const during = await meanwhile(flushing, slice, { name: `A flush of ${tickets} tickets`, slicesMax: Math.ceil(tickets / FLUSH_RATE_MIN / seconds) })
      if (during.length === 0) throw new Failure(`A flush of ${tickets} tickets ended before a slice of ${seconds} s did`)
      rounds.push({ during, without: [...before, ...await withoutFlush()], flushRate: await flushing })
      // What the rounds leave would become gigabytes.
      for (const ids of [closed, ...created.splice(0)]) await removeFromRedis(redis, ids)
    }
    return toRows(tickets, rounds)
  },
}

/**
 * @param tickets of a flush
 * @returns the slices of each round's flush beside those of the same round that had none
 */
export function toRows (tickets: number, rounds: readonly Round[]): Row[] {
  const flushRate = `${Math.round(median(rounds.map(round => round.flushRate))).toLocaleString('en-US')} of them a second`
  const row = (figure: (slice: Slice) => number, rest: Pick<Parameters<typeof compared>[0], 'work' | 'unit' | 'bar' | 'detail'>) => compared({
    scenario: 'during-flush',
    beside: 'without a flush, before and after it',
    values: rounds.map(({ during }) => median(during.map(figure))),
    references: rounds.map(({ without }) => median(without.map(figure))),
    ...rest,
  })
  const p99 = (slice: Slice) => slice.p99_ms
  const all = rounds.flatMap(({ during }) => during)
  const work = `while ${tickets.toLocaleString('en-US')} closed tickets are flushed`
  return [
    row(({ rate }) => rate, { work: `POST ${work}`, unit: 'requests/s', bar: { op: '>=', value: 0.8 }, detail: flushRate }),
    row(p99, { work: `p99 of POST ${work}`, unit: 'ms', bar: { op: '<=', value: 2 }, detail: `${flushRate}; ${Math.max(...all.map(p99)).toFixed(1)} ms in the worst of ${all.length} slices` }),
  ]
}
