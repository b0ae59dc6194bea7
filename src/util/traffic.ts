/** Between two looks at what has come: some steps of long work beside requests. */
const LOOK_EVERY_MS = 20

/** Whether requests are being served, so that long work knows when it is not alone. */
export interface Traffic {
  /** To be called for each request. */
  count: () => void
  /** To be called for one that is long work itself. */
  discount: () => void
  /** Whether any have come in the last milliseconds, or since the last look. */
  isServing: () => boolean
}

/** @param now in milliseconds */
export function createTraffic (now = () => performance.now()): Traffic {
  let requests = 0
  let seen = 0
  let lookedAt = -Infinity
  let isServing = false
  return {
    count () { requests += 1 },
    discount () { requests -= 1 },
    isServing () {
      // Several who look share one answer: for the second of two there would be nothing new.
      if (now() - lookedAt >= LOOK_EVERY_MS) {
        isServing = requests !== seen
        seen = requests
        lookedAt = now()
      }
      return isServing
    },
  }
}
