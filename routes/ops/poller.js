/** Does a piece of work again and again, while somebody can see the page. */

const INTERVAL_MS = 2000
/** After the first error; doubled with each further one. */
const BACKOFF_MIN_MS = 2000
const BACKOFF_MAX_MS = 30_000

/**
 * One round at a time. A round that fails, and rounds after it, wait longer and longer.
 * @param {() => Promise<{ isWell: boolean, waitMs: number }>} work `waitMs`: what the service asks for at least; it does not reject
 */
export function createPoller (work) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  /** @type {Promise<void> | undefined} */
  let running
  let isStopped = true
  let isWanted = false
  let failures = 0

  const isVisible = () => document.visibilityState === 'visible'

  async function round () {
    clearTimeout(timer)
    isWanted = false
    const { isWell, waitMs } = await work()
    failures = isWell ? 0 : failures + 1
    running = undefined
    if (isStopped || !isVisible()) return
    const backoffMs = isWell ? INTERVAL_MS : Math.min(BACKOFF_MIN_MS * 2 ** (failures - 1), BACKOFF_MAX_MS)
    if (isWanted) now()
    else timer = setTimeout(now, Math.max(backoffMs, Math.min(waitMs, BACKOFF_MAX_MS)))
  }

  /** A round at once, or right after the one that runs, which may have asked too early. */
  function now () {
    if (isStopped) return
    if (running) isWanted = true
    else running = round()
  }

  function onVisibilityChange () {
    if (isVisible()) now()
    else clearTimeout(timer)
  }

  return {
    now,
    start () {
      if (!isStopped) return
      isStopped = false
      failures = 0
      document.addEventListener('visibilitychange', onVisibilityChange)
      window.addEventListener('online', now)
      now()
    },
    stop () {
      isStopped = true
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', onVisibilityChange)
      window.removeEventListener('online', now)
    },
  }
}
