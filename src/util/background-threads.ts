import { readFileSync, readdirSync } from 'node:fs'
import { constants, getPriority, setPriority } from 'node:os'

/** Of this process, a folder by thread; Linux alone has it. */
const TASKS = '/proc/self/task'

/** What Node calls the threads that collect garbage and compile beside the event loop: four, however few cores there are. */
const NAME = /V8Worker$/

const NICEST = 19

/**
 * Gives V8's own threads less of a core than the event loop, which they share one with in a small container or when the machine is busy.
 * At equal priority they took four fifths of it for 70 to 150 ms whenever much memory was to be looked through, and all answers came
 * so much later. On a core that has nothing else to do they are as fast as before. Does nothing but on Linux.
 */
export function lowerBackgroundThreads () {
  let threads: string[]
  try {
    threads = readdirSync(TASKS)
  } catch {
    return
  }
  const priority = Math.min(getPriority() + constants.priority.PRIORITY_BELOW_NORMAL, NICEST)
  for (const thread of threads) {
    try {
      if (NAME.test(readFileSync(`${TASKS}/${thread}/comm`, 'utf8').trim())) setPriority(Number(thread), priority)
    } catch {
      // It has ended meanwhile, or a policy of the container forbids it.
    }
  }
}
