/** Interleaving: in each round everything that competes has its slice, so that the machine's moods meet all of it. */
import { median } from './statistics.mjs'
import { machine } from './steal.mjs'

/**
 * @template Measurement
 * @typedef {object} Contender
 * @property {string} name
 * @property {(isWarmup: boolean) => Promise<Measurement>} measure one slice
 */

/**
 * @template Measurement
 * @typedef {object} Plan
 * @property {readonly Contender<Measurement>[]} contenders
 * @property {number} rounds that count
 * @property {number} warmup rounds before, which do not: code is compiled, caches are filled
 * @property {(note: string) => void} note
 * @property {(measurement: Measurement) => number} figure the one that the note shows
 * @property {() => number} [random] default: Math.random
 * @property {import('./steal.mjs').StealGuard} [guard] against what the host takes away; default: this machine's
 */

/**
 * @template Measurement
 * @param {Plan<Measurement>} plan
 * @returns {Promise<Map<string, Measurement[]>>} by contender, in the order of the rounds
 */
export async function interleave ({ contenders, rounds, warmup, note, figure, random = Math.random, guard = machine }) {
  const series = new Map(contenders.map(({ name }) => [name, /** @type {Measurement[]} */ ([])]))
  for (let round = 1 - warmup; round <= rounds; round += 1) {
    for (const { name, measure } of shuffle(contenders, random)) {
      if (round < 1) await measure(true)
      else series.get(name)?.push(await guard.undisturbed(() => measure(false)))
    }
    const figures = [...series].filter(([, values]) => values.length > 0).map(([name, values]) => `${name} ${Math.round(median(values.map(figure)))}`)
    note(round < 1 ? `warming up, ${1 - round} to go` : `round ${round} of ${rounds}: ${figures.join(', ')}`)
  }
  return series
}

/**
 * What comes first leaves its traces to what comes next: a new order in each round.
 * @template T
 * @param {readonly T[]} items
 * @param {() => number} random
 */
function shuffle (items, random) {
  const shuffled = [...items]
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1))
    const moved = /** @type {T} */ (shuffled[last])
    shuffled[last] = /** @type {T} */ (shuffled[other])
    shuffled[other] = moved
  }
  return shuffled
}
