/** Of long work at a stretch: others are kept waiting for no longer, whatever number of requests has such work. */
const TURN_MS = 1

/** Those who wait for a turn, in their order. */
const waiting: (() => void)[] = []

function grant () {
  waiting.shift()!()
  if (waiting.length > 0) setImmediate(grant)
}

/**
 * Resolves in a later turn of the event loop, of which each who waits has one to itself: ten requests with long work hold up
 * the others no longer at a time than one.
 */
export const nextTurn = (): Promise<void> => new Promise(resolve => {
  waiting.push(resolve)
  if (waiting.length === 1) setImmediate(grant)
})

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
    await nextTurn()
    since = performance.now()
  }
  return results
}
