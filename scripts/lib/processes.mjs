/** What the system knows about a process, on Linux from /proc (slim images have no ps), elsewhere from ps. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

const HAS_PROC = existsSync('/proc/self/stat')

/**
 * @param {number} pid
 * @returns {string} its command line, empty when it has ended
 */
export function commandOf (pid) {
  return HAS_PROC ? readProc(pid, 'cmdline').replaceAll('\0', ' ') : askPs(pid, 'command')
}

/**
 * @param {number} pid
 * @returns {boolean} whether SIGSTOP holds it
 */
export function isPaused (pid) {
  // In stat, the state follows the name, which is in parentheses and may hold anything.
  const state = HAS_PROC ? readProc(pid, 'stat').replace(/^.*\) /s, '') : askPs(pid, 'state')
  return state.startsWith('T')
}

/**
 * @param {number} pid negative: every process of that group
 * @param {NodeJS.Signals} signal
 * @returns {boolean} false when it has ended already
 */
export function sendSignal (pid, signal) {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH') return false
    throw error
  }
}

/**
 * @param {number} pid
 * @param {string} file
 */
function readProc (pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    // ESRCH: it ended between open and read.
    if (['ENOENT', 'ESRCH'].includes(/** @type {NodeJS.ErrnoException} */ (error).code ?? '')) return ''
    throw error
  }
}

/**
 * @param {number} pid
 * @param {string} column
 */
function askPs (pid, column) {
  return spawnSync('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).stdout
}
