import t from 'tap'
import { interleave } from '../../../bench/lib/rounds.mjs'
import { createStealGuard } from '../../../bench/lib/steal.mjs'
import { meanOf } from '../../../bench/lib/twins.mjs'

/** A machine on which each slice takes 100 ticks of each core, and loses so many of all of them. */
function machineThatLoses (stolen: number[], cores = 2) {
  const ticks = { user: 0, steal: 0 }
  let reads = 0
  return () => {
    // Once before a slice, once after it.
    if (reads++ % 2 === 1) {
      const lost = stolen.shift() ?? 0
      ticks.user += 100 * cores - lost
      ticks.steal += lost
    }
    return `cpu  ${ticks.user} 0 0 0 0 0 0 ${ticks.steal} 7 0\n${Array.from({ length: cores }, (_, i) => `cpu${i} 1 2 3\n`).join('')}intr 5\n`
  }
}

/** Slices that are numbered, and those that count. */
async function measure (read: () => string | undefined, rounds: number) {
  const guard = createStealGuard(read)
  let slices = 0
  const contender = { name: 'a', measure: async () => ++slices }
  const series = await interleave({ contenders: [contender], rounds, warmup: 1, note: () => {}, figure: (value: number) => value, guard })
  return { counted: series.get('a'), slices, summary: guard.summary() }
}

t.test('a slice that lost more than 3 % is measured again', async t => {
  t.strictSame(await measure(machineThatLoses([6, 7, 2, 0]), 3), {
    // The first is the warm-up, which nobody looks at; the third lost 3.5 %.
    counted: [2, 4, 5], slices: 5, summary: { repeated: 1, slices: 3, median: 0.01 },
  })
})

t.test('after three more it is taken as it is', async t => {
  t.strictSame(await measure(machineThatLoses([20, 20, 20, 40, 2]), 2), {
    counted: [5, 6], slices: 6, summary: { repeated: 3, slices: 2, median: 0.105 },
  })
})

t.test('the share is that of the two cores that are used, however many there are', async t => {
  t.match((await measure(machineThatLoses([4], 64), 1)).summary, { repeated: 0, median: 0.02 })
  t.match((await measure(machineThatLoses([3], 1), 1)).summary, { repeated: 0, median: 0.03 })
})

t.test('where it is not counted nothing is repeated', async t => {
  t.strictSame(await measure(() => undefined, 2), { counted: [2, 3], slices: 3, summary: undefined })
})

t.test('of two processes the mean counts', async t => {
  const slice = { requests: 100, rate: 1000, p50_ms: 1, p99_ms: 4, cpu_us: 20, firstId: 1, lastId: 100 }
  const mean = meanOf(slice, { requests: 50, rate: 500, p50_ms: 3, p99_ms: 6, cpu_us: 40, firstId: 9, lastId: 60 })
  t.strictSame(mean, { requests: 150, rate: 750, p50_ms: 2, p99_ms: 5, cpu_us: 30, firstId: 9, lastId: 60 })
  t.equal(meanOf(slice, { ...slice, cpu_us: undefined }).cpu_us, undefined)
})
