/**
 * The results as a chart: how each ratio stands to its bar. The bar is one line for all; to the right of it is better, also
 * where less is better. Text stays text.
 */
import { barOf, ratioOf } from './format.mjs'

const WIDTH = 800
const LABELS = 400
const CHART = 300
const ROW = 34
const TOP = 46
const BOTTOM = 26
/** The bar stands here; what is twice as good ends at the edge, and what is better still too. */
const BAR_AT = LABELS + CHART / 2
const BEST = 2

/** @typedef {import('../lib/rows.mjs').Row} Row */

/**
 * @param {readonly Row[]} rows
 * @returns {string} with those rows that have a bar
 */
export function toSvg (rows) {
  const shown = rows.filter(({ bar }) => bar)
  const height = TOP + shown.length * ROW + BOTTOM
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title">
<title id="title">Measured ratios beside their bars</title>
<style>
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 14px; font-weight: 600 }
  .small { font-size: 11px; fill: #59636e }
  .met { fill: #1a7f37 }
  .missed { fill: #bc4c00 }
  .open { fill: #818b98 }
  .bar { stroke: #1f2328; stroke-width: 1.5; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .small { fill: #9198a1 }
    .met { fill: #3fb950 }
    .missed { fill: #db6d28 }
    .bar { stroke: #f0f6fc }
  }
</style>
<text class="title" x="8" y="20">Measured, beside the bars that were set</text>
<text class="small" x="${BAR_AT}" y="38" text-anchor="middle">bar</text>
${shown.map((row, index) => toBar(row, TOP + index * ROW)).join('\n')}
<line class="bar" x1="${BAR_AT}" y1="${TOP - 4}" x2="${BAR_AT}" y2="${height - BOTTOM + 4}"/>
<text class="small" x="${LABELS}" y="${height - 6}">worse</text>
<text class="small" x="${LABELS + CHART}" y="${height - 6}" text-anchor="end">better: twice the bar, or more</text>
</svg>
`
}

/**
 * @param {Row} row
 * @param {number} y
 */
function toBar (row, y) {
  const width = CHART * Math.min(goodness(row), BEST) / BEST
  return `<g>
<text x="8" y="${y + 13}">${escape(shorten(row.work, 62))}</text>
<text class="small" x="8" y="${y + 27}">${escape(shorten(`${row.ratio ? 'beside ' : ''}${row.beside}`, 70))}</text>
<rect class="${row.met === null ? 'open' : row.met ? 'met' : 'missed'}" x="${LABELS}" y="${y + 5}" width="${width.toFixed(1)}" height="20" rx="2"><title>${escape(`${ratioOf(row)}, bar ${barOf(row)}`)}</title></rect>
<text x="${LABELS + CHART + 8}" y="${y + 13}">${escape(shownValue(row))}</text>
<text class="small" x="${LABELS + CHART + 8}" y="${y + 27}">bar ${escape(barOf(row))}</text>
</g>`
}

/**
 * @param {Row} row
 * @returns {number} 1 at the bar, above it better
 */
function goodness ({ ratio, value, bar }) {
  const measured = ratio?.median ?? value
  if (!bar) throw new Error('a row without a bar is not on the chart')
  return bar.op === '>=' ? measured / bar.value : bar.value / measured
}

/** @param {Row} row */
function shownValue (row) {
  return ratioOf(row).split(' ')[0] || `${Math.round(row.value)} ${row.unit}`
}

/**
 * @param {string} text
 * @param {number} lengthMax
 */
function shorten (text, lengthMax) {
  return text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text
}

/** @param {string} text */
function escape (text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
