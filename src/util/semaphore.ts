import { createFairQueue } from './fair-queue.ts'

interface Waiting { size: number, start: () => void }

/**
 * Bounds what runs at a time by the sum of its sizes. What comes then waits for its turn, of several callers each has one. What is larger than
 * the bound runs alone.
 *
 * @returns `acquire`: resolves when it may start, with the function that says that it is over
 */
export function createSemaphore (sizeMax: number) {
  const queue = createFairQueue<Waiting>()
  let running = 0

  function startMore () {
    while (queue.length > 0 && (running === 0 || running + queue.first().size <= sizeMax)) {
      const { size, start } = queue.shift()
      running += size
      start()
    }
  }

  return (caller: string, size: number): Promise<() => void> => new Promise(resolve => {
    const release = () => {
      running -= size
      startMore()
    }
    queue.push(caller, { size, start: () => { resolve(release) } })
    startMore()
  })
}
