import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import t, { type Test } from 'tap'
import { compared, stated } from '../../../bench/lib/rows.ts'
import { toChart } from '../../../bench/report/chart.ts'
import { contentsOf, createWriter, PLACES, reasonsAgainst, type Result, withPicture, withResults } from '../../../bench/report/results.ts'
import { ratioOf, toMarkdown } from '../../../bench/report/table.ts'
import { Failure } from '../../../scripts/lib/main.mjs'
import { privateDirectory } from '../../helper.ts'
import { environment, result, rows } from './example.ts'

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
  const markdown = toMarkdown(result, reasonsAgainst(result, true))
  t.match(markdown, '- Measured 2026-01-02 at revision abc (full), on a machine; not pinned. Node 20.\n- The service as in production.\n')
  t.match(markdown, '- The host kept 1.2 % of the processor time for others (steal).\n')
  t.notMatch(toMarkdown({ ...result, environment: { ...environment, stolen: undefined } }, []), 'The host')
  t.match(markdown, '| POST <a> & "b" | 12,000 requests/s, 41.3 µs, 98 % | x \\| y | 10,000 requests/s, 30 µs, 90 % | 1.20 (1.15 to 1.25) | 3 | ≥ 0.9 | yes |')
  t.match(markdown, '| p99 | 30 ms | Webdis | 10 ms | 3.00 | 1 | ≤ 2 | no |')
  t.match(markdown, '| memory (at most 130 MB) | 120 MB |  |  |  | 1 | ≤ 150 MB | yes |')
  t.match(markdown, '| a ticket | 374 bytes |  |  |  | 1 |  |  |')
  t.match(markdown, '- Not measured: php. php-fpm: not on this machine\n')
  t.match(markdown, '- Failed: flush. too busy\n')
  t.match(toMarkdown({ ...result, slow: [{ scenario: 'b', speed: 0.613 }] }, []), '- Measured while the host was below 80 % of its best speed in this run, by a fixed work before and after each measure: b (61 %).\n')
  for (const text of [markdown, toMarkdown(result, [], true)]) {
    const columns = new Set(text.split('\n').filter(line => line.startsWith('|')).map(line => line.replaceAll('\\|', '').split('|').length))
    t.equal(columns.size, 1, 'each line has as many cells')
  }
  t.match(toMarkdown(result, [], true), /POST <a> & "b" {2,}\| 12,000 requests\/s/)
})

t.test('near its bar a ratio has a digit more', async t => {
  const ratioNear = (value: number) => ratioOf(compared({ scenario: 'a', work: 'b', beside: 'c', unit: 'd', values: [value], references: [1], bar: { op: '>=', value: 0.9 } }))
  t.strictSame([0.896, 0.904, 0.93, 0.5].map(ratioNear), ['0.896', '0.904', '0.93', '0.50'])
})

t.test('what was not measured has neither head nor chart', async t => {
  const { md, svg } = contentsOf({ ...result, rows: [] })
  t.equal(svg, undefined)
  t.notMatch(md, /^\| work/m)
})

t.test('the chart holds the ratios that it has a name for, with their quartiles, as text, and is XML', async t => {
  const svg = toChart(rows)!
  t.ok(isWellFormed(svg))
  t.notOk(isWellFormed(svg.replace('</text>', '')), 'the check sees what is not')
  t.match(svg, 'POST &lt;a&gt; &amp; &quot;b&quot;, beside x')
  t.equal(svg.match(/<rect class="bar"/g)?.length, 1)
  t.match(svg, '>1.20 (1.15 to 1.25)</text>')
  // 1.15 to 1.25 on an axis of 0 to 2 that is 280 long and begins at 420.
  t.match(svg, 'M581.0 69H595.0')
  t.notMatch(svg, '374')
  t.match(svg, 'prefers-color-scheme: dark')
  t.equal(toChart(rows.slice(1)), undefined)
})

