/**
 * Rejects with what `late` makes when `work` takes longer, and aborts its signal. What `work` does after
 * that is not waited for.
 */
export async function within<T> (timeoutMs: number, work: (signal: AbortSignal) => Promise<T>, late = () => new Error(`no answer within ${timeoutMs} ms`)): Promise<T> {
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
