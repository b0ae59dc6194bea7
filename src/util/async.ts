/** There was no answer in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/**
 * Rejects with what `late` makes when `work` takes longer, and aborts its signal. What `work` does after
 * that is not waited for.
 */
export async function withTimeout<T> (timeoutMs: number, work: (signal: AbortSignal) => Promise<T>, late = (): Error => new TimeoutError(`no answer within ${timeoutMs} ms`)): Promise<T> {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(late())
      controller.abort()
    }, timeoutMs)
  })
  try {
    return await Promise.race([work(controller.signal), timeout])
  } finally {
    clearTimeout(timer)
  }
}

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
