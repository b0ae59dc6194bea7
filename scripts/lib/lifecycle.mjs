/**
 * What this process has started and must not leave behind.
 * However it ends, short of SIGKILL, its children are stopped first, the newest first.
 */

/**
 * @typedef {object} Owned
 * @property {() => Promise<unknown>} stop stops it in order; may be called twice
 * @property {() => void} abandon the last resort when nothing can be awaited any more: asks it to end by itself
 */

/** @type {Owned[]} */
const owned = []
/** @type {Promise<void> | undefined} */
let stopping
/** @type {((signal: NodeJS.Signals) => void) | undefined} */
let waiter
let signalled = false
let watching = false

/**
 * Puts a started thing under this module's care.
 * @param {Owned} thing
 * @returns {() => void} releases it again, once it has ended
 */
export function own (thing) {
  watch()
  owned.push(thing)
  return () => {
    const at = owned.indexOf(thing)
    if (at >= 0) owned.splice(at, 1)
  }
}

/**
 * Stops everything owned, the newest first. One that fails does not keep the others from being stopped.
 * @returns {Promise<void>}
 */
export function stopAll () {
  stopping ??= drain().finally(() => { stopping = undefined })
  return stopping
}

/**
 * Waits for SIGINT, SIGTERM or SIGHUP. The caller then stops things itself; without a caller here, a signal stops
 * everything and then ends this process.
 * @returns {Promise<NodeJS.Signals>}
 */
export function untilSignalled () {
  watch()
  return new Promise((resolve) => { waiter = resolve })
}

/** @returns {boolean} whether this process was told to end */
export function isSignalled () {
  return signalled
}

async function drain () {
  const errors = []
  for (let thing = owned.pop(); thing; thing = owned.pop()) {
    try {
      await thing.stop()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length === 1) throw errors[0]
  if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('\n'))
}

function watch () {
  if (watching) return
  watching = true
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => endBy(signal))
  }
  process.on('exit', () => {
    for (const thing of owned.reverse()) thing.abandon()
  })
}

/**
 * Only the first signal counts: npm forwards the terminal's Ctrl-C, so that one key press arrives twice,
 * and an impatient second one must not cut a database's shutdown short.
 * @param {NodeJS.Signals} signal
 */
function endBy (signal) {
  if (signalled) return
  signalled = true
  if (waiter) return waiter(signal)
  stopAll()
    .catch((error) => { console.error(error) })
    .finally(() => {
      // Die of the signal, so that whoever waits for this process sees why it ended.
      process.removeAllListeners(signal)
      process.kill(process.pid, signal)
    })
}
