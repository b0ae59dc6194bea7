/** How long a write takes while there is room: both at half of what they can do. */
import { Failure } from '../../scripts/lib/main.mjs'
import { contender } from '../lib/contender.mjs'
import { create, webdisCreate } from '../lib/requests.mjs'
import { interleave } from '../lib/rounds.mjs'
import { compared } from '../lib/rows.mjs'
import { median } from '../lib/statistics.mjs'

const CONNECTIONS = 64
const SHARE = 0.5
/** So far from the rate that was asked for, a slice shows something else. */
const TOLERANCE = 0.1
const ATTEMPTS = 6

/** @type {import('./index.mjs').Scenario} */
export const latency = {
  name: 'latency',
  title: 'Latency at half of the saturation rate',
  minutes: 1.3,
  needs: ['wrk', 'webdis'],
  wants: [],

  async run ({ stage, plan, note }) {
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const service = await stage.service({ redis, mariadb })
    const webdis = await stage.webdis(redis)
    const options = { stage, seconds: plan.sliceSeconds, connections: CONNECTIONS }
    const contenders = [
      contender({ ...options, name: 'service', server: service, requests: [create(service.key)], statuses: [201] }),
      contender({ ...options, name: 'webdis', server: webdis, requests: [webdisCreate()], statuses: [200] }),
    ]
    const saturated = await interleave({ contenders, rounds: plan.choose(5, 2), warmup: plan.warmup, note, figure: ({ rate }) => rate })
    const rates = new Map(contenders.map(({ name }) => [name, SHARE * median((saturated.get(name) ?? []).map(({ rate }) => rate))]))
    const series = await interleave({
      contenders: contenders.map((each) => paced(each, rates.get(each.name) ?? NaN, plan.choose(4, 0.5))),
      rounds: plan.rounds(6),
      warmup: 1,
      note,
      figure: ({ p99_ms: p99 }) => p99 * 1000,
    })
    const p99 = (/** @type {string} */ name) => (series.get(name) ?? []).map(({ p99_ms: value }) => value)
    const rate = (/** @type {string} */ name) => Math.round(rates.get(name) ?? NaN).toLocaleString('en-US')
    return [compared({
      scenario: 'latency',
      work: `p99 of POST at half of its saturation rate, ${rate('service')}/s`,
      beside: `Webdis at half of its own, ${rate('webdis')}/s`,
      unit: 'ms',
      values: p99('service'),
      references: p99('webdis'),
      bar: { op: '<=', value: 2 },
    })]
  },
}

/**
 * Requests that arrive at a rate, by chance: pauses are exponentially distributed, and corrected by the rate that they led to.
 * @param {ReturnType<typeof contender>} each
 * @param {number} rate
 * @param {number} seconds
 */
function paced ({ name, measure }, rate, seconds) {
  // What a connection does in a second, less the answer itself, which is about one ms.
  let pauseMs = Math.max(0.1, 1000 * CONNECTIONS / rate - 1)
  return {
    name,
    async measure () {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        const slice = await measure(false, { pauseMs, seconds })
        const cycleMs = 1000 * CONNECTIONS / slice.rate
        pauseMs = Math.max(0.1, pauseMs + 1000 * CONNECTIONS / rate - cycleMs)
        if (Math.abs(slice.rate / rate - 1) <= TOLERANCE) return slice
      }
      throw new Failure(`The load did not come within ${100 * TOLERANCE} % of ${Math.round(rate)} requests/s to ${name}: this machine is too busy`)
    },
  }
}
