/**
 * Servers whose starter was killed with SIGKILL run on without it.
 * Each leaves its process id in its directory, so that the next start there can end it first.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { commandOf, sendSignal } from './processes.mjs'
import { until } from './until.mjs'

const FILE = 'server.pid'
/** A database that was told to stop gets this long to bring its files in order. */
const STOP_TIMEOUT_MS = 30_000

/**
 * @param {string} directory
 * @param {number} pid
 * @param {string} mark a part of that process's command line which, after a reboot, no other holds
 */
export function recordServer (directory, pid, mark) {
  writeFileSync(join(directory, FILE), JSON.stringify({ pid, mark }))
}

/** @param {string} directory */
export function forgetServer (directory) {
  rmSync(join(directory, FILE), { force: true })
}

/**
 * Ends the server that an earlier start left behind in this directory, if there is one.
 * @param {string} directory
 */
export async function endLeftover (directory) {
  const file = join(directory, FILE)
  if (!existsSync(file)) return
  const { pid, mark } = JSON.parse(readFileSync(file, 'utf8'))
  const isRunning = () => commandOf(pid).includes(mark)
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGKILL'])) {
    if (!isRunning()) break
    sendSignal(pid, signal)
    // One that was paused acts on a signal only after it goes on.
    sendSignal(pid, 'SIGCONT')
    await until(() => !isRunning(), STOP_TIMEOUT_MS)
  }
  forgetServer(directory)
}

/**
 * Ends whatever is left behind anywhere below a directory.
 * @param {string} root
 */
export async function endLeftovers (root) {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => basename(path) === FILE)
  for (const file of files) await endLeftover(join(root, dirname(file)))
}
