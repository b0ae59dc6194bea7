import t from 'tap'
import { isComplete } from '../../../bench/lib/population.ts'
import { toRows } from '../../../bench/scenarios/during-flush.ts'
import { toRow } from '../../../bench/scenarios/growth.ts'

const series = (...rates: [string, number[]][]) => new Map(rates)

t.test('growth: the size that has lost the most, beside the smallest in the same rounds', async t => {
  const row = toRow('POST', 'requests/s', series(['10', [100, 200, 300]], ['100', [80, 160, 240]], ['1,000', [95, 180, 270]]))
  t.match(row, {
    work: 'POST, beside 100 open tickets and as many rows', beside: '10 of each', value: 160, reference: 200, met: false, rounds: 3, detail: 'the worst of 200 at 10, 160 at 100, 180 at 1,000',
  })
  t.strictSame(row.ratio, { low: 0.8, median: 0.8, high: 0.8 })
})

t.test('growth: the quartiles are those of the same rounds, and what only differs from round to round is flat', async t => {
  const row = toRow('GET', 'requests/s', series(['10', [100, 50, 200, 100, 100]], ['100', [120, 60, 240, 120, 120]], ['1,000', [90, 55, 200, 110, 95]]))
  t.strictSame(row.ratio, { low: 0.95, median: 1, high: 1.1 })
  t.equal(row.met, true)
  t.throws(() => toRow('GET', 'requests/s', series(['10', [1]])), /two sizes/)
  t.throws(() => toRow('GET', 'requests/s', series(['10', [1, 2]], ['100', [1]])), /1 rounds beside 2/)
})

t.test('growth: a site has as many tickets, marks and rows as it is said to', async t => {
  const whole = { tickets: 1003, unsynced: 1000, indexed: 1000, rows: 1000 }
  t.ok(isComplete({ size: 1000 }, whole))
  for (const difference of [{ tickets: 999 }, { tickets: 1064 }, { unsynced: 999 }, { unsynced: 1001 }, { indexed: 999 }, { indexed: 1001 }, { rows: 1001 }]) {
    t.notOk(isComplete({ size: 1000 }, { ...whole, ...difference }), JSON.stringify(difference))
  }
  t.ok(isComplete({ size: 1000, rows: 5000 }, { ...whole, rows: 5000 }))
  t.notOk(isComplete({ size: 1000, rows: 5000 }, whole), 'MySQL may have more than Redis')
})

const slice = (rate: number, p99: number) => ({ requests: rate, rate, p50_ms: 1, p99_ms: p99, cpu_us: 20, ids: { first: 1, count: 100 } })

t.test('during a flush: the slices of a round beside those of the same round that had no flush, and how fast the flush was', async t => {
  const [rates, p99] = toRows(200_000, [
    { during: [slice(90, 4), slice(80, 6)], without: [slice(90, 1), slice(110, 3)], flushRate: 5000 },
    { during: [slice(180, 9)], without: [slice(200, 3)], flushRate: 5200 },
    { during: [slice(45, 20)], without: [slice(50, 10)], flushRate: 4000 },
  ])
  t.match(rates, { work: 'POST while 200,000 closed tickets are flushed', value: 85, values: [85, 180, 45], references: [100, 200, 50], met: true, rounds: 3, detail: '5,000 of them a second' })
  t.ok(Math.abs(rates!.ratio!.median - 0.9) < 1e-9)
  t.match(p99, { value: 9, ratio: { median: 2.5 }, met: false, rounds: 3, detail: '5,000 of them a second; 20.0 ms in the worst of 4 slices' })
})
