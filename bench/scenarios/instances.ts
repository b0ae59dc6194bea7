/**
 * A second instance on a core of its own, with the same Redis. Load and Redis need cores, too, and on a machine with few of them
 * they take these from the instances: so the load is lowered until some processor time is idle, and the rates of then are compared.
 */
import { cpus } from 'node:os'
import { Failure } from '../../scripts/lib/main.mjs'
import { contender, type Slice, sumOf } from '../lib/contender.ts'
import { findHeadroom, type Headroom } from '../lib/headroom.ts'
import { paced } from '../lib/pace.ts'
import { create } from '../lib/requests.ts'
import { interleave } from '../lib/rounds.ts'
import { besides, type Row } from '../lib/rows.ts'
import { median } from '../lib/statistics.ts'
import { idleShare, readTicks } from '../lib/usage.ts'
import type { Scenario } from './index.ts'

/** To each instance. */
const CONNECTIONS = 64

export const instances: Scenario = {
  name: 'instances',
  title: 'Two instances on two cores',
  minutes: 2.5,
  needs: ['wrk'],
  wants: [],

  run: ({ stage, plan, note }) => stage.cores.spread(async ({ description, allowed }) => {
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const services = await stage.services({ redis, mariadb })
    const options = { stage, seconds: plan.sliceSeconds, connections: CONNECTIONS, requests: [create(services[0].key)], statuses: [201] }
    const each = services.map((server, i) => contender({ ...options, name: `instance-${i}`, server }))
    const sides = [
      { name: 'two', connections: 2 * CONNECTIONS, measure: async (...how: Parameters<typeof each[number]['measure']>) => sumOf(await Promise.all(each.map(({ measure }) => measure(...how)))) },
      { name: 'one', connections: CONNECTIONS, measure: each[0]!.measure },
    ]
    const saturated = await interleave({ contenders: sides, rounds: plan.choose(5, 1), warmup: plan.warmup, note: text => note(`without a pause: ${text}`), figure: ({ rate }) => rate })

    const seconds = plan.choose(3, 0.6)
    const found = new Map<string, Headroom>()
    const contenders = []
    for (const side of sides) {
      const saturation = median((saturated.get(side.name) ?? []).map(({ rate }) => rate))
      const at = (share: number) => share === 1 ? { name: side.name, measure: () => side.measure(false, { seconds }) } : paced({ contender: side, rate: share * saturation, connections: side.connections, seconds })
      const headroom = await findHeadroom(side.name, plan.choose([1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3], [1, 0.5]), async share => {
        note(`${side.name}: at ${Math.round(100 * share)} % of ${Math.round(saturation)} requests/s`)
        return await idleWhile(allowed, at(share).measure)
      }, plan.isStrict)
      found.set(side.name, headroom)
      contenders.push(at(headroom.share))
    }
    const series = await interleave({ contenders, rounds: plan.rounds(8), warmup: 0, note, figure: ({ rate }) => rate })
    return [toRow(series, found, description)]
  }),
}

async function idleWhile (cores: readonly number[] | undefined, work: () => Promise<unknown>): Promise<number> {
  const before = readTicks(undefined, cores)
  await work()
  const idle = idleShare(before, readTicks(undefined, cores))
  if (idle === undefined) throw new Failure('How busy the cores are is read from /proc/stat, which this system does not have')
  return idle
}

export function toRow (series: ReadonlyMap<string, readonly Slice[]>, found: ReadonlyMap<string, Headroom>, description: string): Row {
  const percent = (share: number) => `${Math.round(100 * share)} %`
  const load = [...found].map(([name, { share, idle }]) => `${name} at ${percent(share)} of saturation, with ${percent(idle)} of the processor time idle`).join('; ')
  const [row] = besides({
    scenario: 'instances', work: 'POST a ticket to two instances on two cores', unit: 'requests/s', series, subject: 'two', others: [{ name: 'one', label: 'to one instance' }],
  })
  return { ...row!, detail: `${load}; ${cpus().length} cores: ${description}` }
}
