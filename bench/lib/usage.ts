/** What processes have used, from Linux's /proc. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** The kernel counts in these, and says so to every program: USER_HZ is 100 on all its platforms of today. */
const TICKS_PER_SECOND = 100
const HAS_PROC = existsSync('/proc/self/stat')

export interface Use {
  /** Microseconds of CPU for one request or ticket. */
  cpu_us: number
  /** That were busy: at 1 a process of one thread can do no more. */
  cores: number
}

/**
 * @param groups process ids of their leaders: servers that were started alone, helpers included
 * @returns microseconds of CPU since they were started; undefined where there is no /proc
 */
export function cpuOf (groups: readonly number[]): number | undefined {
  if (!HAS_PROC) return undefined
  const processes = readdirSync('/proc').filter(name => /^\d+$/.test(name)).map(statOf).filter(stat => groups.includes(Number(stat[2])))
  return processes.reduce((sum, stat) => sum + Number(stat[11]) + Number(stat[12]), 0) * 1e6 / TICKS_PER_SECOND
}

/**
 * @param name resident memory: now, or the most that it was
 * @returns bytes; undefined where there is no /proc
 */
export function memoryOf (pid: number, name: 'VmRSS' | 'VmHWM'): number | undefined {
  if (!HAS_PROC) return undefined
  const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

/** @returns the fields of stat behind the name, which is in parentheses and may hold anything */
function statOf (pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
  } catch (error) {
    // It ended between the listing and the reading.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}

/** Processor time since the machine was started. */
interface Ticks { total: number, stolen: number, idle: number }

/**
 * @param stat the content of /proc/stat; default: this machine's, where it has one
 * @param cores whose; default: all
 */
export function readTicks (stat = HAS_PROC ? readFileSync('/proc/stat', 'utf8') : '', cores?: readonly number[]): Ticks | undefined {
  // user, nice, system, idle, iowait, irq, softirq, steal; what guests use is part of user.
  const lines = [...stat.matchAll(/^cpu(\d*) +(.*)$/gm)].filter(([, core]) => cores ? core !== '' && cores.includes(Number(core)) : core === '')
  if (lines.length === 0) return undefined
  const ticks = lines.map(([, , values = '']) => values.split(' ').slice(0, 8).map(Number))
  const sum = (index: number) => ticks.reduce((total, each) => total + (each[index] ?? 0), 0)
  return { total: ticks.flat().reduce((total, each) => total + each, 0), stolen: sum(7), idle: sum(3) + sum(4) }
}

/** @returns the time that the host of a virtual machine kept for others between the two, as a share of all processor time; undefined: it was not counted */
export const stolenShare = (before: Ticks | undefined, after: Ticks | undefined) => shareOf('stolen', before, after)

/** @returns the time in which there was nothing to do, likewise */
export const idleShare = (before: Ticks | undefined, after: Ticks | undefined) => shareOf('idle', before, after)

function shareOf (name: 'stolen' | 'idle', before: Ticks | undefined, after: Ticks | undefined): number | undefined {
  return before && after && after.total > before.total ? (after[name] - before[name]) / (after.total - before.total) : undefined
}
