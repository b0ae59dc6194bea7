/** Bounded polling, for what sends no event when it is done. */
import { setTimeout as delay } from 'node:timers/promises'

const POLL_INTERVAL_MS = 25

/**
 * @param {() => boolean | Promise<boolean>} check
 * @param {number} timeoutMs
 * @returns {Promise<boolean>} false when the time is up
 */
export async function until (check, timeoutMs) {
  const deadline = Date.now() + timeoutMs
  while (!(await check())) {
    if (Date.now() > deadline) return false
    await delay(POLL_INTERVAL_MS)
  }
  return true
}
