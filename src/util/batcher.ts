import { Problem, overloaded } from '../errors.ts'

/**
 * What may wait for an answer, in items and in size, so that an outage does not fill the memory.
 * Several queues may share one.
 */
export interface Budget {
  /** False when it would be too much; nothing was taken then. */
  take: (items: number, size: number) => boolean
  give: (items: number, size: number) => void
}

export function createBudget (itemsMax: number, sizeMax = Infinity): Budget {
  let items = 0
  let size = 0
  return {
    take (moreItems, moreSize) {
      if (items + moreItems > itemsMax || size + moreSize > sizeMax) return false
      items += moreItems
      size += moreSize
      return true
    },
    give (fewerItems, lessSize) {
      items -= fewerItems
      size -= lessSize
    },
  }
}

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
  sizeMax?: number
  /** Default: 0, for items of which only the number counts. */
  sizeOf?: (item: Item) => number
  /** Calls that may run at a time; what comes meanwhile shares the next. Default: any number. */
  runningMax?: number
  /** What may wait for an answer. Past it more is refused. */
  budget: Budget
}

/** What one caller asked for together, and the answers that have come. */
interface Group<Result> {
  results: (Result | Problem)[]
  missing: number
  resolve: (results: (Result | Problem)[]) => void
  reject: (reason: unknown) => void
}

interface Entry<Item, Result> { item: Item, size: number, group: Group<Result>, at: number }

/**
 * Lets concurrent requests share calls: what arrives in one turn of the event loop travels together.
 * Calls leave in the order of arrival.
 *
 * @returns a function that takes items and resolves with their results, in order
 */
export function createBatcher<Item, Result> (options: BatcherOptions<Item, Result>) {
  const { run, itemsMax, sizeMax = Infinity, sizeOf = () => 0, runningMax = Infinity, budget } = options
  let waiting: Entry<Item, Result>[] = []
  let waitingSize = 0
  let running = 0
  // The turn has ended, and too many calls ran.
  let isHeldBack = false
  // Full, and waiting for a call to end.
  const full: { batch: Entry<Item, Result>[], size: number }[] = []

  async function send (batch: Entry<Item, Result>[], size: number) {
    try {
      const results = await run(batch.map(({ item }) => item))
      for (let i = 0; i < batch.length; i += 1) answer(batch[i]!, results[i]!)
    } catch (error) {
      for (const entry of batch) {
        if (error instanceof Problem) answer(entry, error)
        else entry.group.reject(error)
      }
    } finally {
      budget.give(batch.length, size)
      running -= 1
      const next = full.shift()
      if (next) start(next.batch, next.size)
      else if (isHeldBack) flush()
    }
  }

  function start (batch: Entry<Item, Result>[], size: number) {
    running += 1
    void send(batch, size)
  }

  function answer ({ group, at }: Entry<Item, Result>, result: Result | Problem) {
    group.results[at] = result
    if (--group.missing === 0) group.resolve(group.results)
  }

  /** Sends what waits, unless as many calls run as may. */
  function flush () {
    isHeldBack = waiting.length > 0 && running >= runningMax
    if (waiting.length > 0 && !isHeldBack) close()
  }

  function close () {
    const batch = waiting
    const size = waitingSize
    waiting = []
    waitingSize = 0
    if (running < runningMax) start(batch, size)
    else full.push({ batch, size })
  }

  function add (entry: Entry<Item, Result>) {
    if (waiting.length > 0 && waitingSize + entry.size > sizeMax) close()
    // setImmediate runs when all sockets that were readable in this turn have been read.
    if (waiting.length === 0) setImmediate(flush)
    waitingSize += entry.size
    waiting.push(entry)
    if (waiting.length === itemsMax) close()
  }

  return (items: readonly Item[]) => new Promise<(Result | Problem)[]>((resolve, reject) => {
    const sizes = items.map(sizeOf)
    const size = sizes.reduce((sum, size) => sum + size, 0)
    if (items.length === 0 || !budget.take(items.length, size)) {
      resolve(items.map(() => overloaded()))
      return
    }
    const group: Group<Result> = { results: [], missing: items.length, resolve, reject }
    for (let at = 0; at < items.length; at += 1) add({ item: items[at]!, size: sizes[at]!, group, at })
  })
}
