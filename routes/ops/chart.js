/** A line chart of the last minutes, and the same in words. */
import { make, makeSvg, setText } from './dom.js'
import { WINDOW_MS } from './history.js'

const WIDTH = 300
const HEIGHT = 80
/** Measured less often than this, two points are not joined. */
const GAP_MS = 8000
/** A screen reader that reads the chart is not interrupted by every measurement. */
const ALT_INTERVAL_MS = 30_000

/**
 * @typedef {object} Series
 * @property {string} name of its values in the history
 * @property {string} label
 */

/**
 * @param {object} spec
 * @param {string} spec.id
 * @param {string} spec.title
 * @param {Series[]} spec.series the first is drawn solid, the second dashed
 * @param {(value: number) => string} spec.format
 * @param {(value: number) => string} [spec.inFull] the current value, where it needs more words than the scale
 * @param {string} spec.none in place of a value where there is none
 * @param {number} spec.atLeast the least that the scale reaches to, so that next to nothing does not look like much
 */
export function createChart ({ id, title, series, format, inFull = format, none, atLeast }) {
  const top = make('span')
  const paths = series.map((_, i) => makeSvg('path', { class: `line line-${i + 1}` }))
  const area = makeSvg('path', { class: 'area' })
  const svg = makeSvg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `${title}: nothing measured yet` },
    area, ...paths)
  const rows = series.map(({ label }, i) => ({ now: make('strong', {}, none), range: make('span', { class: 'range' }), label, i }))
  const element = make('section', { class: 'chart', 'aria-labelledby': `${id}-title`, id },
    make('h3', { id: `${id}-title` }, title),
    make('ul', { class: 'legend' }, ...rows.map(({ now, range, label, i }) => make('li', {}, key(i), make('span', { class: 'label' }, label), now, range))),
    make('div', { class: 'plot' },
      make('div', { class: 'scale', 'aria-hidden': 'true' }, top, make('span', {}, format(0))),
      make('div', { class: 'lines' }, svg)),
    make('p', { class: 'axis', 'aria-hidden': 'true' }, make('span', {}, '5 min ago'), make('span', {}, 'now')))

  let altAtMs = -Infinity

  return {
    element,

    /**
     * @param {import('./history.js').History} history
     * @param {number} nowMs
     */
    show (history, nowMs) {
      const all = series.map(({ name }) => history.points(name))
      const values = all.flat().map(({ value }) => value).filter(value => value !== null)
      const max = niceMax(Math.max(atLeast, ...values))
      setText(top, format(max))
      const words = rows.map(({ now, range, label }, i) => {
        const points = /** @type {import('./history.js').Point[]} */ (all[i])
        const current = points.at(-1)?.value ?? null
        const known = points.map(({ value }) => value).filter(value => value !== null)
        const extent = known.length === 0 ? '' : `min ${format(Math.min(...known))}, max ${format(Math.max(...known))}`
        setText(now, current === null ? none : inFull(current))
        setText(range, extent)
        paths[i]?.setAttribute('d', toPath(points, nowMs, max))
        return `${label} ${now.textContent}${extent && ` (${extent})`}`
      })
      area.setAttribute('d', toArea(/** @type {import('./history.js').Point[]} */ (all[0]), nowMs, max))
      if (nowMs - altAtMs < ALT_INTERVAL_MS && values.length > 1) return
      altAtMs = nowMs
      svg.setAttribute('aria-label', `${title}, line chart of the last five minutes: ${words.join('; ')}`)
    },
  }
}

/**
 * The line of the legend, drawn as in the chart: the series are told apart without their colours.
 * @param {number} i
 */
function key (i) {
  return makeSvg('svg', { class: 'key', viewBox: '0 0 24 8', 'aria-hidden': 'true' }, makeSvg('path', { class: `line line-${i + 1}`, d: 'M1 4H23' }))
}

/**
 * The next larger of 1, 2, 5, 10, 20, 50 and so on.
 * @param {number} value above zero
 */
function niceMax (value) {
  const magnitude = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map(step => step * magnitude).find(step => step >= value) ?? 10 * magnitude
}

/**
 * The parts of a line that were measured without a gap, in the chart's own coordinates.
 * @param {import('./history.js').Point[]} points
 * @param {number} nowMs
 * @param {number} max
 */
function toStretches (points, nowMs, max) {
  /** @type {{ x: string, y: string }[][]} */
  const stretches = []
  let lastMs = -Infinity
  for (const { atMs, value } of points) {
    if (value === null) {
      lastMs = -Infinity
      continue
    }
    if (atMs - lastMs > GAP_MS) stretches.push([])
    lastMs = atMs
    stretches.at(-1)?.push({
      x: (WIDTH * (1 - (nowMs - atMs) / WINDOW_MS)).toFixed(1),
      // A line on the edge keeps its whole width.
      y: (HEIGHT - 1 - (HEIGHT - 3) * value / max).toFixed(1),
    })
  }
  return stretches
}

/**
 * @param {import('./history.js').Point[]} points
 * @param {number} nowMs
 * @param {number} max
 */
function toPath (points, nowMs, max) {
  // h0: a single point is a dot, which a path of one point would not show.
  return toStretches(points, nowMs, max).map(stretch => `M${stretch.map(({ x, y }) => `${x} ${y}`).join('L')}h0`).join('')
}

/**
 * @param {import('./history.js').Point[]} points
 * @param {number} nowMs
 * @param {number} max
 */
function toArea (points, nowMs, max) {
  return toStretches(points, nowMs, max)
    .map(stretch => `M${stretch[0]?.x} ${HEIGHT}L${stretch.map(({ x, y }) => `${x} ${y}`).join('L')}L${stretch.at(-1)?.x} ${HEIGHT}Z`).join('')
}
