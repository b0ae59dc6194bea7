import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Row } from '../../bench/lib/rows.mjs'
import { compared, stated } from '../../bench/lib/rows.mjs'
import { withResults } from '../../bench/report/result.mjs'
import { toSvg } from '../../bench/report/svg.mjs'
import { toMarkdown, toText } from '../../bench/report/table.mjs'
import { ROOT } from '../../scripts/lib/project.mjs'

const rows: Row[] = [
  compared({ scenario: 'a', work: 'POST <a> & "b"', beside: 'x | y', unit: 'requests/s', values: [12_000, 11_000, 13_000], references: [10_000, 10_000, 10_000], bar: { op: '>=', value: 0.9 }, cpu_us: 41.26, reference_cpu_us: 30 }),
  compared({ scenario: 'b', work: 'p99', beside: 'Webdis', unit: 'ms', values: [30], references: [10], bar: { op: '<=', value: 2 } }),
  stated({ scenario: 'c', work: 'memory', beside: '', unit: 'MB', value: 120, rounds: 1, bar: { op: '<=', value: 150 }, detail: 'at most 130 MB' }),
  stated({ scenario: 'c', work: 'a ticket', beside: '', unit: 'bytes', value: 374, rounds: 1 }),
]
const environment = { date: '2026-01-02', revision: 'abc', machine: 'a machine', versions: { Node: '20' }, pinning: 'not pinned', service: { LOG_LEVEL: 'info' }, mode: 'full', steal: { repeated: 4, slices: 90, median: 0.0123 } }
const result = { environment, rows, skipped: [{ scenario: 'php', reason: 'php-fpm: not on this machine' }], failed: [{ scenario: 'flush', reason: 'too busy\nand more' }] }

/** Whether every element that is opened is closed, and nothing stands there that XML would take for something else. */
function isWellFormed (xml: string): boolean {
  const open: string[] = []
  const rest = xml.replaceAll(/<(\/?)([\w:]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g, (_all, closing: string, name: string, _attributes, empty: string) => {
    if (closing) return open.pop() === name ? '' : '<'
    if (!empty) open.push(name)
    return ''
  })
  return open.length === 0 && !rest.includes('<') && !/&(?!(amp|lt|gt|quot);)/.test(rest)
}

t.test('the table', async t => {
  const markdown = toMarkdown(result)
  t.match(markdown, /^Measured 2026-01-02 at revision abc \(full\), on a machine; not pinned\. Node 20\./)
  t.match(markdown, 'took 1.2 % of the two cores away from the machine (median of 90 slices); 4 slices that lost more than 3 % were measured again.')
  t.notMatch(toMarkdown({ ...result, environment: { ...environment, steal: undefined } }), 'The host')
  t.match(markdown, '| POST <a> & "b" | 12,000 requests/s, 41.3 µs | x \\| y | 10,000 requests/s, 30 µs | 1.20 (1.15 to 1.25) | ≥ 0.9 | yes |')
  t.match(markdown, '| p99 | 30 ms | Webdis | 10 ms | 3.00 | ≤ 2 | no |')
  t.match(markdown, '| memory (at most 130 MB) | 120 MB |  |  |  | ≤ 150 MB | yes |')
  t.match(markdown, '| a ticket | 374 bytes |  |  |  |  |  |')
  t.match(markdown, 'Not measured: php. php-fpm: not on this machine\n')
  t.match(markdown, 'Failed: flush. too busy\n')
  const columns = new Set(markdown.split('\n').filter(line => line.startsWith('|')).map(line => line.replaceAll('\\|', '').split('|').length))
  t.equal(columns.size, 1, 'each line has as many cells')
  t.match(toText(result), /POST <a> & "b" {2,}12,000 requests\/s/)
})

t.test('the chart holds what has a bar, as text, and is XML', async t => {
  const svg = toSvg(rows)
  t.ok(isWellFormed(svg))
  t.notOk(isWellFormed(svg.replace('</g>', '')), 'the check sees what is not')
  t.match(svg, 'POST &lt;a&gt; &amp; &quot;b&quot;')
  t.equal(svg.match(/<rect class="met"/g)?.length, 2)
  t.equal(svg.match(/<rect class="missed"/g)?.length, 1)
  t.notMatch(svg, '374')
  t.match(svg, 'prefers-color-scheme: dark')
})

t.test('results go between the lines of the README, again and again', async t => {
  const readme = 'before\n<!-- bench: written by npm run bench -->\nold\n<!-- end of bench -->\nafter\n'
  const once = withResults(readme, 'table\n')
  t.match(once, /^before\n<!-- bench: .* -->\n!\[.*\]\(bench\/results\/results\.svg\)\n\ntable\n<!-- end of bench -->\nafter\n$/)
  t.equal(withResults(once, 'table\n'), once)
  t.throws(() => withResults('nothing', 'table'), /lacks the lines/)
})

const RESULTS = join(ROOT, 'bench', 'results')

t.test('README, table and chart are those of the last full run', { skip: !existsSync(join(RESULTS, 'results.json')) && 'there was none yet' }, async t => {
  const written = JSON.parse(readFileSync(join(RESULTS, 'results.json'), 'utf8')) as typeof result
  const markdown = readFileSync(join(RESULTS, 'results.md'), 'utf8')
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  t.equal(markdown, toMarkdown(written))
  t.equal(readFileSync(join(RESULTS, 'results.svg'), 'utf8'), toSvg(written.rows))
  t.equal(withResults(readme, markdown), readme, 'run npm run bench')
})
