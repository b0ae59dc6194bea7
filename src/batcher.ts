import { Problem } from './errors.js'

export interface BatcherOptions<Item, Result> {
  /**
   * One call for many items; its results stand in their order. A Problem that it rejects with is the
   * result of each of them; any other rejection is passed on.
   */
  run: (items: Item[]) => Promise<Result[]>
  /**
   * Items of one call. A full call leaves at once: the other side works on it while the rest of the
   * turn is still read here.
   */
  itemsMax: number
  /** Size of one call; a single larger item travels alone. */
  sizeMax: number
  sizeOf: (item: Item) => number
  /** Items that may wait for an answer. Past it more are refused, so that an outage does not fill the memory. */
  pendingMax: number
}

/** What one caller asked for together, and the answers that have come. */
interface Group<Result> {
  results: (Result | Problem)[]
  missing: number
  resolve: (results: (Result | Problem)[]) => void
  reject: (reason: unknown) => void
}

interface Entry<Item, Result> { item: Item, group: Group<Result>, at: number }

/**
 * Lets concurrent requests share calls: what arrives in one turn of the event loop travels together.
 * Calls leave in the order of arrival.
 *
 * @returns a function that takes items and resolves with their results, in order
 */
export function createBatcher<Item, Result> (options: BatcherOptions<Item, Result>) {
  let waiting: Entry<Item, Result>[] = []
  let size = 0
  let pending = 0

  async function send (batch: Entry<Item, Result>[]) {
    try {
      const results = await options.run(batch.map(({ item }) => item))
      for (let i = 0; i < batch.length; i += 1) answer(batch[i]!, results[i]!)
    } catch (error) {
      for (const entry of batch) {
        if (error instanceof Problem) answer(entry, error)
        else entry.group.reject(error)
      }
    } finally {
      pending -= batch.length
    }
  }

  function answer ({ group, at }: Entry<Item, Result>, result: Result | Problem) {
    group.results[at] = result
    if (--group.missing === 0) group.resolve(group.results)
  }

  function flush () {
    if (waiting.length === 0) return
    const batch = waiting
    waiting = []
    size = 0
    void send(batch)
  }

  function add (entry: Entry<Item, Result>) {
    const entrySize = options.sizeOf(entry.item)
    if (size + entrySize > options.sizeMax) flush()
    // setImmediate runs when all sockets that were readable in this turn have been read.
    if (waiting.length === 0) setImmediate(flush)
    size += entrySize
    waiting.push(entry)
    if (waiting.length === options.itemsMax) flush()
  }

  return (items: readonly Item[]) => new Promise<(Result | Problem)[]>((resolve, reject) => {
    if (items.length === 0 || pending + items.length > options.pendingMax) {
      resolve(items.map(overloaded))
      return
    }
    pending += items.length
    const group: Group<Result> = { results: [], missing: items.length, resolve, reject }
    for (let at = 0; at < items.length; at += 1) add({ item: items[at]!, group, at })
  })
}

const overloaded = () => new Problem('overloaded', 'Nothing was changed. Repeat the request after the seconds in Retry-After.')
