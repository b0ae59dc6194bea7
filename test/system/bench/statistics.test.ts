import t from 'tap'
import { meanOf, sumOf } from '../../../bench/lib/contender.ts'
import { interleave } from '../../../bench/lib/rounds.ts'
import { compared, scatteredOf, scatterOf, stated } from '../../../bench/lib/rows.ts'
import { median, quantile, ratio, spread } from '../../../bench/lib/statistics.ts'
import { idleShare, readTicks, stolenShare } from '../../../bench/lib/usage.ts'

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
  t.match(stated({ ...row, values: [151], bar: { op: '<=', value: 150 } }), { met: false, ratio: null, reference: null })
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
    contenders: ['a', 'b'].map(contender), rounds: 3, warmup: 1, note: text => { notes.push(text) }, figure: (value: number) => value, random: () => chances.shift()!,
  })
  t.strictSame(slices, ['warm a', 'warm b', 'b', 'a', 'a', 'b', 'b', 'a'])
  t.strictSame([...series], [['a', [4, 5, 8]], ['b', [3, 6, 7]]])
  t.match(notes.at(-1), /round 3 of 3: a 5, b 6/)
})

t.test('rounds scatter when the quartiles of their ratio lie more than a quarter of its median apart', async t => {
  const rounds = (...values: number[]) => compared({ ...row, values, references: values.map(() => 100) })
  const [steady, atTheLimit, scattered] = [rounds(90, 100, 100, 100, 110), rounds(80, 87.5, 100, 112.5, 130), rounds(80, 87, 100, 113, 130)]
  t.equal(scatterOf(steady), 0, 'one round of five that was disturbed does no harm')
  t.equal(scatterOf(atTheLimit), 0.25)
  t.strictSame(scatteredOf([steady, atTheLimit, scattered, rounds(3), stated({ ...row, values: [1] })]), [scattered])
})

t.test('of two processes the mean counts', async t => {
  const slice = { requests: 100, rate: 1000, p50_ms: 1, p99_ms: 4, cpu_us: 20, ids: { first: 1, count: 100 } }
  const ids = { first: 9, count: 52 }
  const mean = meanOf(slice, { requests: 50, rate: 500, p50_ms: 3, p99_ms: 6, cpu_us: 40, ids })
  t.strictSame(mean, { requests: 150, rate: 750, p50_ms: 2, p99_ms: 5, cpu_us: 30, ids })
  t.equal(meanOf(slice, { ...slice, cpu_us: undefined }).cpu_us, undefined)
})

t.test('what the host takes away from the machine is counted, where the system counts it', async t => {
  const stat = (user: number, stolen: number) => readTicks(`cpu  ${user} 0 0 0 0 0 0 ${stolen} 7 0\ncpu0 1 2 3\nintr 5\n`)
  t.equal(stolenShare(stat(100, 10), stat(194, 16)), 0.06)
  t.equal(stolenShare(readTicks(''), stat(1, 1)), undefined)
})

t.test('how idle cores were, waits for disks included, of all or of some', async t => {
  const stat = (...cores: [busy: number, idle: number, iowait: number][]) => {
    const line = (name: string, [busy, idle, iowait]: readonly number[]) => `${name} ${busy} 0 0 ${idle} ${iowait} 0 0 0 0 0\n`
    const sum = (index: number) => cores.reduce((total, core) => total + core[index]!, 0)
    return line('cpu ', [sum(0), sum(1), sum(2)]) + cores.map((core, i) => line(`cpu${i}`, core)).join('') + 'intr 5\n'
  }
  const [before, after] = [stat([10, 0, 0], [10, 0, 0], [10, 0, 0]), stat([20, 0, 0], [14, 5, 1], [10, 10, 0])]
  t.equal(idleShare(readTicks(before), readTicks(after)), 16 / 30)
  t.equal(idleShare(readTicks(before, [0]), readTicks(after, [0])), 0)
  t.equal(idleShare(readTicks(before, [0, 1]), readTicks(after, [0, 1])), 0.3)
  t.equal(idleShare(readTicks('', [0]), readTicks(after, [0])), undefined)
})

t.test('of servers side by side the rates add up, and a request costs what it costs on average', async t => {
  const slice = { requests: 100, rate: 1000, p50_ms: 1, p99_ms: 4, cpu_us: 20, ids: { first: 1, count: 100 } }
  const sum = sumOf([slice, { ...slice, requests: 300, rate: 3000, p50_ms: 3, p99_ms: 2, cpu_us: 40 }])
  t.match(sum, { requests: 400, rate: 4000, p50_ms: 2.5, p99_ms: 4, cpu_us: 35 })
  t.equal(sumOf([slice, { ...slice, cpu_us: undefined }]).cpu_us, undefined)
})
