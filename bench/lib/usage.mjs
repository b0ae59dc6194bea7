/** What process groups have used, from Linux's /proc. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** The kernel counts in these, and says so to every program: USER_HZ is 100 on all its platforms of today. */
const TICKS_PER_SECOND = 100

const HAS_PROC = existsSync('/proc/self/stat')

/**
 * @typedef {object} Use of CPU
 * @property {number} cpu_us microseconds for one request or ticket
 * @property {number} cores that were busy: at 1 a process of one thread can do no more
 */

/**
 * @param {readonly number[]} groups process ids of their leaders: servers that were started alone, helpers included
 * @returns {number | undefined} microseconds of CPU since they were started; undefined where there is no /proc
 */
export function cpuOf (groups) {
  if (!HAS_PROC) return undefined
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(statOf).filter((stat) => groups.includes(Number(stat[2])))
  return processes.reduce((sum, stat) => sum + Number(stat[11]) + Number(stat[12]), 0) * 1e6 / TICKS_PER_SECOND
}

/**
 * @param {number} pid
 * @param {'VmRSS' | 'VmHWM'} name resident memory: now, or the most that it was
 * @returns {number | undefined} bytes
 */
export function memoryOf (pid, name) {
  if (!HAS_PROC) return undefined
  const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

/**
 * @param {string} pid
 * @returns {string[]} the fields of stat behind the name, which is in parentheses and may hold anything
 */
function statOf (pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
  } catch (error) {
    // It ended between the listing and the reading.
    if (['ENOENT', 'ESRCH'].includes(/** @type {NodeJS.ErrnoException} */ (error).code ?? '')) return []
    throw error
  }
}
