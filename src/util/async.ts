/** There was no answer in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/** Into this number of parts a time is cut: of time in which the process is busy no more than one of them counts. */
const PARTS = 4

/**
 * Calls back after this time, or somewhat later when the process was busy meanwhile: its timers come before what has long
 * arrived, so that an answer would seem to be late.
 * @returns a function that ends the waiting
 */
function startTimer (ms: number, callback: () => void): () => void {
  let passed = 0
  const timer = setInterval(() => {
    passed += 1
    if (passed < PARTS) return
    clearInterval(timer)
    callback()
  }, ms / PARTS)
  return () => { clearInterval(timer) }
}

/**
 * Rejects with what `late` makes when `work` takes longer, or `ending` aborts, and aborts its signal. What `work` does
 * after that is not waited for.
 */
export async function withTimeout<T> (timeoutMs: number, work: (signal: AbortSignal) => Promise<T>, late = (): Error => new TimeoutError(`no answer within ${timeoutMs} ms`), ending?: AbortSignal): Promise<T> {
  if (ending?.aborted) throw late()
  const controller = new AbortController()
  let stopTimer = () => {}
  let end = () => {}
  const timeout = new Promise<never>((_resolve, reject) => {
    end = () => {
      reject(late())
      controller.abort()
    }
    stopTimer = startTimer(timeoutMs, end)
    ending?.addEventListener('abort', end)
  })
  try {
    return await Promise.race([work(controller.signal), timeout])
  } finally {
    stopTimer()
    ending?.removeEventListener('abort', end)
  }
}

/** Resolves when the signal aborts. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => { resolve() }, { once: true })
  })

/** Calls that come while one runs share it. */
export function singleFlight<T> (work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  return () => {
    running ??= work().finally(() => { running = undefined })
    return running
  }
}

/**
 * Waits until all have ended, well or not.
 * @throws what the first of them failed with
 */
export async function allEnded<T> (promises: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(promises)
  return outcomes.map(outcome => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}

/**
 * The first answer, of those who are asked one after the other: the next when the one before has failed, or has not
 * answered in `afterMs`. All of them go on until one has answered (as RFC 8305 has connections tried).
 * @throws {AggregateError} when all have failed
 */
export async function firstOf<T> (asks: readonly (() => Promise<T>)[], afterMs: number): Promise<T> {
  const asked: Promise<T>[] = []
  let isOver = false
  for (const ask of asks) {
    if (isOver) break
    const answer = ask()
    asked.push(answer)
    let timer: NodeJS.Timeout | undefined
    const later = new Promise<void>(resolve => { timer = setTimeout(resolve, afterMs) })
    const failed = answer.then(() => { isOver = true }, () => {})
    // One that was asked before may have answered by now.
    await Promise.race([later, failed, Promise.any(asked).then(() => { isOver = true }, () => {})])
    clearTimeout(timer)
  }
  return await Promise.any(asked)
}
