/** A consumer that begins: it reads all tickets by GET /changes, alone and while others write. */
import { contender, type Slice } from '../lib/contender.ts'
import { followAll } from '../lib/follower.ts'
import { meanwhile } from '../lib/meanwhile.ts'
import { populate } from '../lib/population.ts'
import { changes as statusChanges } from '../lib/requests.ts'
import { compared, type Row, stated } from '../lib/rows.ts'
import { median } from '../lib/statistics.ts'
import type { Scenario } from './index.ts'

/** Before the consumer and after it. */
const SLICES_WITHOUT = 2
/** Tickets a second: one that gets less makes no progress to speak of. */
const RATE_MIN = 500

interface Round { alone: number, beside: number, during: Slice[], without: Slice[] }

export const changes: Scenario = {
  name: 'changes',
  title: 'Reading all changes, alone and beside writes',
  minutes: 9,
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
    const withoutConsumer = async () => {
      const slices: Slice[] = []
      for (let i = 0; i < SLICES_WITHOUT; i += 1) slices.push(await measure(false))
      return slices
    }

    const rounds: Round[] = []
    const count = plan.rounds(4)
    while (rounds.length < count) {
      const round = `round ${rounds.length + 1} of ${count}`
      note(`${round}: alone`)
      const alone = await followAll(service, all)
      note(`${round}: beside writes, ${Math.round(alone).toLocaleString('en-US')} tickets/s alone`)
      const before = await withoutConsumer()
      const during: Slice[] = []
      // Few tickets are read before a slice has ended, and so again.
      const follow = async (): Promise<number> => {
        const rate = await followAll(service, all)
        return during.length > 0 ? rate : await follow()
      }
      const following = follow()
      await meanwhile(following, async () => { during.push(await measure(false)) }, { name: 'The consumer', slicesMax: Math.ceil(2 * half / RATE_MIN / seconds) })
      // In the last one the consumer has come to its end.
      if (during.length > 1) during.pop()
      rounds.push({ alone, beside: await following, during, without: [...before, ...await withoutConsumer()] })
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
