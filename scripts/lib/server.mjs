/** A private server on the loopback interface: up when it really answers, and able to come back on its port and data. */
import { mkdirSync, realpathSync } from 'node:fs'
import { startChild } from './child.mjs'
import { endLeftover } from './leftovers.mjs'
import { freePort } from './loopback.mjs'
import { Failure } from './main.mjs'
import { until } from './until.mjs'

/** Recovery after a crash may take a while on a slow disk. */
const READY_TIMEOUT_MS = 60_000
/** A port that was free can be taken by another process before the server binds it. */
const PORT_ATTEMPTS = 5

/**
 * @typedef {object} ServerSpec
 * @property {string} name for messages
 * @property {string} directory holds its log; belongs to this server alone
 * @property {string} command
 * @property {(port: number, otherPort: number) => string[]} args the second is for servers that listen on two
 * @property {string} mark see ChildSpec
 * @property {NodeJS.ProcessEnv} [env]
 * @property {boolean} [refusesStop] see ChildSpec
 * @property {(port: number, otherPort: number) => string} [input] for its standard input
 * @property {(port: number) => Promise<boolean>} isReady
 * @property {number} [port] default: a free one
 */

/**
 * @typedef {object} Server
 * @property {string} name
 * @property {number} port the same one for its whole life
 * @property {number} otherPort likewise
 * @property {number} pid of the process that runs now
 * @property {string} directory
 * @property {string} logFile
 * @property {Promise<import('./child.mjs').Exit>} exited the end of the process that runs now
 * @property {() => Promise<import('./child.mjs').Exit>} stop lets it finish its work; may be called twice
 * @property {() => Promise<import('./child.mjs').Exit>} kill ends it at once, as a crash would
 * @property {() => Promise<void>} pause freezes it: it keeps its connections and answers nothing
 * @property {() => void} resume
 * @property {() => Promise<void>} restart stops it if it runs, and starts it again on the same port and data
 * @property {() => string} logTail
 */

/**
 * The absolute path of a directory that is there now and that only this user can read.
 * @param {string} directory
 */
export function ownDirectory (directory) {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  return realpathSync(directory)
}

/**
 * A path as a word of a command that a person may copy.
 * @param {string} path
 */
export const inShell = (path) => /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`

/**
 * @param {ServerSpec} spec
 * @returns {Promise<Server>} once it answers; rejects with the end of its log when it does not come up
 */
export async function startServer (spec) {
  await endLeftover(spec.directory)
  let child = spec.port === undefined
    ? await launch(spec, await freePort(), await freePort(), PORT_ATTEMPTS)
    : await launch(spec, spec.port, await freePort(), 1)

  return {
    name: spec.name,
    port: child.port,
    otherPort: child.otherPort,
    directory: spec.directory,
    get pid () { return child.pid },
    get logFile () { return child.logFile },
    get exited () { return child.exited },
    stop: () => child.stop(),
    kill: () => child.kill(),
    pause: () => child.pause(),
    resume: () => child.resume(),
    logTail: () => child.logTail(),
    async restart () {
      await child.stop()
      child = await launch(spec, child.port, child.otherPort, 1)
    },
  }
}

/**
 * @param {ServerSpec} spec
 * @param {number} port
 * @param {number} otherPort
 * @param {number} attempts how many pairs of ports may be tried
 * @returns {Promise<import('./child.mjs').Child & { port: number, otherPort: number }>}
 */
async function launch (spec, port, otherPort, attempts) {
  const child = await startChild({ ...spec, args: spec.args(port, otherPort), input: spec.input?.(port, otherPort) })
  const isUp = await until(async () => child.hasExited() || await spec.isReady(port), READY_TIMEOUT_MS)
  if (isUp && !child.hasExited()) return { ...child, port, otherPort }

  await child.kill()
  if (attempts > 1 && /address already in use/i.test(child.logText())) {
    return launch(spec, await freePort(), await freePort(), attempts - 1)
  }
  const reason = isUp ? `ended with ${child.describeExit()}` : `did not answer within ${READY_TIMEOUT_MS} ms`
  throw new Failure(`${spec.name} did not come up: it ${reason}${child.logTail()}`)
}
