import { setTimeout as sleep } from 'node:timers/promises'
import { aborted } from './async.ts'

/** What comes in this time is one change: a burst costs each who waits one look. */
const GATHER_MS = 20

/** Between two looks for what others have changed. */
const LOOK_EVERY_MS = 1000

/**
 * Wakes all who wait for a change at once, whatever their number: at a change that this process makes, and at one of others, for
 * which it looks as long as somebody waits.
 * @param look changes when others have changed something. What it fails with wakes, too: who waits finds out why
 */
export function createChangeSignal (look: () => Promise<string>, lookEveryMs = LOOK_EVERY_MS) {
  const waiting = new Set<() => void>()
  let count = 0
  let gathering: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined

  function wake () {
    gathering = undefined
    count += 1
    for (const resolve of waiting) resolve()
    waiting.clear()
  }

  /** The first look finds nothing to compare with, and wakes: something may have changed before it. */
  async function lookOut () {
    let seen: string | undefined
    while (waiting.size > 0) {
      const found = await look().catch(() => undefined)
      if (found === undefined || found !== seen) wake()
      seen = found
      await sleep(lookEveryMs, undefined, { ref: false })
    }
  }

  return {
    /** Something was changed here. */
    changed () { gathering ??= setTimeout(wake, GATHER_MS).unref() },

    /** To be taken before the look whose outcome decides whether to wait. */
    count: () => count,

    /**
     * Resolves at the next change after `seen`, when the time is over, or when a signal aborts.
     * @param seen a count
     * @returns whether there may be a change
     */
    async wait (seen: number, timeoutMs: number, ending: AbortSignal): Promise<boolean> {
      if (ending.aborted) return false
      if (count !== seen) return true
      const over = new AbortController()
      let onWake = () => {}
      const woken = new Promise<void>(resolve => { onWake = resolve })
      waiting.add(onWake)
      looking ??= lookOut().finally(() => { looking = undefined })
      try {
        const signal = AbortSignal.any([ending, over.signal])
        return await Promise.race([
          woken.then(() => true),
          aborted(signal).then(() => false),
          sleep(timeoutMs, false, { signal }).catch(() => false),
        ])
      } finally {
        waiting.delete(onWake)
        over.abort()
      }
    },

    /** Who waits now. */
    waiting: () => waiting.size,
  }
}

export type ChangeSignal = ReturnType<typeof createChangeSignal>
