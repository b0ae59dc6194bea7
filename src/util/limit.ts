/** Lets at most `max` calls run at a time; the others wait for their turn. */
export function createLimit (max: number) {
  const waiting: (() => void)[] = []
  let running = 0

  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running === max) await new Promise<void>(resolve => { waiting.push(resolve) })
    else running += 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      // Its turn is this one's.
      if (next) next()
      else running -= 1
    }
  }
}

export type Limit = ReturnType<typeof createLimit>
