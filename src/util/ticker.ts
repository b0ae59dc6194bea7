/** The longest pause after failures. */
const PAUSE_MAX_MS = 30_000

export interface TickerOptions {
  /** One pass. A rejection lengthens the pause to the next. */
  run: () => Promise<unknown>
  intervalMs: number
  onError: (error: Error, pauseMs: number) => void
}

/**
 * Runs passes one after the other, `intervalMs` apart, and sooner when it is woken. After failures
 * the pause doubles, with jitter, up to 30 s; the next success resets it.
 */
export function createTicker ({ run, intervalMs, onError }: TickerOptions) {
  let stopped = false
  let failures = 0
  // What has come since the pass began.
  let woken = false
  let retried = false
  let wakeAtMs = 0
  let wakeTimer: NodeJS.Timeout | undefined
  let loop: Promise<void> | undefined
  let endPause = () => {}

  /** The jitter keeps many instances from coming back in step. */
  const pauseMs = () => failures === 0
    ? intervalMs
    : Math.min(intervalMs * 2 ** failures, Math.max(PAUSE_MAX_MS, intervalMs)) * (0.5 + Math.random() / 2)

  const isStopped = () => stopped

  /** A failing pass is not hurried: its pause is what protects the other side. */
  const isHurried = () => stopped || retried || (woken && failures === 0)

  const pause = (ms: number) => new Promise<void>(resolve => {
    const timer = setTimeout(resolve, ms)
    endPause = () => {
      if (!isHurried()) return
      clearTimeout(timer)
      resolve()
    }
    endPause()
  })

  async function work () {
    while (!isStopped()) {
      woken = false
      retried = false
      try {
        await run()
        failures = 0
        await pause(pauseMs())
      } catch (error) {
        failures += 1
        const ms = pauseMs()
        onError(error as Error, ms)
        await pause(ms)
      }
    }
  }

  function retry () {
    failures = 0
    retried = true
    endPause()
  }

  function wakeNow () {
    woken = true
    endPause()
    // Calls that came while the timer ran have not had their time yet.
    const restMs = wakeAtMs - performance.now()
    wakeTimer = restMs > 0 ? setTimeout(wakeNow, restMs) : undefined
  }

  return {
    start () { loop ??= work() },
    /** Has a pass begin `afterMs` from now, or soon after; many calls share a pass. */
    wake (afterMs: number) {
      wakeAtMs = performance.now() + afterMs
      wakeTimer ??= setTimeout(wakeNow, afterMs)
    },
    /** What made passes fail may be over: has one begin at once, or after the one that is running. */
    retry,
    /** Somebody else's pass has succeeded: there is no reason to go on pausing. */
    recovered () {
      if (failures > 0) retry()
    },
    /** Resolves when the running pass has ended and no other will begin. May be called twice. */
    async stop () {
      clearTimeout(wakeTimer)
      stopped = true
      endPause()
      await loop
    },
  }
}
