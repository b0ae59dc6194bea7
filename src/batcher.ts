import { Problem } from './errors.js'

export interface BatcherOptions<Item, Result> {
  /** One call for many items; its results stand in their order. A rejection rejects each of them. */
  run: (items: Item[]) => Promise<Result[]>
  /**
   * Items of one call. A full call leaves at once: the other side works on it while the rest of the
   * turn is still read here.
   */
  itemsMax: number
  /** Size of one call; a single larger item travels alone. */
  sizeMax: number
  sizeOf: (item: Item) => number
  /** Items that may wait for an answer. Past it an item is refused, so that an outage does not fill the memory. */
  pendingMax: number
}

interface Waiting<Item, Result> {
  item: Item
  resolve: (result: Result) => void
  reject: (reason: unknown) => void
}

/**
 * Lets concurrent requests share calls: what arrives in one turn of the event loop travels together.
 * Calls leave in the order of arrival.
 *
 * @returns a function that adds one item and resolves with its result
 */
export function createBatcher<Item, Result> (options: BatcherOptions<Item, Result>) {
  let waiting: Waiting<Item, Result>[] = []
  let size = 0
  let pending = 0

  async function send (batch: Waiting<Item, Result>[]) {
    try {
      const results = await options.run(batch.map(({ item }) => item))
      batch.forEach(({ resolve }, i) => { resolve(results[i]!) })
    } catch (error) {
      for (const { reject } of batch) reject(error)
    } finally {
      pending -= batch.length
    }
  }

  function flush () {
    if (waiting.length === 0) return
    const batch = waiting
    waiting = []
    size = 0
    void send(batch)
  }

  return (item: Item) => new Promise<Result>((resolve, reject) => {
    if (pending >= options.pendingMax) {
      reject(new Problem('overloaded', 'Nothing was changed. Repeat the request after the seconds in Retry-After.'))
      return
    }
    const itemSize = options.sizeOf(item)
    if (size + itemSize > options.sizeMax) flush()
    // setImmediate runs when all sockets that were readable in this turn have been read.
    if (waiting.length === 0) setImmediate(flush)
    pending += 1
    size += itemSize
    waiting.push({ item, resolve, reject })
    if (waiting.length === options.itemsMax) flush()
  })
}
