/** A target that wants to be left alone for longer is asked again all the same. */
export const RETRY_AFTER_MAX_MS = 3_600_000

/** Each pause is up to this share longer, so that deliveries that failed together do not come back together. */
const JITTER = 0.25

/**
 * When a delivery is sent again.
 * @param pausesS WEBHOOK_RETRY_SECONDS
 */
export function createSchedule (pausesS: readonly number[], random: () => number = Math.random) {
  return {
    /**
     * ms until the next attempt; undefined: there is none.
     * @param failed attempts, with the one that failed now
     * @param retryAfterMs what the target asks for: it lengthens a pause, and never shortens it
     */
    delayMs (failed: number, retryAfterMs: number): number | undefined {
      const seconds = pausesS[failed - 1]
      return seconds === undefined ? undefined : Math.round(Math.max(seconds * 1000, retryAfterMs) * (1 + JITTER * random()))
    },
    /** No delivery waits for longer. */
    longestMs: Math.max(...pausesS.map(seconds => seconds * 1000), RETRY_AFTER_MAX_MS) * (1 + JITTER),
    /** The first pause. */
    soonMs: pausesS[0]! * 1000,
  }
}

export type Schedule = ReturnType<typeof createSchedule>
