/** One background process of ours: its log, its signals, its end. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { forgetServer, recordServer } from './leftovers.mjs'
import { own } from './lifecycle.mjs'
import { isPaused, sendSignal } from './processes.mjs'
import { until } from './until.mjs'

/** A database writes out its memory before it goes; one that hangs is killed after this. */
const STOP_TIMEOUT_MS = 30_000
const STOP_REPEAT_MS = 500
const PAUSE_TIMEOUT_MS = 5000
const LOG_TAIL_LINES = 25

/**
 * @typedef {object} ChildSpec
 * @property {string} name for messages
 * @property {string} directory absolute; exists; holds its log and process id
 * @property {string} command
 * @property {string[]} args
 * @property {string} mark what its command line holds and no other's does, so that a leftover is known again
 * @property {NodeJS.ProcessEnv} [env]
 * @property {boolean} [refusesStop] whether it may refuse a SIGTERM and has to be told again, as Redis does while it
 *   writes its first append-only file
 * @property {string} [input] for its standard input: configuration that has no business in a file or in `ps`
 */

/** @typedef {{ code: number | null, signal: NodeJS.Signals | null }} Exit */

/** @typedef {Awaited<ReturnType<typeof startChild>>} Child */

/**
 * Starts a process in a group of its own: the terminal's Ctrl-C reaches only us, and we stop our children in order.
 * @param {ChildSpec} spec
 */
export async function startChild (spec) {
  const logFile = join(spec.directory, 'server.log')
  const log = openSync(logFile, 'a', 0o600)
  const logStart = fstatSync(log).size
  const child = spawn(spec.command, spec.args, {
    env: spec.env,
    cwd: spec.directory,
    detached: true,
    stdio: [spec.input === undefined ? 'ignore' : 'pipe', log, log],
  })
  closeSync(log)

  /** @type {Exit | undefined} */
  let exit
  /** @type {Promise<Exit>} */
  const exited = once(child, 'exit').then(([code, signal]) => {
    forgetServer(spec.directory)
    exit = { code, signal }
    return exit
  }).finally(own({ stop, abandon: () => { terminate() } }))

  await Promise.race([once(child, 'spawn'), exited])
  const pid = /** @type {number} */ (child.pid)
  recordServer(spec.directory, pid, spec.mark)
  // One that dies before it has read its input breaks the pipe; its exit tells more than that error.
  child.stdin?.on('error', () => {}).end(spec.input)

  function terminate () {
    child.kill('SIGTERM')
    // One that was paused acts on a signal only after it goes on.
    child.kill('SIGCONT')
  }

  /** Lets it finish its work. Rejects when it takes too long and has to be killed. */
  async function stop () {
    terminate()
    const repeat = spec.refusesStop ? setInterval(terminate, STOP_REPEAT_MS) : undefined
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      kill()
    }, STOP_TIMEOUT_MS)
    await exited
    clearInterval(repeat)
    clearTimeout(timer)
    if (isLate) throw new Error(`${spec.name} did not stop within ${STOP_TIMEOUT_MS} ms and was killed${logTail()}`)
    return exited
  }

  /** Ends it at once, helpers included, as a crash would. */
  function kill () {
    if (!exit) sendSignal(-pid, 'SIGKILL')
    return exited
  }

  /** Freezes it: it keeps its connections and answers nothing. */
  async function pause () {
    child.kill('SIGSTOP')
    if (!await until(() => isPaused(pid), PAUSE_TIMEOUT_MS)) throw new Error(`${spec.name} cannot be paused`)
  }

  /** Lets a paused one go on. */
  function resume () {
    child.kill('SIGCONT')
  }

  /** @returns {string} how it ended */
  function describeExit () {
    return exit?.signal ?? `status ${exit?.code}`
  }

  /** @returns {string} what it logged since it was started */
  function logText () {
    return readFileSync(logFile).subarray(logStart).toString()
  }

  /** @returns {string} for the end of an error message */
  function logTail () {
    return `\n--- the end of ${logFile} ---\n${logText().trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n')}`
  }

  return { pid, logFile, exited, hasExited: () => exit !== undefined, stop, kill, pause, resume, describeExit, logText, logTail }
}
