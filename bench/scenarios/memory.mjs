/** Memory of the service under load. */
import { Failure } from '../../scripts/lib/main.mjs'
import { contender } from '../lib/contender.mjs'
import { fill } from '../lib/fill.mjs'
import { changes, create, read } from '../lib/requests.mjs'
import { stated } from '../lib/rows.mjs'
import { memoryOf } from '../lib/usage.mjs'

const MB = 1e6
const KNOWN = 10_000

/** @type {import('./index.mjs').Scenario} */
export const memory = {
  name: 'memory',
  title: 'Memory of the service',
  minutes: 5.2,
  needs: ['wrk'],
  wants: [],

  async run ({ stage, plan, note }) {
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const service = await stage.service({ redis, mariadb })
    // Where it cannot be read, it is known at once.
    bytesOf(service, 'VmRSS')
    const knownIds = await fill(service, KNOWN)

    const { measure } = contender({
      name: 'service', stage, server: service, seconds: plan.choose(5, 0.5), requests: [create(service.key), ...changes(service.key), read(service.key), read(service.key)], statuses: [200, 201], knownIds,
    })
    const minutes = plan.choose(5, 0.05)
    const endsAt = performance.now() + minutes * 60_000
    let resident = NaN
    do {
      await measure(Number.isNaN(resident))
      resident = bytesOf(service, 'VmRSS')
      note(`${toMb(resident)} MB, ${Math.max(0, Math.ceil((endsAt - performance.now()) / 1000))} s to go`)
    } while (performance.now() < endsAt)

    return [stated({
      scenario: 'memory',
      work: `memory of the service after ${minutes} minutes of POST, PATCH and GET, 64 connections`,
      beside: '',
      unit: 'MB',
      value: resident / MB,
      bar: { op: '<=', value: 150 },
      rounds: 1,
      detail: `at most ${toMb(bytesOf(service, 'VmHWM'))} MB`,
    })]
  },
}

/**
 * @param {import('../lib/stage.mjs').Service} service
 * @param {'VmRSS' | 'VmHWM'} name
 */
function bytesOf ({ pid }, name) {
  const bytes = memoryOf(pid, name)
  if (bytes === undefined) throw new Failure('Memory is read from /proc, which this system does not have')
  return bytes
}

/** @param {number} bytes */
function toMb (bytes) {
  return Math.round(bytes / MB)
}
