import { setImmediate } from 'node:timers/promises'

/** Of one request's work at a stretch: a tenth of what others may be kept waiting. */
const TURN_MS = 5

/**
 * Does `work` on each item, in order, and lets others have the event loop whenever it has had it for `turnMs`. So the longest
 * block is one turn and one item. Work that is short keeps the loop, and is as fast as a plain loop.
 * @throws what `work` throws, at once
 */
export async function inTurns<Item, Result> (items: readonly Item[], work: (item: Item, index: number) => Result, turnMs = TURN_MS): Promise<Result[]> {
  const results: Result[] = []
  let since = performance.now()
  for (let i = 0; i < items.length; i += 1) {
    results.push(work(items[i]!, i))
    if (i + 1 === items.length || performance.now() - since < turnMs) continue
    await setImmediate()
    since = performance.now()
  }
  return results
}
