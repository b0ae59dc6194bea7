/** How far a run is, and how long it still takes. */

/** A quick run of a measure takes about this part of a full one; the first measures of the run correct it. */
const QUICK_SHARE = 0.15

const MS_PER_MINUTE = 60_000

interface ProgressOptions {
  /** In their order, what a full run of each takes. */
  minutes: readonly number[]
  isQuick: boolean
  /** ms */
  now?: () => number
}

/** What a measure was said to take is corrected by what those before it have taken, repetitions included. */
export function createProgress ({ minutes, isQuick, now = () => performance.now() }: ProgressOptions) {
  const sum = (some: readonly number[]) => some.reduce((total, each) => total + each, 0)
  const startedAt = now()
  let current = -1
  let currentAt = startedAt

  /** Minutes of the clock for one that was said. A measure that already takes longer counts, too. */
  function factor (passed: number): number {
    const said = sum(minutes.slice(0, current))
    const before = said === 0 ? (isQuick ? QUICK_SHARE : 1) : (currentAt - startedAt) / MS_PER_MINUTE / said
    return Math.max(before, passed / minutes[current]!)
  }

  return {
    /** The next measure begins. Returns which it is: `3 of 18`. */
    next (): string {
      current += 1
      currentAt = now()
      return `${current + 1} of ${minutes.length}`
    },

    /** @returns how long the whole run still takes, in words */
    left (): string {
      const passed = (now() - currentAt) / MS_PER_MINUTE
      const left = factor(passed) * sum(minutes.slice(current)) - passed
      return left < 1 ? 'less than a minute left' : `about ${Math.ceil(left)} min left`
    },
  }
}
