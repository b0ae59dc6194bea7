/** There was no answer in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/**
 * Rejects with what `late` makes when `work` takes longer, or `ending` aborts, and aborts its signal. What `work` does
 * after that is not waited for.
 */
export async function withTimeout<T> (timeoutMs: number, work: (signal: AbortSignal) => Promise<T>, late = (): Error => new TimeoutError(`no answer within ${timeoutMs} ms`), ending?: AbortSignal): Promise<T> {
  if (ending?.aborted) throw late()
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let end = () => {}
  const timeout = new Promise<never>((_resolve, reject) => {
    end = () => {
      reject(late())
      controller.abort()
    }
    timer = setTimeout(end, timeoutMs)
    ending?.addEventListener('abort', end)
  })
  try {
    return await Promise.race([work(controller.signal), timeout])
  } finally {
    clearTimeout(timer)
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
