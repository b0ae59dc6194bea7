import t from 'tap'
import { WRK } from '../../../scripts/lib/bench-programs.mjs'
import { bench, skipWithout } from './quick-run.ts'

/** A host that takes the processor away makes quick runs up to four times as long. */
t.setTimeout(600_000)

t.test('starting, importing, listing, following and doing without: a quick run measures each, and tells how far it is', { skip: skipWithout(WRK) }, async t => {
  const { stderr, result: { rows, failed } } = await bench(t, 'import,start,without-lists,lists,changes')
  t.strictSame(failed, [])
  t.strictSame(rows.map(({ scenario, unit, bar, ratio }) => [scenario, unit, bar?.value, ratio !== null]), [
    ['import', 'tickets/s', 20_000, false],
    ['start', 'ms', 400, false],
    ['without-lists', 'requests/s', 0.85, true], ['without-lists', 'requests/s', 0.97, true], ['without-lists', 'tickets/s', 0.7, true],
    ['lists', 'ms', 10, false], ['lists', 'ms', 1.2, true], ['lists', 'ms', 10, false], ['lists', 'ms', 1.2, true], ['lists', 'ms', undefined, false], ['lists', 'requests/s', undefined, true],
    ['changes', 'tickets/s', 30_000, false], ['changes', 'requests/s', 0.8, true],
  ])
  for (const { work, value, reference, ratio } of rows) t.ok(value > 0 && (ratio === null || reference! > 0), work)
  for (const [index, title] of ['Importing a file', 'Starting the service', 'What lists and changes cost a write', 'Lists and counts beside writes', 'Reading all changes, alone and beside writes'].entries()) {
    t.match(stderr, `✓ ${index + 1} of 5: ${title}`)
  }
})
