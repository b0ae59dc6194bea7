/** A consumer that begins: it reads all tickets by GET /changes, alone and while others write. */
import { contender, type Slice } from '../lib/contender.ts'
import { followAll, followFrom } from '../lib/follower.ts'
import { populate } from '../lib/population.ts'
import { changes as statusChanges } from '../lib/requests.ts'
import { compared, type Row, stated } from '../lib/rows.ts'
import { median } from '../lib/statistics.ts'
import type { Scenario } from './index.ts'

/** Before the consumer, beside it in each half of the tickets, and after it. */
const SLICES = 2

interface Round { alone: number, beside: number, during: Slice[], without: Slice[] }

export const changes: Scenario = {
  name: 'changes',
  title: 'Reading all changes, alone and beside writes',
  minutes: 4.5,
  needs: ['wrk'],
  wants: [],

  async run ({ stage, plan, note }) {
    // One half waits in Redis, the other is in MySQL alone.
    const half = plan.choose(500_000, 4000)
    const seconds = plan.choose(2, 1)
    note(`filling ${(2 * half).toLocaleString('en-US')}`)
    const site = await populate({ stage, mariadb: await stage.mariadb(), table: 'tickets', size: half })
    const { service, ids } = site
    const all = [ids, site.rowIds]
    const { measure } = contender({ name: 'writes', stage, seconds, server: service, requests: statusChanges(service.key), statuses: [200], knownIds: ids })
    for (let i = 0; i < plan.warmup; i += 1) await measure(true, { seconds: plan.sliceSeconds })
    const writes = async () => {
      const slices: Slice[] = []
      for (let i = 0; i < SLICES; i += 1) slices.push(await measure(false))
      return slices
    }
    /** A consumer from a cursor on, and the writes beside it. */
    const beside = async (since: string) => {
      let isOver = false
      return await Promise.all([followFrom(service, since, () => isOver), writes().finally(() => { isOver = true })])
    }

    const rounds: Round[] = []
    const count = plan.rounds(4)
    while (rounds.length < count) {
      const round = `round ${rounds.length + 1} of ${count}`
      note(`${round}: alone`)
      const { rate: alone, middle } = await followAll(service, all)
      note(`${round}: beside writes, ${Math.round(alone).toLocaleString('en-US')} tickets/s alone`)
      const before = await writes()
      const [[inRedis, besideRedis], [inMysql, besideMysql]] = [await beside(''), await beside(middle)]
      rounds.push({ alone, beside: (inRedis + inMysql) / 2, during: [...besideRedis, ...besideMysql], without: [...before, ...await writes()] })
    }
    return toRows(2 * half, rounds)
  },
}

/** @param tickets half of them in Redis, half of them in MySQL */
export function toRows (tickets: number, rounds: readonly Round[]): Row[] {
  const rates = (slices: readonly Slice[]) => median(slices.map(({ rate }) => rate))
  const shown = (rate: number) => `${Math.round(rate).toLocaleString('en-US')} tickets/s`
  const work = `GET /changes from the beginning, ${tickets.toLocaleString('en-US')} tickets`
  return [
    stated({ scenario: 'changes', work, unit: 'tickets/s', values: rounds.map(({ alone }) => alone), bar: { op: '>=', value: 30_000 }, detail: 'half of them wait in Redis, the others are in MySQL alone' }),
    compared({
      scenario: 'changes',
      work: `PATCH status beside ${work}`,
      beside: 'without it, before and after',
      unit: 'requests/s',
      values: rounds.map(({ during }) => rates(during)),
      references: rounds.map(({ without }) => rates(without)),
      bar: { op: '>=', value: 0.8 },
      detail: `${shown(median(rounds.map(({ beside }) => beside)))} are read meanwhile`,
    }),
  ]
}
