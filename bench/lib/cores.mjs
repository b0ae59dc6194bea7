/**
 * Which core has what. What is under test has one to itself, and so is measured by one core's work; the load, Redis and
 * MariaDB share another.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { findExecutables } from '../../scripts/lib/binaries.mjs'
import { Failure } from '../../scripts/lib/main.mjs'

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
  const [taskset] = findExecutables(['taskset'])
  if (!taskset) return unpinned('there is no taskset')
  const allowed = allowedCores(taskset)
  const pair = choosePair(allowed, siblingsOf)
  if (!pair) return unpinned('there is only one core')
  const { first, second, isShared } = pair
  const refusal = bind(taskset, [second])
  if (refusal) return unpinned(`taskset refuses: ${refusal}`)
  let isReleased = false
  return {
    isPinned: true,
    description: `what is under test on core ${first}, load, Redis and MariaDB on core ${second}${isShared ? ', which are two threads of one and the same' : ''}`,
    underTest: (command, args) => isReleased ? { command, args } : { command: taskset, args: ['-c', String(first), command, ...args] },
    async unpinned (work) {
      rebind(taskset, allowed)
      isReleased = true
      try {
        return await work()
      } finally {
        isReleased = false
        rebind(taskset, [second])
      }
    },
  }
}

/**
 * @param {string} reason
 * @returns {Cores}
 */
function unpinned (reason) {
  return { isPinned: false, description: `not pinned, because ${reason}`, underTest: (command, args) => ({ command, args }), unpinned: (work) => work() }
}

/**
 * Two threads of one core slow each other down: taken only where there is nothing else.
 * @param {readonly number[]} allowed
 * @param {(core: number) => readonly number[]} siblings the threads of the core that this one is of
 * @returns {{ first: number, second: number, isShared: boolean } | undefined} undefined: there is only one
 */
export function choosePair (allowed, siblings) {
  const [first, next] = allowed
  if (first === undefined || next === undefined) return undefined
  const other = allowed.find((core) => core !== first && !siblings(first).includes(core))
  return { first, second: other ?? next, isShared: other === undefined }
}

/**
 * @param {number} core
 * @returns {number[]} itself alone where the system does not say
 */
function siblingsOf (core) {
  const file = `/sys/devices/system/cpu/cpu${core}/topology/thread_siblings_list`
  return existsSync(file) ? parseCores(readFileSync(file, 'utf8').trim()) : [core]
}

/**
 * @param {string} taskset
 * @returns {number[]} none where it cannot say
 */
function allowedCores (taskset) {
  const { stdout } = spawnSync(taskset, ['-cp', String(process.pid)], { encoding: 'utf8' })
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
 * @param {string} taskset
 * @param {readonly number[]} cores
 * @returns {string} why it is refused; empty: it is not
 */
function bind (taskset, cores) {
  const { status, stderr } = spawnSync(taskset, ['-a', '-c', '-p', cores.join(','), String(process.pid)], { encoding: 'utf8' })
  return status === 0 ? '' : stderr.trim() || `status ${status}`
}

/**
 * @param {string} taskset
 * @param {readonly number[]} cores
 */
function rebind (taskset, cores) {
  const refusal = bind(taskset, cores)
  if (refusal) throw new Failure(`taskset no longer binds the benchmark to core ${cores.join(', ')}: ${refusal}`)
}
