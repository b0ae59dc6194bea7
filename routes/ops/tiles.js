/** The state of each part: a word, a shape and a colour, so that none of them has to be seen. */
import { duration } from './format.js'
import { make, makeSvg, setText } from './dom.js'

/** @typedef {'good' | 'warn' | 'bad' | 'off'} Mood */

/** A circle with a tick, a triangle, an octagon with a cross, a ring with a dash. */
const SHAPES = {
  good: ['M12 2a10 10 0 1 0 0 20a10 10 0 1 0 0-20z', 'M7.5 12.5l3 3l6-6.5'],
  warn: ['M12 2.5L22.5 21.5H1.5z', 'M12 9.5v5M12 17.8v.2'],
  bad: ['M7.9 2h8.2L22 7.9v8.2L16.1 22H7.9L2 16.1V7.9z', 'M8.5 8.5l7 7M15.5 8.5l-7 7'],
  off: ['M12 2a10 10 0 1 0 0 20a10 10 0 1 0 0-20z', 'M7.5 12h9'],
}

/** @type {Record<string, [Mood, string]>} */
const STATES = {
  ready: ['good', 'Ready'],
  degraded: ['warn', 'Degraded'],
  unavailable: ['bad', 'Unavailable'],
  up: ['good', 'Up'],
  comparing: ['warn', 'Comparing'],
  unsafe: ['warn', 'Unsafe'],
  down: ['bad', 'Down'],
  idle: ['good', 'Idle'],
  active: ['warn', 'Active'],
  off: ['off', 'Off'],
}

const NAMES = /** @type {const} */ ({ service: 'Service', redis: 'Redis', mysql: 'MySQL', journal: 'Journal (fallback)' })

/** @typedef {keyof typeof NAMES} Part */

/** @param {Element} parent a list */
export function createTiles (parent) {
  const tiles = Object.fromEntries(Object.entries(NAMES).map(([part, name]) => {
    const word = make('strong', { class: 'word' }, 'Unknown')
    const detail = make('span', { class: 'detail' })
    const [outline, sign] = [makeSvg('path', { class: 'outline' }), makeSvg('path', { class: 'sign' })]
    const element = make('li', { class: 'tile', id: `tile-${part}` },
      makeSvg('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, outline, sign),
      make('span', { class: 'name' }, name), word, detail)
    return [part, { element, word, detail, outline, sign }]
  }))
  parent.append(...Object.values(tiles).map(({ element }) => element))

  /**
   * @param {Part} part
   * @param {string} state
   * @param {string} text
   */
  function show (part, state, text) {
    const tile = /** @type {NonNullable<typeof tiles[string]>} */ (tiles[part])
    const [mood, word] = STATES[state] ?? ['off', 'Unknown']
    const [outline, sign] = SHAPES[mood]
    tile.element.dataset.mood = mood
    tile.outline.setAttribute('d', /** @type {string} */ (outline))
    tile.sign.setAttribute('d', /** @type {string} */ (sign))
    setText(tile.word, word)
    setText(tile.detail, text)
  }

  /** Nothing is known of it yet, or any more. */
  const forget = () => { for (const part of /** @type {Part[]} */ (Object.keys(NAMES))) show(part, '', '') }
  forget()

  return {
    forget,
    /**
     * @param {{ status: string, redis: Dependency, mysql: Dependency, journal: string }} health
     * @param {string} build version of the service and of Node; empty: unknown
     * @param {string} waiting what the journal holds
     */
    show (health, build, waiting) {
      show('service', health.status, build)
      show('redis', health.redis.state, detailOf(health.redis))
      show('mysql', health.mysql.state, detailOf(health.mysql))
      show('journal', health.journal, health.journal === 'off' ? 'FALLBACK=off' : waiting)
    },
  }
}

/** @typedef {{ state: string, latency_ms?: number, reason?: string }} Dependency */

/** @param {Dependency} dependency */
const detailOf = ({ latency_ms, reason }) => reason ?? (latency_ms === undefined ? '' : `answers in ${duration(latency_ms)}`)
