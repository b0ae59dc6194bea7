import { NotRead, Problem, overloaded } from '../errors.ts'
import { OWN_WORK, type Account, type Budget } from './budget.ts'
import { createFairQueue } from './fair-queue.ts'

/** One for all: it may be the answer to hundreds of ids, and an error costs its stack. */
const NOT_READ = new NotRead()

/** Who asks, and when that is enough. */
export interface Context {
  /** The name of the API key; default: the service itself. */
  caller?: string
  /** Items whose turn comes when it is full are answered with NotRead. */
  answer?: { isFull: () => boolean }
}

/** The result of an item that `run` has not begun with: it is to be in the next call. */
export const LATER = Symbol('later')

export interface BatcherOptions<Item, Result, Asked extends Context> {
  /**
   * One call for many items; its results stand in their order, that of the first is never LATER. A Problem that it rejects
   * with is the result of each of them; any other rejection is passed on.
   */
  run: (items: Item[]) => Promise<(Result | typeof LATER)[]>
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
  /** Calls that may run beside one that is not full; until fewer run, it is filled with what comes. Default: any number. */
  besidePartialMax?: number
  /** Size of the calls that run, from which on no more of them start. Default: any. */
  runningSizeMax?: number
  /** ms that an item may wait until a call may run; later it is refused. Default: any time. */
  waitMaxMs?: number
  /** What may wait for an answer. Past it more is refused. */
  budget: Budget
  /** Told of each result before it is answered. @returns what is answered */
  onResult?: (result: Result | Problem, context: Asked) => Result | Problem
}

/** What one caller asked for together, and the answers that have come. */
interface Group<Result, Asked> {
  account: Account
  context: Asked
  since: number
  results: (Result | Problem)[]
  missing: number
  resolve: (results: (Result | Problem)[]) => void
  reject: (reason: unknown) => void
}

interface Entry<Item, Result, Asked> { item: Item, size: number, group: Group<Result, Asked>, at: number }

/**
 * Lets concurrent requests share calls: what arrives in one turn of the event loop travels together. Calls leave in the order
 * of arrival; of several callers each has its turn, so that none waits for the queue of another.
 *
 * @returns a function that takes items and resolves with their results, in order
 */
export function createBatcher<Item, Result, Asked extends Context = Context> (options: BatcherOptions<Item, Result, Asked>) {
  type OfItem = Entry<Item, Result, Asked>
  const { run, itemsMax, sizeMax = Infinity, sizeOf = () => 0, runningMax = Infinity, besidePartialMax = Infinity, runningSizeMax = Infinity, waitMaxMs = Infinity, budget, onResult = result => result } = options
  const queue = createFairQueue<OfItem>()
  /** Who has all answers, and is to be told. */
  const answered: Group<Result, Asked>[] = []
  let running = 0
  let runningSize = 0
  let isFlushing = false
  // The turn of the event loop has ended, and too many calls ran.
  let isHeldBack = false

  async function send (batch: OfItem[], size: number) {
    try {
      const results = await run(batch.map(({ item }) => item))
      if (results[0] === LATER) throw new Error('a call has done nothing of what it was to do')
      const later = batch.filter((_, i) => results[i] === LATER)
      if (later.length > 0) putBack(later, new Set(batch.filter((_, i) => results[i] !== LATER).map(({ group }) => callerOf(group.context))))
      batch.forEach((entry, i) => { if (results[i] !== LATER) answer(entry, results[i] as Result) })
    } catch (error) {
      for (const entry of batch) {
        if (error instanceof Problem) answer(entry, error)
        else fail(entry, error)
      }
    } finally {
      running -= 1
      runningSize -= size
      if (isHeldBack) flush()
      else startFull()
    }
  }

  function answer ({ group, at, size }: OfItem, result: Result | Problem) {
    budget.give(group.account, 1, size)
    group.results[at] = onResult(result, group.context)
    // Some dozens of callers take a millisecond. What has come with their answers, as that to a list, waits for none of them.
    if (--group.missing === 0 && answered.push(group) === 1) setImmediate(tell)
  }

  function tell () {
    for (const { resolve, results } of answered.splice(0)) resolve(results)
  }

  function fail ({ group, size }: OfItem, error: unknown) {
    budget.give(group.account, 1, size)
    group.reject(error)
  }

  const mayStart = () => running < runningMax && (running === 0 || runningSize < runningSizeMax)

  const isFull = () => queue.length >= itemsMax || queue.size > sizeMax

  /** Starts calls with what waits, as far as calls may run. */
  function flush () {
    isFlushing = false
    while (queue.length > 0 && mayStart() && (isFull() || running <= besidePartialMax)) start()
    isHeldBack = queue.length > 0
  }

  /** Starts those calls for which no more need arrive. */
  function startFull () {
    while (isFull() && mayStart()) start()
  }

  function start () {
    const batch: OfItem[] = []
    let size = 0
    while (queue.length > 0 && batch.length < itemsMax) {
      const entry = queue.first()
      const refusal = refuse(entry.group)
      if (!refusal && batch.length > 0 && size + entry.size > sizeMax) break
      queue.shift()
      if (refusal) {
        answer(entry, refusal)
      } else {
        batch.push(entry)
        size += entry.size
      }
    }
    if (batch.length === 0) return
    running += 1
    runningSize += size
    void send(batch, size)
  }

  /** Why it is not begun with any more. */
  function refuse ({ context, since }: Group<Result, Asked>): Problem | undefined {
    if (context.answer?.isFull()) return NOT_READ
    if (!isHeldBack || performance.now() - since <= waitMaxMs) return undefined
    budget.refuse('late')
    return overloaded()
  }

  /**
   * What a call has not begun with comes before what came after it. A caller of whom it has begun with nothing is next: another, each of
   * whose items fills a call, would keep all turns.
   */
  function putBack (entries: readonly OfItem[], served: ReadonlySet<string>) {
    const byCaller = [...Map.groupBy(entries, ({ group }) => callerOf(group.context))]
    for (const [caller, ofCaller] of byCaller.reverse()) queue.putBack(caller, ofCaller, !served.has(caller))
    isHeldBack = true
  }

  return (items: readonly Item[], context: Asked = {} as Asked) => new Promise<(Result | Problem)[]>((resolve, reject) => {
    const sizes = items.map(sizeOf)
    const size = sizes.reduce((sum, size) => sum + size, 0)
    const account = items.length === 0 ? undefined : budget.take(callerOf(context), items.length, size)
    if (!account) {
      const refusal = overloaded()
      resolve(items.map(() => refusal))
      return
    }
    const group: Group<Result, Asked> = { account, context, since: performance.now(), results: [], missing: items.length, resolve, reject }
    for (let at = 0; at < items.length; at += 1) {
      queue.push(callerOf(context), { item: items[at]!, size: sizes[at]!, group, at })
      startFull()
    }
    // setImmediate runs when all sockets that were readable in this turn have been read.
    if (queue.length > 0 && !isFlushing) {
      isFlushing = true
      setImmediate(flush)
    }
  })
}

const callerOf = ({ caller = OWN_WORK }: Context): string => caller
