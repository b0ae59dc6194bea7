/** Writes while a great many tickets go to MySQL: a flush must leave the callers their share. */
import { Failure } from '../../scripts/lib/main.mjs'
import { contender } from '../lib/contender.mjs'
import { fill } from '../lib/fill.mjs'
import { flush } from '../lib/flush.mjs'
import { meanwhile } from '../lib/meanwhile.mjs'
import { create } from '../lib/requests.mjs'
import { compared } from '../lib/rows.mjs'

/** Of each round; the flush ends at its full speed afterwards. */
const SLICES = 4

/** @typedef {import('../lib/contender.mjs').Slice} Slice */

/** @type {import('./index.mjs').Scenario} */
export const duringFlush = {
  name: 'during-flush',
  title: 'Creating tickets while others are flushed',
  minutes: 1.2,
  needs: ['wrk'],
  wants: [],

  async run ({ stage, plan, note }) {
    const tickets = plan.choose(200_000, 20_000)
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const service = await stage.service({ redis, mariadb, variables: { FLUSH_INTERVAL_MS: '86400000' } })
    const { measure } = contender({ name: 'service', stage, seconds: plan.sliceSeconds, server: service, requests: [create(service.key)], statuses: [201] })
    for (let i = 0; i < plan.warmup; i += 1) await measure(true)

    /** @type {Slice[]} */
    const during = []
    /** @type {Slice[]} */
    const without = []
    const rounds = plan.rounds(3)
    for (let round = 1; round <= rounds; round += 1) {
      const { count } = await fill(service, tickets, { status: 'closed' })
      const slices = await meanwhile(flush(service, count), () => measure(false), SLICES)
      during.push(...slices)
      for (let i = 0; i < slices.length; i += 1) without.push(await measure(false))
      note(`round ${round} of ${rounds}: ${during.length} slices`)
    }
    if (during.length === 0) throw new Failure(`Each flush of ${tickets} tickets ended before a slice of ${plan.sliceSeconds} s did`)

    const row = (/** @type {(slice: Slice) => number} */ figure, /** @type {Pick<import('../lib/rows.mjs').Compared, 'work' | 'unit' | 'bar'>} */ rest) => compared({
      scenario: 'during-flush',
      beside: 'without a flush',
      values: during.map(figure),
      references: without.map(figure),
      ...rest,
    })
    const work = `during a flush of ${tickets.toLocaleString('en-US')} tickets`
    return [
      row(({ rate }) => rate, { work: `POST ${work}`, unit: 'requests/s', bar: { op: '>=', value: 0.8 } }),
      row(({ p99_ms: p99 }) => p99, { work: `p99 of POST ${work}`, unit: 'ms', bar: { op: '<=', value: 2 } }),
    ]
  },
}
