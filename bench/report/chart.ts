/** The few ratios that a reader of the README looks for, as a picture: median and quartiles beside a line at 1, which is "equal". Text stays text. */
import type { Row } from '../lib/rows.ts'
import { ratioOf } from './table.ts'

const WIDTH = 860
const LEFT = 420
const CHART = 280
const LINE = 30
const TOP = 44

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** @returns undefined: there is nothing to show */
export function toChart (rows: readonly Row[]): string | undefined {
  const shown = rows.flatMap(row => row.chart && row.ratio ? [{ label: row.chart, ratio: row.ratio }] : [])
  if (shown.length === 0) return undefined
  const most = Math.ceil(Math.max(1.5, ...shown.map(({ ratio }) => ratio.high)))
  const at = (value: number) => (LEFT + CHART * value / most).toFixed(1)
  const bottom = TOP + shown.length * LINE
  const bars = shown.map(({ label, ratio }, index) => {
    const { low, median, high } = ratio
    const middle = TOP + index * LINE + LINE / 2
    return `<text x="${LEFT - 10}" y="${middle + 4}" text-anchor="end">${escape(label)}</text>
<rect x="${LEFT}" y="${middle - 9}" width="${(CHART * median / most).toFixed(1)}" height="18" rx="2"/>
<path d="M${at(low)} ${middle}H${at(high)}M${at(low)} ${middle - 5}v10M${at(high)} ${middle - 5}v10"/>
<text x="${LEFT + CHART + 12}" y="${middle + 4}">${ratioOf({ ratio, bar: null })}</text>
`
  }).join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${bottom + 12}" viewBox="0 0 ${WIDTH} ${bottom + 12}" role="img" aria-labelledby="title">
<title id="title">Rate as a multiple of the alternative's: median and quartiles</title>
<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  rect { fill: #54aeff }
  path { stroke: #1f2328; stroke-width: 1.5; fill: none }
  .equal { stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    rect { fill: #1f6feb }
    path { stroke: #f0f6fc }
  }
</style>
<text x="8" y="20">Rate as a multiple of the alternative's: median and quartiles</text>
<text x="${at(1)}" y="38" text-anchor="middle">equal</text>
${bars}<path class="equal" d="M${at(1)} ${TOP}V${bottom}"/>
</svg>
`
}
