import pLimit from 'p-limit'
import { Problem } from '../errors.ts'
import type { FlushCounts, Outcome } from './push.ts'

export interface FlushReport extends FlushCounts {
  /** Unsynced tickets that wait for a push after this flush. */
  remaining: number
  duration_ms: number
}

/** A pass over tickets that were named, for all who named them. */
export interface NamedPass {
  report: FlushReport
  /** What became of each ticket that was taken. */
  outcomes: ReadonlyMap<number, Outcome>
}

/** Ids that may wait for the pass that is running: ten requests of the largest size. */
const WAITING_IDS_MAX = 5000

/** Passes over the backlog, one after the other. Those who wait for the same share one. */
export function createBacklogPasses<Scope extends string> (run: (scope: Scope) => Promise<FlushReport>) {
  const oneAtATime = pLimit(1)
  const waiting = new Map<Scope, Promise<FlushReport>>()

  return {
    add (scope: Scope): Promise<FlushReport> {
      const known = waiting.get(scope)
      if (known) return known
      const next = oneAtATime(() => {
        waiting.delete(scope)
        return run(scope)
      })
      waiting.set(scope, next)
      return next
    },
    /** Resolves when what was added has ended, well or not. */
    ended: () => oneAtATime(async () => {}),
  }
}

/**
 * Passes over tickets that callers name, one after the other. Who comes while one runs shares the next, also for a ticket
 * that is being pushed: it may have changed since it was taken.
 */
export function createNamedPasses (run: (ids: readonly number[]) => Promise<NamedPass>) {
  const oneAtATime = pLimit(1)
  let next: { ids: Set<number>, pass: Promise<NamedPass> } | undefined

  function open () {
    const ids = new Set<number>()
    const pass = oneAtATime(() => {
      next = undefined
      return run([...ids])
    })
    return { ids, pass }
  }

  return {
    /**
     * Resolves with what became of these tickets; `remaining` and `duration_ms` are the pass's.
     * @throws {Problem} overloaded when too many tickets wait
     */
    async add (ids: readonly number[]): Promise<FlushReport> {
      const fresh = ids.filter(id => !next?.ids.has(id))
      if ((next?.ids.size ?? 0) + fresh.length > WAITING_IDS_MAX) throw new Problem('overloaded', 'Too many tickets wait to be pushed. Repeat the request after the seconds in Retry-After.')
      next ??= open()
      const { ids: waiting, pass } = next
      for (const id of fresh) waiting.add(id)
      const { report, outcomes } = await pass
      const own = ids.flatMap(id => outcomes.get(id) ?? [])
      const count = (outcome: Outcome) => own.filter(other => other === outcome).length
      return { ...report, claimed: own.length, synced: count('synced'), retried: count('retried'), dead: count('dead') }
    },
    /** Resolves when what was added has ended, well or not. */
    ended: () => oneAtATime(async () => {}),
  }
}
