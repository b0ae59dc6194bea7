/** The results as Markdown, for a page and for a terminal. */
import type { Environment } from '../lib/environment.ts'
import { SPEED_MIN } from '../lib/host-speed.ts'
import { type Row, SCATTER_MAX, scatterOf } from '../lib/rows.ts'
import type { Use } from '../lib/usage.ts'
import type { Result } from './results.ts'

/** Nearer to its bar than this, a ratio has a digit more: 0.896 is not the 0.9 that was asked for. */
const NEAR = 0.02

type Table = readonly (readonly string[])[]

function number (value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 4
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}

const percent = (share: number) => `${Math.round(100 * share)} %`

export function ratioOf ({ ratio, bar }: Pick<Row, 'ratio' | 'bar'>): string {
  if (!ratio) return ''
  const { low, median, high } = ratio
  const decimals = bar && Math.abs(median / bar.value - 1) < NEAR ? 3 : 2
  const digits = (value: number) => value >= 100 ? number(value) : value >= 0.1 ? value.toFixed(decimals) : value.toPrecision(decimals)
  return low === high ? digits(median) : `${digits(median)} (${digits(low)} to ${digits(high)})`
}

export const describeScatter = (row: Row): string =>
  `${row.work}, beside ${row.beside}: ${ratioOf(row)}; its quartiles span ${percent(scatterOf(row))} of the median, and ${percent(SCATTER_MAX)} is the limit`

/** @param speed as a share of the best in the run */
export const describeSpeed = (speed: number): string => `at ${percent(speed)} of its best speed in this run, and ${percent(SPEED_MIN)} is the limit`

const figure = (value: number, unit: string, use?: Use, spread?: Row['spread']) => `${number(value)} ${unit}${spread ? ` (${number(spread.low)} to ${number(spread.high)})` : ''}${use ? `, ${number(use.cpu_us)} µs, ${percent(use.cores)}` : ''}`

/** @param isPublished what scatters has no figures then */
const rowTable = (rows: readonly Row[], isPublished: boolean): Table => [
  ['work', 'measured', 'beside', 'measured', 'ratio (quartiles)', 'rounds', 'bar', 'met'],
  ...rows.map(row => {
    const isGiven = !isPublished || scatterOf(row) <= SCATTER_MAX
    return [
      row.work + (row.detail ? ` (${row.detail})` : ''),
      isGiven ? figure(row.value, row.unit, row.use, row.spread) : `no figure: the rounds scatter by ${percent(scatterOf(row))}`,
      row.beside,
      isGiven && row.reference !== null ? figure(row.reference, row.unit, row.reference_use) : '',
      isGiven ? ratioOf(row) : '',
      String(row.rounds),
      row.bar ? `${row.bar.op === '>=' ? '≥' : '≤'} ${number(row.bar.value)}${row.ratio ? '' : ` ${row.unit}`}` : '',
      !isGiven || row.met === null ? '' : row.met ? 'yes' : 'no',
    ]
  }),
]

/** @param isPadded columns stand below each other, as a terminal needs it; the first line is the head */
function markdownTable (table: Table, isPadded: boolean): string {
  const [head = [], ...rows] = table.map(texts => texts.map(text => text.replaceAll('|', '\\|')))
  const widths = head.map((_, column) => isPadded ? Math.max(...[head, ...rows].map(texts => texts[column]!.length)) : 0)
  return [head, head.map(() => '---'), ...rows].map(texts => `| ${texts.map((text, column) => text.padEnd(widths[column]!)).join(' | ')} |\n`).join('')
}

function configuration ({ date, revision, machine, versions, pinning, settings, mode, stolen }: Environment): string[] {
  return [
    `Measured ${date} at revision ${revision} (${mode}), on ${machine}; ${pinning}. ${Object.entries(versions).map(pair => pair.join(' ')).join(', ')}.`,
    ...settings,
    ...(stolen === undefined ? [] : [`The host kept ${(100 * stolen).toFixed(1)} % of the processor time for others (steal).`]),
  ]
}

function steadiness (result: Result, reasons: readonly string[]): string[] {
  const slow = (result.slow ?? []).map(({ scenario, speed }) => `${scenario} (${percent(speed)})`).join(', ')
  const repeated = result.repeated.map(({ scenario, times }) => `${scenario} (${times === 1 ? 'once' : `${times} times`})`).join(', ')
  return [
    ...(reasons.length > 0 ? [] : [`The rounds agree: the quartiles of each ratio that is given span at most ${percent(SCATTER_MAX)} of its median. Where they span more, there is no figure.`]),
    ...(slow ? [`Measured while the host was below ${percent(SPEED_MIN)} of its best speed in this run, by a fixed work before and after each measure: ${slow}.`] : []),
    ...(repeated ? [`Repeated because rounds scattered, the host was slower than before, or an attempt failed: ${repeated}.`] : []),
  ]
}

/** @param reasons why it is not published; none: it is */
export function toMarkdown (result: Result, reasons: readonly string[], isPadded = false): string {
  const { environment, rows } = result
  const list = (texts: readonly string[]) => texts.map(text => `- ${text.replaceAll('\n', '\n  ')}\n`).join('')
  return [
    ...(reasons.length > 0 ? [`Not published:\n\n${list(reasons)}`] : []),
    ...(rows.length > 0 ? [markdownTable(rowTable(rows, reasons.length === 0), isPadded)] : []),
    list([...configuration(environment), ...steadiness(result, reasons)]),
  ].join('\n')
}
