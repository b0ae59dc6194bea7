/** The few ratios that a reader of the README looks for, as a picture: median and quartiles beside 1, which is "the same". Text stays text. */
import type { Row } from '../lib/rows.ts'
import { ratioOf } from './table.ts'

const WIDTH = 800
const LEFT = 370
const CHART = 290
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
  const bars = shown.map(({ label, ratio: { low, median, high } }, index) => {
    const middle = TOP + index * LINE + LINE / 2
    return `<text x="${LEFT - 10}" y="${middle + 4}" text-anchor="end">${escape(label)}</text>
<rect x="${LEFT}" y="${middle - 9}" width="${(CHART * median / most).toFixed(1)}" height="18" rx="2"/>
<path d="M${at(low)} ${middle}H${at(high)}M${at(low)} ${middle - 5}v10M${at(high)} ${middle - 5}v10"/>
<text x="${Number(at(high)) + 8}" y="${middle + 4}">${escape(ratioOf({ ratio: { low: median, median, high: median }, bar: null }))}</text>
`
  }).join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${bottom + 12}" viewBox="0 0 ${WIDTH} ${bottom + 12}" role="img" aria-labelledby="title">
<title id="title">How many times the rate of what stands beside it: median and quartiles</title>
<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  rect { fill: #54aeff }
  path { stroke: #1f2328; stroke-width: 1.5; fill: none }
  .same { stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    rect { fill: #1f6feb }
    path { stroke: #f0f6fc }
  }
</style>
<text x="8" y="20">Times the rate of what stands beside it: median and quartiles</text>
<text x="${at(1)}" y="38" text-anchor="middle">the same</text>
${bars}<path class="same" d="M${at(1)} ${TOP}V${bottom}"/>
</svg>
`
}
