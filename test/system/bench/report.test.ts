import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import t, { type Test } from 'tap'
import { compared } from '../../../bench/lib/rows.mjs'
import { ratioOf } from '../../../bench/report/format.mjs'
import { contentsOf, createWriter, type Result, withResults } from '../../../bench/report/result.mjs'
import { toSvg } from '../../../bench/report/svg.mjs'
import { toMarkdown, toText } from '../../../bench/report/table.mjs'
import { Failure } from '../../../scripts/lib/main.mjs'
import { ROOT } from '../../../scripts/lib/project.mjs'
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
  const markdown = toMarkdown(result)
  t.match(markdown, /^Measured 2026-01-02 at revision abc \(full\), on a machine; not pinned\. Node 20\. The service as in production\. /)
  t.match(markdown, 'took 1.2 % of the two cores away from the machine (median of 90 slices); measured again because they lost more than 3 %: 4.')
  t.notMatch(toMarkdown({ ...result, environment: { ...environment, steal: undefined } }), 'The host')
  t.match(markdown, '| POST <a> & "b" | 12,000 requests/s, 41.3 µs, 98 % | x \\| y | 10,000 requests/s, 30 µs, 90 % | 1.20 (1.15 to 1.25) | 3 | ≥ 0.9 | yes |')
  t.match(markdown, '| p99 | 30 ms | Webdis | 10 ms | 3.00 | 1 | ≤ 2 | no |')
  t.match(markdown, '| memory (at most 130 MB) | 120 MB |  |  |  | 1 | ≤ 150 MB | yes |')
  t.match(markdown, '| a ticket | 374 bytes |  |  |  | 1 |  |  |')
  t.match(markdown, 'Not measured: php. php-fpm: not on this machine\n')
  t.match(markdown, 'Failed: flush. too busy\n')
  const columns = new Set(markdown.split('\n').filter(line => line.startsWith('|')).map(line => line.replaceAll('\\|', '').split('|').length))
  t.equal(columns.size, 1, 'each line has as many cells')
  t.match(toText(result), /POST <a> & "b" {2,}12,000 requests\/s/)
})

t.test('near its bar a ratio has a digit more', async t => {
  const ratioNear = (value: number) => ratioOf(compared({ scenario: 'a', work: 'b', beside: 'c', unit: 'd', values: [value], references: [1], bar: { op: '>=', value: 0.9 } }))
  t.strictSame([0.896, 0.904, 0.93, 0.5].map(ratioNear), ['0.896', '0.904', '0.93', '0.50'])
})

t.test('what was not measured has neither head nor chart, and what was not asked for is not missed', async t => {
  const { md, svg } = contentsOf({ ...result, rows: [] })
  t.equal(svg, undefined)
  t.notMatch(md, /^\| work/m)
  t.notMatch(md, 'What a write costs')
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
  t.equal(toSvg(rows.map(row => ({ ...row, met: null }))).match(/<rect class="open"/g)?.length, 3, 'what is no claim is not judged')
})

t.test('results go between the lines of the README, again and again', async t => {
  const place = (name: string) => `<!-- ${name}: written by npm run bench -->\nold\n<!-- end of ${name} -->\n`
  const once = withResults(`before\n${place('bench')}between\n${place('sizing')}after\n`, result)
  t.match(once, /^before\n<!-- bench: .* -->\n!\[.*\]\(bench\/results\/results\.svg\)\n\nMeasured [^]*\n<!-- end of bench -->\nbetween\n<!-- sizing: [^]*was not measured[^]*<!-- end of sizing -->\nafter\n$/)
  t.notMatch(once, 'old')
  t.equal(withResults(once, result), once)
  t.throws(() => withResults(place('bench'), result), /lacks the lines <!-- sizing/)
})

/** A directory with a README to write to, and what was written when everything was asked for. */
function write (t: Test, changes: Partial<Result> = {}, isWhole = true) {
  const directory = privateDirectory(t)
  const readme = join(directory, 'README.md')
  writeFileSync(readme, ['bench', 'sizing'].map(name => `<!-- ${name}: written by npm run bench -->\n<!-- end of ${name} -->\n`).join(''))
  const files = createWriter({ directory: join(directory, 'a', 'b'), readme, isWhole })({ ...result, skipped: [], failed: [], ...changes })
  return { files: files.map(file => relative(directory, file)), readme: readFileSync(readme, 'utf8') }
}

t.test('only what is whole is published', async t => {
  const whole = write(t)
  t.strictSame(whole.files, ['a/b/results.json', 'a/b/results.md', 'a/b/results.svg', 'README.md'])
  t.match(whole.readme, 'Measured 2026-01-02')
  for (const partly of [write(t, { skipped: result.skipped }), write(t, { failed: result.failed }), write(t, {}, false)]) {
    t.strictSame(partly.files, ['a/b/partial.json', 'a/b/partial.md', 'a/b/partial.svg'])
    t.notMatch(partly.readme, 'Measured')
  }
})

t.test('that results cannot be written is said before anything is measured', async t => {
  const file = join(privateDirectory(t), 'file')
  writeFileSync(file, '')
  for (const directory of [file, join(file, 'below'), ...(existsSync('/proc/self') ? ['/proc/none/below'] : [])]) {
    t.throws(() => createWriter({ directory, isWhole: true }), { constructor: Failure, message: /^Results cannot be written to .*--out/ }, directory)
  }
  t.throws(() => createWriter({ directory: privateDirectory(t), readme: file, isWhole: true }), { constructor: Failure, message: /lacks the lines <!-- bench/ })
})

const RESULTS = join(ROOT, 'bench', 'results')

t.test('docs/performance.md, tables and chart are those of the last full run', { skip: !existsSync(join(RESULTS, 'results.json')) && 'there was none yet' }, async t => {
  const read = (name: string) => readFileSync(join(RESULTS, `results.${name}`), 'utf8')
  const written = JSON.parse(read('json')) as Result
  for (const [extension, content] of Object.entries(contentsOf(written))) t.equal(read(extension), content, extension)
  const page = readFileSync(join(ROOT, 'docs/performance.md'), 'utf8')
  t.equal(withResults(page, written), page, 'run npm run bench')
})
