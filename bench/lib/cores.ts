/**
 * Which core has what. What is under test has one to itself, and so is measured by one core's work; the load, Redis and
 * MariaDB share another.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { findExecutables } from '../../scripts/lib/binaries.mjs'
import { Failure } from '../../scripts/lib/main.mjs'

export interface Cores {
  description: string
  /** How to start a program on the first. */
  underTest: (command: string, args: string[]) => { command: string, args: string[] }
  /** While `work` goes on, each program under test that it starts has the next of two cores, and all else the others. */
  spread: <T>(work: (spread: Spread) => Promise<T>) => Promise<T>
}

export interface Spread {
  description: string
  /** All that may be used; undefined: it cannot be told. */
  allowed?: readonly number[]
}

/** Binds this process, and with it what it starts from now on, to the second core. */
export function assignCores (): Cores {
  const [taskset] = findExecutables(['taskset'])
  if (!taskset) return unpinned('there is no taskset')
  const allowed = allowedCores(taskset)
  const pair = choosePair(allowed, siblingsOf)
  if (!pair) return unpinned('there is only one core')
  const { first, second, isShared } = pair
  const refusal = bind(taskset, [second])
  if (refusal) return unpinned(`taskset refuses: ${refusal}`)
  const rebind = (cores: readonly number[]) => {
    const reason = bind(taskset, cores)
    if (reason) throw new Failure(`taskset no longer binds the benchmark to core ${cores.join(', ')}: ${reason}`)
  }
  let instanceCores: number[] | undefined
  return {
    description: `what is under test on core ${first}, load, Redis and MariaDB on core ${second}${isShared ? ' (two threads of one core)' : ''}`,
    underTest (command, args) {
      const [core = first, ...rest] = instanceCores ?? []
      // In turns.
      if (instanceCores) instanceCores = [...rest, core]
      return { command: taskset, args: ['-c', String(core), command, ...args] }
    },
    async spread (work) {
      const others = allowed.filter(core => core !== first && core !== second)
      rebind(others.length > 0 ? others : allowed)
      instanceCores = [first, second]
      try {
        const rest = others.length > 0 ? `on core ${others.join(', ')}` : 'on the same two, because there are no others'
        return await work({ description: `an instance on core ${first}, one on core ${second}, load, Redis and MariaDB ${rest}`, allowed })
      } finally {
        instanceCores = undefined
        rebind([second])
      }
    },
  }
}

const unpinned = (reason: string): Cores => ({
  description: `nothing pinned to a core, because ${reason}`,
  underTest: (command, args) => ({ command, args }),
  spread: work => work({ description: `nothing pinned, because ${reason}` }),
})

/**
 * Two threads of one core slow each other down: taken only where there is nothing else.
 *
 * @param siblings the threads of the core that this one is of
 * @returns undefined: there is only one
 */
export function choosePair (allowed: readonly number[], siblings: (core: number) => readonly number[]): { first: number, second: number, isShared: boolean } | undefined {
  const [first, next] = allowed
  if (first === undefined || next === undefined) return undefined
  const other = allowed.find(core => core !== first && !siblings(first).includes(core))
  return { first, second: other ?? next, isShared: other === undefined }
}

/** @returns itself alone where the system does not say */
function siblingsOf (core: number): number[] {
  const file = `/sys/devices/system/cpu/cpu${core}/topology/thread_siblings_list`
  return existsSync(file) ? parseCores(readFileSync(file, 'utf8').trim()) : [core]
}

/** @returns none where taskset cannot say */
function allowedCores (taskset: string): number[] {
  const { stdout } = spawnSync(taskset, ['-cp', String(process.pid)], { encoding: 'utf8' })
  return parseCores(stdout.slice(stdout.lastIndexOf(':') + 1).trim())
}

/** @param list as Linux writes it: 0,2-4 */
export function parseCores (list: string): number[] {
  return list.split(',').filter(Boolean).flatMap(part => {
    const [first = NaN, last = first] = part.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

/**
 * All threads of this process: whatever starts a program, it inherits.
 *
 * @returns why it is refused; empty: it is not
 */
function bind (taskset: string, cores: readonly number[]): string {
  const { status, stderr } = spawnSync(taskset, ['-a', '-c', '-p', cores.join(','), String(process.pid)], { encoding: 'utf8' })
  return status === 0 ? '' : stderr.trim() || `status ${status}`
}