t.test('the chart is readable on any ground, and says in words what it shows', async t => {
  const svg = toChart(rows)!
  const [description] = /(?<=<desc id="description">)[^<]+/.exec(svg) ?? []
  t.equal(description, 'POST &lt;a&gt; &amp; &quot;b&quot;, beside x: 1.20 (1.15 to 1.25)')
  t.match(svg, 'aria-labelledby="title description"')
  const [width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.slice(1)
  t.match(svg, `<rect class="ground" width="${width}" height="${height}"`, 'all of it has one')
  for (const styles of svg.split('@media (prefers-color-scheme: dark)')) for (const name of ['text', '.ground', '.bar', 'path']) t.match(styles, `${name} { `, name)
})

t.test('the chart has six bars at most', async t => {
  const some = (count: number) => Array.from({ length: count }, () => rows[0]!)
  t.equal(toChart(some(6))!.match(/<rect class="bar"/g)?.length, 6)
  t.throws(() => toChart(some(7)), /7 rows are for the chart, which has room for 6/)
})

t.test('a figure by itself has the quartiles of its rounds, where there are several', async t => {
  const row = stated({ scenario: 'start', work: 'start', unit: 'ms', values: [300, 320, 400], bar: { op: '<=', value: 400 } })
  t.match(row, { value: 320, rounds: 3, met: true, spread: { low: 310, median: 320, high: 360 } })
  t.match(toMarkdown({ ...result, rows: [row] }, []), '| start | 320 ms (310 to 360) |  |  |  | 3 | ≤ 400 ms | yes |')
  t.throws(() => stated({ scenario: 'start', work: 'start', unit: 'ms', values: [NaN] }), /start: NaN is no figure/)
})

const LINES = '<!-- bench: written by npm run bench -->\nold\n<!-- end of bench -->\n'
const whole: Result = { ...result, skipped: [], failed: [] }
const scattered = compared({ scenario: 'post', chart: 'POST', work: 'POST', beside: 'an INSERT', unit: 'requests/s', values: [70, 100, 140], references: [100, 100, 100] })
const alsoScattered = compared({ scenario: 'get', chart: 'GET', work: 'GET', beside: 'bare', unit: 'requests/s', values: [50, 100, 150], references: [100, 100, 100] })

t.test('results go between the lines of the page, again and again', async t => {
  const once = withResults(`before\n${LINES}after\n`, { ...whole, repeated: [{ scenario: 'post', times: 1 }, { scenario: 'php', times: 2 }] })
  t.match(once, /^before\n<!-- bench: .* -->\n!\[Measured ratios.* POST <a> & "b", beside x: 1\.20 \(1\.15 to 1\.25\)\]\(\.\.\/bench\/results\/results\.svg\)\n\n\| work [^]*\n<!-- end of bench -->\nafter\n$/)
  t.match(once, '- The rounds agree: the quartiles of each ratio that is given span at most 25 % of its median. Where they span more, there is no figure.\n')
  t.match(once, '- Repeated because rounds scattered, the host was slower than before, or an attempt failed: post (once), php (2 times).\n')
  t.notMatch(once, 'old')
  t.equal(withResults(once, whole), withResults(LINES.replace(/^/, 'before\n').replace(/$/, 'after\n'), whole))
})

/** Somewhere to publish, with the last results there, and what a run does to it. */
function write (t: Test, changes: Partial<Result> = {}, { isWhole = true, isOut = false } = {}) {
  const directory = privateDirectory(t)
  const places = { published: join(directory, 'results'), unpublished: join(directory, 'local', 'bench'), page: join(directory, 'performance.md'), readme: join(directory, 'README.md') }
  for (const page of [places.page, places.readme]) writeFileSync(page, LINES)
  const out = isOut ? join(directory, 'a', 'b') : undefined
  const { files, reasons } = createWriter({ isWhole, out }, places)({ ...whole, ...changes })
  const written = files.map(file => relative(directory, file))
  const isChanged = [places.page, places.readme].some(page => !readFileSync(page, 'utf8').includes('old'))
  return { written, reasons, read: (name: string) => readFileSync(join(directory, name), 'utf8'), isPublished: existsSync(places.published) || isChanged }
}

t.test('what is whole is published', async t => {
  const { written, reasons, read } = write(t)
  t.strictSame(written, ['results/results.json', 'results/results.svg', 'performance.md', 'README.md'])
  t.strictSame(reasons, [])
  t.match(read('performance.md'), 'Measured 2026-01-02')
  t.match(read('README.md'), /^<!-- bench: .* -->\n!\[Measured ratios.* 1\.20 .*\]\(bench\/results\/results\.svg\)\n<!-- end of bench -->\n$/)
  t.strictSame(JSON.parse(read('results/results.json')), whole)
})

t.test('what is not whole is written elsewhere, with the reason', async t => {
  const unpublished: [ReturnType<typeof write>, RegExp][] = [
    [write(t, { skipped: result.skipped }), /^Not measured: php\./],
    [write(t, { failed: result.failed }), /^Failed: flush\. too busy$/],
    [write(t, {}, { isWhole: false }), /^Only a full run/],
  ]
  for (const [{ written, reasons, read, isPublished }, reason] of unpublished) {
    t.strictSame(written, ['local/bench/results.json', 'local/bench/results.md', 'local/bench/results.svg'])
    t.notOk(isPublished)
    t.match(reasons[0], reason)
    t.strictSame(JSON.parse(read('local/bench/results.json')).not_published, reasons)
    t.match(read('local/bench/results.md'), `Not published:\n\n- ${reasons[0]}\n`)
  }
})

t.test('where rounds of what the picture shows scatter nothing is published, and it is said which and by how much', async t => {
  const { written, reasons, isPublished } = write(t, { rows: [...rows, scattered, alsoScattered] })
  t.strictSame(written, ['local/bench/results.json', 'local/bench/results.md', 'local/bench/results.svg'])
  t.notOk(isPublished)
  t.strictSame(reasons, [
    'Rounds scatter: POST, beside an INSERT: 1.00 (0.85 to 1.20); its quartiles span 35 % of the median, and 25 % is the limit.',
    'Rounds scatter: GET, beside bare: 1.00 (0.75 to 1.25); its quartiles span 50 % of the median, and 25 % is the limit.',
    'Run it again on a quieter machine: the host of this one kept 1.2 % of the processor time for others.',
  ])
  t.equal(reasonsAgainst({ ...whole, rows: [alsoScattered] }, false).length, 3, 'a part of it is judged, too')
})

t.test('where rounds of what the table alone shows scatter, no figure of it is published', async t => {
  const row = compared({ scenario: 'lists', work: 'p99', beside: 'few', unit: 'ms', values: [70, 100, 140], references: [100, 100, 100], bar: { op: '<=', value: 1.2 } })
  const { reasons, read, isPublished } = write(t, { rows: [...rows, row] })
  t.strictSame([reasons, isPublished], [[], true])
  t.match(read('performance.md'), '| p99 | no figure: the rounds scatter by 35 % | few |  |  | 3 | ≤ 1.2 |  |\n')
  t.match(toMarkdown({ ...whole, rows: [row] }, ['--out was given.']), '| p99 | 100 ms | few | 100 ms | 1.00 (0.85 to 1.20) | 3 | ≤ 1.2 | yes |\n', 'who has measured it sees it')
})

t.test('--out publishes nothing', async t => {
  const { written, isPublished } = write(t, {}, { isOut: true })
  t.strictSame(written, ['a/b/results.json', 'a/b/results.md', 'a/b/results.svg'])
  t.notOk(isPublished)
})

t.test('that results cannot be written is said before anything is measured', async t => {
  const directory = privateDirectory(t)
  const file = join(directory, 'file')
  writeFileSync(file, '')
  for (const out of [file, join(file, 'below'), ...(existsSync('/proc/self') ? ['/proc/none/below'] : [])]) {
    t.throws(() => createWriter({ out, isWhole: true }), { constructor: Failure, message: /^Results cannot be written to .*--out/ }, out)
  }
  const right = join(directory, 'right')
  writeFileSync(right, LINES)
  for (const [page, readme] of [[file, right], [join(directory, 'none'), right], [right, file]] as const) {
    const places = { published: directory, unpublished: directory, page, readme }
    t.throws(() => createWriter({ isWhole: true }, places), { constructor: Failure, message: /lacks the lines <!-- bench/ })
    t.doesNotThrow(() => createWriter({ isWhole: false }, places), 'what publishes nothing needs no page')
  }
})

const RESULTS = join(PLACES.published, 'results.json')

t.test('page and chart are those of the published run, whose rounds agree', { skip: !existsSync(RESULTS) && 'there was none yet' }, async t => {
  const published = JSON.parse(readFileSync(RESULTS, 'utf8')) as Result
  t.strictSame(reasonsAgainst(published, true), [])
  for (const extension of ['json', 'svg']) t.equal(readFileSync(join(PLACES.published, `results.${extension}`), 'utf8'), contentsOf(published)[extension], extension)
  const page = readFileSync(PLACES.page, 'utf8')
  t.equal(withResults(page, published), page, 'run npm run bench')
  const readme = readFileSync(PLACES.readme, 'utf8')
  t.equal(withPicture(readme, published), readme, 'run npm run bench')
})
