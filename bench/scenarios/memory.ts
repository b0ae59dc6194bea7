/** Memory of the service under load. */
import { Failure } from '../../scripts/lib/main.mjs'
import { contender } from '../lib/contender.ts'
import { changes, create, read } from '../lib/requests.ts'
import { stated } from '../lib/rows.ts'
import type { Service } from '../lib/stage.ts'
import { fill } from '../lib/tickets.ts'
import { memoryOf } from '../lib/usage.ts'
import type { Scenario } from './index.ts'

const MB = 1e6
const KNOWN_TICKETS = 10_000

export const memory: Scenario = {
  name: 'memory',
  title: 'Memory of the service',
  minutes: 5.2,
  needs: ['wrk'],
  wants: [],

  async run ({ stage, plan, note }) {
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const service = await stage.service({ redis, mariadb })
    // Where it cannot be read, it is known at once.
    megabytesOf(service, 'VmRSS')
    const knownIds = await fill(service, KNOWN_TICKETS)

    const { measure } = contender({
      name: 'service', stage, server: service, seconds: plan.choose(5, 0.5), requests: [create(service.key), ...changes(service.key), read(service.key), read(service.key)], statuses: [200, 201], knownIds,
    })
    const minutes = plan.choose(5, 0.05)
    const endsAt = performance.now() + minutes * 60_000
    let resident = NaN
    do {
      await measure(Number.isNaN(resident))
      resident = megabytesOf(service, 'VmRSS')
      note(`${Math.round(resident)} MB, ${Math.max(0, Math.ceil((endsAt - performance.now()) / 1000))} s to go`)
    } while (performance.now() < endsAt)

    return [stated({
      scenario: 'memory',
      work: `memory of the service after ${minutes} minutes of POST, PATCH and GET, 64 connections`,
      unit: 'MB',
      values: [resident],
      bar: { op: '<=', value: 150 },
      detail: `at most ${Math.round(megabytesOf(service, 'VmHWM'))} MB`,
    })]
  },
}

function megabytesOf ({ pid }: Service, name: 'VmRSS' | 'VmHWM'): number {
  const bytes = memoryOf(pid, name)
  if (bytes === undefined) throw new Failure('Memory is read from /proc, which this system does not have')
  return bytes / MB
}
