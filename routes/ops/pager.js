/** Pages of a list that the service hands out by cursor. */
import { make } from './dom.js'

/** Short enough to look at, and to be asked for every two seconds. */
export const PAGE_SIZE = 20

/**
 * @param {string} name of the list, for the buttons
 * @param {() => void} refresh
 * @param {string} [parameter] that a page is asked for with
 */
export function createPager (name, refresh, parameter = 'after') {
  /** @type {string | null} */
  let after = null
  /** @type {string | null} */
  let next = null
  const first = make('button', { type: 'button', 'aria-label': `First page of ${name}` }, 'First page')
  const forward = make('button', { type: 'button', 'aria-label': `Next page of ${name}` }, 'Next page')
  const element = make('div', { class: 'actions pager' }, first, forward)

  /** @param {string | null} to */
  function turn (to) {
    after = to
    refresh()
  }
  first.addEventListener('click', () => turn(null))
  forward.addEventListener('click', () => { if (next !== null) turn(next) })

  function update () {
    // One that has the focus stays, and does nothing.
    for (const [button, isUseful] of /** @type {const} */ ([[first, after !== null], [forward, next !== null]])) {
      button.setAttribute('aria-disabled', String(!isUseful))
    }
    element.hidden = after === null && next === null
  }
  update()

  return {
    element,
    /** The list is another one. */
    reset () {
      after = next = null
      update()
    },
    query: () => `limit=${PAGE_SIZE}${after === null ? '' : `&${parameter}=${encodeURIComponent(after)}`}`,
    /**
     * @param {number} shown entries on this page
     * @param {string | number | null} nextAfter
     */
    show (shown, nextAfter) {
      next = nextAfter === null ? null : String(nextAfter)
      // All of a later page was dealt with.
      if (shown === 0 && after !== null) turn(null)
      update()
    },
  }
}
