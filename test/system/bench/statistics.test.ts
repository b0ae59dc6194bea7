import t from 'tap'
import { interleave } from '../../../bench/lib/rounds.mjs'
import { compared, stated } from '../../../bench/lib/rows.mjs'
import { createStealGuard } from '../../../bench/lib/steal.mjs'
import { median, quantile, ratio, spread } from '../../../bench/lib/statistics.mjs'

t.test('median and quartiles', async t => {
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([4, 1, 3, 2]), 2.5)
  t.equal(median([7]), 7)
  t.strictSame(spread([1, 2, 3, 4, 5]), { low: 2, median: 3, high: 4 })
  t.equal(quantile([0, 10], 0.25), 2.5)
  t.throws(() => median([]), /no quantiles/)
})

t.test('a ratio is that of each round: what slows both down changes nothing', async t => {
  t.strictSame(ratio([10, 50, 100], [20, 100, 200]), { low: 0.5, median: 0.5, high: 0.5 })
  // Not 100 / 10, which the medians of the two would give.
  t.equal(ratio([100, 1, 1000], [100, 10, 1]).median, 1)
  t.throws(() => ratio([1, 2], [1]), /2 rounds beside 1/)
})

const row = { scenario: 'a', work: 'b', beside: 'c', unit: 'd' }

t.test('a bar is met at its value, and in its direction', async t => {
  const met = (values: number[], references: number[], op: '>=' | '<=', value: number) => compared({ ...row, values, references, bar: { op, value } }).met
  t.equal(met([9], [10], '>=', 0.9), true)
  t.equal(met([8], [10], '>=', 0.9), false)
  t.equal(met([20], [10], '<=', 2), true)
  t.equal(met([21], [10], '<=', 2), false)
  t.equal(compared({ ...row, values: [1], references: [1] }).met, null)
  t.match(stated({ ...row, value: 151, rounds: 1, bar: { op: '<=', value: 150 } }), { met: false, ratio: null, reference: null })
  t.throws(() => compared({ ...row, values: [NaN], references: [1] }), /no ratio/)
})

t.test('in each round everything has one slice, in an order that changes; what warms up does not count', async t => {
  const slices: string[] = []
  const notes: string[] = []
  const contender = (name: string) => ({
    name,
    async measure (isWarmup: boolean) {
      slices.push(`${isWarmup ? 'warm ' : ''}${name}`)
      return slices.length
    },
  })
  const chances = [0.9, 0, 0.9, 0]
  const series = await interleave({
    contenders: ['a', 'b'].map(contender), rounds: 3, warmup: 1, note: text => { notes.push(text) }, figure: (value: number) => value, random: () => chances.shift()!, guard: createStealGuard(() => undefined),
  })
  t.strictSame(slices, ['warm a', 'warm b', 'b', 'a', 'a', 'b', 'b', 'a'])
  t.strictSame([...series], [['a', [4, 5, 8]], ['b', [3, 6, 7]]])
  t.match(notes.at(-1), /round 3 of 3: a 5, b 6/)
})
