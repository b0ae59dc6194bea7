/** The few ratios that a reader of the README looks for, as a picture: median and quartiles beside a line at 1, which is "equal". Text stays text. */
import type { Row } from '../lib/rows.ts'
import { ratioOf } from './table.ts'

const WIDTH = 860
const LEFT = 420
const CHART = 280
const LINE = 30
const TOP = 54
const BARS_MAX = 6

const TITLE = 'Rate as a multiple of the alternative\'s: median and quartiles'

interface Bar { label: string, ratio: NonNullable<Row['ratio']> }

/** The rows that have a name for it. */
function barsOf (rows: readonly Row[]): Bar[] {
  const bars = rows.flatMap(({ chart, ratio }) => chart && ratio ? [{ label: chart, ratio }] : [])
  if (bars.length > BARS_MAX) throw new Error(`${bars.length} rows are for the chart, which has room for ${BARS_MAX}: ${bars.map(({ label }) => label).join('; ')}`)
  return bars
}

const inWords = ({ label, ratio }: Bar) => `${label}: ${ratioOf({ ratio, bar: null })}`

/** What the picture says, for who does not see it. Empty: there is nothing to show. */
export const chartInWords = (rows: readonly Row[]): string => barsOf(rows).map(inWords).join('; ')

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** @returns undefined: there is nothing to show */
export function toChart (rows: readonly Row[]): string | undefined {
  const shown = barsOf(rows)
  if (shown.length === 0) return undefined
  const most = Math.ceil(Math.max(1.5, ...shown.map(({ ratio }) => ratio.high)))
  const at = (value: number) => (LEFT + CHART * value / most).toFixed(1)
  const bottom = TOP + shown.length * LINE
  const bars = shown.map(({ label, ratio }, index) => {
    const { low, median, high } = ratio
    const middle = TOP + index * LINE + LINE / 2
    return `<text x="${LEFT - 10}" y="${middle + 4}" text-anchor="end">${escape(label)}</text>
<rect class="bar" x="${LEFT}" y="${middle - 9}" width="${(CHART * median / most).toFixed(1)}" height="18" rx="2"/>
<path d="M${at(low)} ${middle}H${at(high)}M${at(low)} ${middle - 5}v10M${at(high)} ${middle - 5}v10"/>
<text x="${LEFT + CHART + 12}" y="${middle + 4}">${ratioOf({ ratio, bar: null })}</text>
`
  }).join('')
  // With a ground of its own it is readable wherever it stands: the scheme of the page may be another than the system's.
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${bottom + 16}" viewBox="0 0 ${WIDTH} ${bottom + 16}" role="img" aria-labelledby="title description">
<title id="title">${TITLE}</title>
<desc id="description">${escape(chartInWords(rows))}</desc>
<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .ground { fill: #ffffff }
  .bar { fill: #54aeff }
  path { stroke: #1f2328; stroke-width: 1.5; fill: none }
  .equal { stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .ground { fill: #0d1117 }
    .bar { fill: #1f6feb }
    path { stroke: #f0f6fc }
  }
</style>
<rect class="ground" width="${WIDTH}" height="${bottom + 16}" rx="6"/>
<text x="12" y="24">${TITLE}</text>
<text x="${at(1)}" y="46" text-anchor="middle">equal</text>
${bars}<path class="equal" d="M${at(1)} ${TOP}V${bottom}"/>
</svg>
`
}
