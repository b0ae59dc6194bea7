/** A route on tickets that are there, beside the same route without a store. */
import { besides } from './besides.mjs'
import { contender } from './contender.mjs'
import { fill } from './fill.mjs'
import { interleave } from './rounds.mjs'

const TICKETS = 10_000

/**
 * @param {import('../scenarios/index.mjs').Context} context
 * @param {{ scenario: string, work: string, requests: (key: string) => string[], bar: import('./rows.mjs').Bar }} options
 */
export async function besideBare ({ stage, plan, note }, { scenario, work, requests, bar }) {
  const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
  const service = await stage.service({ redis, mariadb })
  const bare = await stage.bare()
  const options = { stage, seconds: plan.sliceSeconds, requests: requests(service.key), statuses: [200], knownIds: await fill(service, TICKETS) }
  const contenders = [
    contender({ ...options, name: 'service', server: service }),
    contender({ ...options, name: 'bare', server: bare }),
  ]
  const series = await interleave({ contenders, rounds: plan.rounds(15), warmup: plan.warmup, note, figure: ({ rate }) => rate })
  return besides({
    scenario,
    work,
    unit: 'requests/s',
    subject: 'service',
    series,
    besides: [{ name: 'bare', label: 'the same Fastify route without a store', bar }],
  })
}
