/** How long a write takes while there is room: both at half of what they can do. */
import { contender } from '../lib/contender.ts'
import { paced } from '../lib/pace.ts'
import { create } from '../lib/requests.ts'
import { interleave } from '../lib/rounds.ts'
import { compared } from '../lib/rows.ts'
import { median } from '../lib/statistics.ts'
import { webdisContender } from '../lib/webdis.ts'
import type { Scenario } from './index.ts'

const CONNECTIONS = 64
const SHARE = 0.5

export const latency: Scenario = {
  name: 'latency',
  title: 'Latency at half of the saturation rate',
  minutes: 2.7,
  needs: ['wrk', 'webdis'],
  wants: [],

  async run ({ stage, plan, note }) {
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const service = await stage.service({ redis, mariadb })
    const options = { stage, seconds: plan.sliceSeconds, connections: CONNECTIONS }
    const contenders = [
      contender({ ...options, name: 'service', server: service, requests: [create(service.key)], statuses: [201] }),
      await webdisContender({ ...options, redis }),
    ]
    const saturated = await interleave({ contenders, rounds: plan.choose(5, 2), warmup: plan.warmup, note, figure: ({ rate }) => rate })
    const rateOf = (name: string) => SHARE * median((saturated.get(name) ?? []).map(({ rate }) => rate))
    const series = await interleave({
      contenders: contenders.map(each => paced({ contender: each, rate: rateOf(each.name), connections: CONNECTIONS, seconds: plan.choose(10, 0.5) })),
      rounds: plan.rounds(6),
      warmup: 1,
      note,
      figure: ({ p99_ms: p99 }) => p99 * 1000,
    })
    const p99 = (name: string) => (series.get(name) ?? []).map(({ p99_ms: value }) => value)
    const shown = (name: string) => Math.round(rateOf(name)).toLocaleString('en-US')
    return [compared({
      scenario: 'latency',
      work: `p99 of POST at half of its saturation rate, ${shown('service')}/s`,
      beside: `Webdis at half of its own, ${shown('webdis')}/s`,
      unit: 'ms',
      values: p99('service'),
      references: p99('webdis'),
      bar: { op: '<=', value: 1.5 },
    })]
  },
}
