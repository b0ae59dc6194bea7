import { Problem } from '../errors.ts'

/** Flushes that may wait for the one that is running. */
const WAITING_MAX = 10

/** Passes of one kind, one after the other. */
export function createQueue<Scope, Report> (run: (scope: Scope) => Promise<Report>) {
  const waiting = new Map<Scope, Promise<Report>>()
  let running: Promise<unknown> = Promise.resolve()

  return {
    /**
     * Runs a pass when the one that is running, if any, has ended. Those who wait for the same share one.
     * @throws {Problem} overloaded when too many wait
     */
    add (scope: Scope): Promise<Report> {
      const shared = waiting.get(scope)
      if (shared) return shared
      if (waiting.size === WAITING_MAX) return Promise.reject(new Problem('overloaded', 'Too many flushes are waiting. Repeat the request after the seconds in Retry-After.'))
      const next = running.then(() => {
        waiting.delete(scope)
        return run(scope)
      })
      waiting.set(scope, next)
      running = next.catch(() => {})
      return next
    },
    /** Resolves when what was added has ended, well or not. */
    ended: () => running,
  }
}
