/** A second instance behind the same nginx. All of it has all cores: what they add up to is this machine's. */
import { cpus } from 'node:os'
import { contender } from '../lib/contender.ts'
import { create } from '../lib/requests.ts'
import { interleave } from '../lib/rounds.ts'
import { compared } from '../lib/rows.ts'
import type { Scenario } from './index.ts'

export const instances: Scenario = {
  name: 'instances',
  title: 'Two instances behind nginx',
  minutes: 0.6,
  needs: ['wrk', 'nginx'],
  wants: [],

  run: ({ stage, plan, note }) => stage.cores.unpinned(async () => {
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const [first, second] = await stage.services({ redis, mariadb })
    const options = { stage, seconds: plan.sliceSeconds, requests: [create(first.key)], statuses: [201] }
    const contenders = [
      contender({ ...options, name: 'two', server: await stage.nginx({ proxied: [first, second] }), helpers: [first, second] }),
      contender({ ...options, name: 'one', server: await stage.nginx({ proxied: [first] }), helpers: [first] }),
    ]
    const series = await interleave({ contenders, rounds: plan.rounds(8), warmup: plan.warmup, note, figure: ({ rate }) => rate })
    const rates = (name: string) => (series.get(name) ?? []).map(({ rate }) => rate)
    return [compared({
      scenario: 'instances',
      work: 'POST a ticket to two instances behind nginx',
      beside: 'one instance behind nginx',
      unit: 'requests/s',
      values: rates('two'),
      references: rates('one'),
      detail: `nothing pinned: load, nginx, both instances, Redis and MariaDB share ${cpus().length} cores`,
    })]
  }),
}
