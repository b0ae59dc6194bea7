/** Lets calls through, or holds them back before they are made. */
export function createGate<Args extends unknown[], Result> (call: (...args: Args) => Promise<Result>) {
  const running = new Set<Promise<Result>>()
  let resumed: Promise<void> | undefined
  let open = () => {}

  return {
    async call (...args: Args): Promise<Result> {
      while (resumed) await resumed
      const answer = call(...args)
      running.add(answer)
      try {
        return await answer
      } finally {
        running.delete(answer)
      }
    },
    /** Resolves when no call is under way. */
    async pause () {
      resumed ??= new Promise(resolve => { open = resolve })
      await Promise.allSettled(running)
    },
    resume () {
      resumed = undefined
      open()
    },
  }
}

/** Does the same again and again, whenever it may. It waits until it is resumed. */
export function startLoop (work: () => Promise<void>, failed: (error: unknown) => void) {
  const gate = createGate(work)
  void gate.pause()
  const loop = async () => { for (;;) await gate.call() }
  loop().catch(failed)
  return gate
}

export type Loop = ReturnType<typeof startLoop>
