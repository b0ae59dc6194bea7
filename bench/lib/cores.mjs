/**
 * Which core has what. What is under test has one to itself, and so is measured by one core's work; the load, Redis and
 * MariaDB share another.
 */
import { spawnSync } from 'node:child_process'
import { findExecutables } from '../../scripts/lib/binaries.mjs'

/**
 * @typedef {object} Cores
 * @property {boolean} isPinned
 * @property {string} description
 * @property {(command: string, args: string[]) => { command: string, args: string[] }} underTest how to start a program on the first
 * @property {<T>(work: () => Promise<T>) => Promise<T>} unpinned what is started by `work` runs on all cores
 */

/**
 * Binds this process, and with it what it starts from now on, to the second core.
 * @returns {Cores}
 */
export function assignCores () {
  const allowed = allowedCores()
  const [first, second] = allowed
  if (first === undefined || second === undefined) {
    return {
      isPinned: false,
      description: `not pinned, because there is ${findExecutables(['taskset']).length === 0 ? 'no taskset' : 'only one core'}`,
      underTest: (command, args) => ({ command, args }),
      unpinned: (work) => work(),
    }
  }
  bind([second])
  let isReleased = false
  return {
    isPinned: true,
    description: `what is under test on core ${first}, load, Redis and MariaDB on core ${second}`,
    underTest: (command, args) => isReleased ? { command, args } : { command: 'taskset', args: ['-c', String(first), command, ...args] },
    async unpinned (work) {
      bind(allowed)
      isReleased = true
      try {
        return await work()
      } finally {
        isReleased = false
        bind([second])
      }
    },
  }
}

/** @returns {number[]} none where taskset cannot say */
function allowedCores () {
  if (findExecutables(['taskset']).length === 0) return []
  const { stdout } = spawnSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' })
  return parseCores(stdout.slice(stdout.lastIndexOf(':') + 1).trim())
}

/**
 * @param {string} list as Linux writes it: 0,2-4
 * @returns {number[]}
 */
export function parseCores (list) {
  return list.split(',').filter(Boolean).flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number)
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i)
  })
}

/**
 * All threads of this process: whatever starts a program, it inherits.
 * @param {number[]} cores
 */
function bind (cores) {
  spawnSync('taskset', ['-a', '-c', '-p', cores.join(','), String(process.pid)])
}
