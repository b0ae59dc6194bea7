/** What becomes of a run: a full one is published if the rounds of all that the picture shows agree, any other is written elsewhere, with the reason. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Failure } from '../../scripts/lib/main.mjs'
import { ROOT } from '../../scripts/lib/project.mjs'
import type { Environment } from '../lib/environment.ts'
import type { Options } from '../lib/options.ts'
import { type Row, scatteredOf } from '../lib/rows.ts'
import { chartInWords, toChart } from './chart.ts'
import { describeScatter, describeSpeed, toMarkdown } from './table.ts'

export interface Result {
  environment: Environment
  rows: Row[]
  /** For want of a program. */
  skipped: { scenario: string, reason: string }[]
  failed: { scenario: string, reason: string }[]
  /** Because rounds scattered, the host was slower than before, or an attempt failed. */
  repeated: { scenario: string, times: number }[]
  /** What was measured while the host was slower, and its speed as a share of its best in the run; undefined in results from before this was looked at. */
  slow?: { scenario: string, speed: number }[]
}

export const PLACES = {
  /** In git. */
  published: join(ROOT, 'bench', 'results'),
  /** Which git ignores. */
  unpublished: join(ROOT, '.local', 'bench'),
  /** The table and the picture go between two of its lines. */
  page: join(ROOT, 'docs', 'performance.md'),
  /** The picture, likewise. */
  readme: join(ROOT, 'README.md'),
}

const START = '<!-- bench: written by npm run bench -->'
const END = '<!-- end of bench -->'
/** As the page and the README name it, from their own folders. */
const CHART = 'bench/results/results.svg'

/** @returns none: it is published */
export function reasonsAgainst (result: Result, isWhole: boolean): string[] {
  const { skipped, failed, rows, slow = [], environment: { stolen } } = result
  // What the picture shows has to be steady. A row of the table alone has no figure there.
  const charted = rows.filter(({ chart }) => chart !== undefined)
  const scattered = scatteredOf(charted)
  const disturbed = slow.filter(each => charted.some(({ scenario }) => scenario === each.scenario))
  return [
    ...(isWhole ? [] : ['Only a full run is published: without --quick and --only, and with as many --mysql-rows as by default.']),
    ...skipped.map(({ scenario, reason }) => `Not measured: ${scenario}. ${reason}`),
    // The first line says what it was; more is in the JSON.
    ...failed.map(({ scenario, reason }) => `Failed: ${scenario}. ${reason.trim().split('\n')[0]}`),
    ...scattered.map(row => `Rounds scatter: ${describeScatter(row)}.`),
    ...disturbed.map(({ scenario, speed }) => `The host was slower while ${scenario} was measured: ${describeSpeed(speed)}.`),
    ...(scattered.length + disturbed.length > 0 ? [`Run it again on a quieter machine${stolen === undefined ? '' : `: the host of this one kept ${(100 * stolen).toFixed(1)} % of the processor time for others`}.`] : []),
  ]
}

/**
 * Looks, before anything is measured, whether the results can be written.
 *
 * @returns writes them; answers the paths of what it has written, and why it is not published
 */
export function createWriter ({ isWhole, out }: Pick<Options, 'isWhole' | 'out'>, { published, unpublished, page, readme } = PLACES) {
  checkDirectory(out ?? unpublished)
  if (isWhole && !out) for (const written of [page, readme]) checkPage(written)

  return (result: Result): { files: string[], reasons: string[] } => {
    const reasons = [...(out ? ['--out was given.'] : []), ...reasonsAgainst(result, isWhole)]
    const isPublished = reasons.length === 0
    const contents = contentsOf(result, reasons)
    const directory = isPublished ? published : out ?? unpublished
    makeDirectory(directory)
    const files = Object.entries(contents).filter(([extension]) => !(isPublished && extension === 'md')).map(([extension, content]) => {
      const path = join(directory, `results.${extension}`)
      writeFileSync(path, content)
      return path
    })
    if (!isPublished) return { files, reasons }
    writeFileSync(page, withResults(readFileSync(page, 'utf8'), result))
    writeFileSync(readme, withPicture(readFileSync(readme, 'utf8'), result))
    return { files: [...files, page, readme], reasons }
  }
}

/** @returns by the ends of the names of their files */
export function contentsOf (result: Result, reasons: readonly string[] = []): Record<string, string> {
  const svg = toChart(result.rows)
  return {
    json: `${JSON.stringify(reasons.length > 0 ? { not_published: reasons, ...result } : result, null, 2)}\n`,
    md: toMarkdown(result, reasons),
    ...(svg && { svg }),
  }
}

function checkDirectory (directory: string): void {
  try {
    makeDirectory(directory)
    rmdirSync(mkdtempSync(join(directory, 'try-')))
  } catch (error) {
    throw new Failure(`Results cannot be written to ${directory}: ${(error as Error).message}. Choose another directory with --out.`)
  }
}

/** As mkdirSync with recursive, which never comes back where the system refuses with ENOENT, as below /proc. */
function makeDirectory (directory: string): void {
  if (existsSync(directory)) return
  makeDirectory(dirname(directory))
  mkdirSync(directory)
}

function checkPage (page: string): void {
  const text = existsSync(page) ? readFileSync(page, 'utf8') : ''
  if (text.split(START).length === 2 && text.split(START)[1]?.includes(END)) return
  throw new Failure(`${page} lacks the lines ${START} and ${END}, between which the results go. Put them back, once each, or measure without publishing: --out DIRECTORY.`)
}

/** @returns the page with these results */
export const withResults = (page: string, result: Result): string => withLines(page, `${pictureOf(result, `../${CHART}`)}\n${toMarkdown(result, [])}`)

/** @returns the README with the picture of these results */
export const withPicture = (readme: string, result: Result): string => withLines(readme, pictureOf(result, CHART))

/** The picture says in words what it shows. */
const pictureOf = ({ rows }: Result, path: string) => `![Measured ratios, median and quartiles. ${chartInWords(rows).replaceAll(/[[\]]/g, '')}](${path})\n`

function withLines (page: string, lines: string): string {
  const [before = '', rest = ''] = page.split(START)
  return `${before}${START}\n${lines}${END}${rest.slice(rest.indexOf(END) + END.length)}`
}
