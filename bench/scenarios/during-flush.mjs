/** Writes while a great many tickets go to MySQL, from the first to the last: a flush must leave the callers their share. */
import { Failure } from '../../scripts/lib/main.mjs'
import { contender } from '../lib/contender.mjs'
import { fill } from '../lib/fill.mjs'
import { flush } from '../lib/flush.mjs'
import { meanwhile } from '../lib/meanwhile.mjs'
import { idsOf, removeFromRedis } from '../lib/remove.mjs'
import { create } from '../lib/requests.mjs'
import { compared } from '../lib/rows.mjs'
import { FLUSHED_WHEN_ASKED } from '../lib/stage.mjs'
import { median } from '../lib/statistics.mjs'
import { machine } from '../lib/steal.mjs'

const CONNECTIONS = 64
/** Without a flush, before each one and after it. */
const SLICES_WITHOUT = 2
/** Tickets a second: a flush that gets less than this beside requests makes no progress to speak of. */
const FLUSH_RATE_MIN = 1000

/** @typedef {import('../lib/contender.mjs').Slice} Slice */
/** @typedef {{ during: Slice[], without: Slice[], flushRate: number }} Round */

/** @type {import('./index.mjs').Scenario} */
export const duringFlush = {
  name: 'during-flush',
  title: 'Creating tickets while others are flushed',
  minutes: 3.5,
  needs: ['wrk'],
  wants: [],

  async run ({ stage, plan, note }) {
    const tickets = plan.choose(200_000, 10_000)
    // Between two of them the flush has the service to itself for a moment, and so they are long.
    const seconds = plan.choose(3, 0.3)
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const service = await stage.service({ redis, mariadb, variables: FLUSHED_WHEN_ASKED })
    const { measure } = contender({ name: 'service', stage, seconds, connections: CONNECTIONS, server: service, requests: [create(service.key)], statuses: [201] })
    for (let i = 0; i < plan.warmup; i += 1) await measure(true, { seconds: plan.sliceSeconds })

    /** @type {import('../lib/fill.mjs').Ids[]} */
    const created = []
    const slice = () => machine.undisturbed(async () => {
      const measured = await measure(false)
      created.push(idsOf(measured))
      return measured
    })
    const withoutFlush = async () => {
      const slices = []
      for (let i = 0; i < SLICES_WITHOUT; i += 1) slices.push(await slice())
      return slices
    }

    /** @type {Round[]} */
    const rounds = []
    const count = plan.rounds(3)
    while (rounds.length < count) {
      const before = await withoutFlush()
      const closed = await fill(service, tickets, { status: 'closed' })
      note(`round ${rounds.length + 1} of ${count}: flushing`)
      const flushing = flush(service, tickets)
      const during = await meanwhile(flushing, slice, { name: `A flush of ${tickets} tickets`, slicesMax: Math.ceil(tickets / FLUSH_RATE_MIN / seconds) })
      if (during.length === 0) throw new Failure(`A flush of ${tickets} tickets ended before a slice of ${seconds} s did`)
      rounds.push({ during, without: [...before, ...await withoutFlush()], flushRate: await flushing })
      // What the rounds leave would become gigabytes.
      for (const ids of [closed, ...created.splice(0)]) await removeFromRedis(redis, ids)
    }
    return toRows(tickets, rounds)
  },
}

/**
 * @param {number} tickets of a flush
 * @param {readonly Round[]} rounds
 * @returns {import('../lib/rows.mjs').Row[]} each slice of a flush beside those of its round that had none
 */
export function toRows (tickets, rounds) {
  const flushRate = `${Math.round(median(rounds.map((round) => round.flushRate))).toLocaleString('en-US')} of them a second`
  const row = (/** @type {(slice: Slice) => number} */ figure, /** @type {Pick<import('../lib/rows.mjs').Compared, 'work' | 'unit' | 'bar' | 'detail'>} */ rest) => ({
    ...compared({
      scenario: 'during-flush',
      beside: 'without a flush, before and after it',
      values: rounds.flatMap(({ during }) => during.map(figure)),
      references: rounds.flatMap(({ during, without }) => during.map(() => median(without.map(figure)))),
      ...rest,
    }),
    rounds: rounds.length,
  })
  const p99 = (/** @type {Slice} */ slice) => slice.p99_ms
  const worst = Math.max(...rounds.flatMap(({ during }) => during.map(p99)))
  const work = `while ${tickets.toLocaleString('en-US')} closed tickets are flushed`
  return [
    row(({ rate }) => rate, { work: `POST ${work}`, unit: 'requests/s', bar: { op: '>=', value: 0.8 }, detail: flushRate }),
    row(p99, { work: `p99 of POST ${work}`, unit: 'ms', bar: { op: '<=', value: 2 }, detail: `${flushRate}; ${worst.toFixed(1)} ms in the worst of ${rounds.flatMap(({ during }) => during).length} slices` }),
  ]
}
