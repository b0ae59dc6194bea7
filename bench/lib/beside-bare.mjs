/** A route on tickets that are there, beside the same route without a store. */
import { besides } from './besides.mjs'
import { fill } from './fill.mjs'
import { interleave } from './rounds.mjs'
import { twins } from './twins.mjs'

const TICKETS = 10_000

/**
 * @param {import('../scenarios/index.mjs').Context} context
 * @param {{ scenario: string, work: string, requests: (key: string) => string[], bar: import('./rows.mjs').Bar }} options
 */
export async function besideBare ({ stage, plan, note }, { scenario, work, requests, bar }) {
  const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
  const [service, secondService] = await stage.services({ redis, mariadb })
  const options = { stage, seconds: plan.sliceSeconds, requests: requests(service.key), statuses: [200], knownIds: await fill(service, TICKETS) }
  const contenders = [
    twins({ ...options, name: 'service', servers: [service, secondService] }),
    twins({ ...options, name: 'bare', servers: [await stage.bare(), await stage.bare()] }),
  ]
  const series = await interleave({ contenders, rounds: plan.rounds(8), warmup: plan.warmup, note, figure: ({ rate }) => rate })
  return besides({
    scenario,
    work,
    unit: 'requests/s',
    subject: 'service',
    series,
    besides: [{ name: 'bare', label: 'the same Fastify route without a store', bar }],
  })
}
