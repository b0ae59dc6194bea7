/** The service as one of the private servers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LOOPBACK } from './loopback.mjs'
import { ROOT } from './project.mjs'
import { ownDirectory, startServer } from './server.mjs'

const HEALTH_TIMEOUT_MS = 1000

/**
 * @typedef {object} ServiceOptions
 * @property {string} directory
 * @property {number} port
 * @property {string} redisUrl
 * @property {string} mysqlUrl
 * @property {Record<string, string>} [variables] more of its environment
 * @property {(command: string, args: string[]) => { command: string, args: string[] }} [wrap] how to start it, where that is not as it is
 */

/**
 * With its defaults and `variables`, and nothing else: what is meant for another instance changes nothing.
 * @param {ServiceOptions} options
 * @returns {Promise<import('./server.mjs').Server & { url: string }>} once it is ready and MySQL has its tables
 */
export async function startService ({ directory, port, redisUrl, mysqlUrl, variables, wrap = (command, args) => ({ command, args }) }) {
  const url = `http://${LOOPBACK}:${port}`
  const { args, entry, cache } = startArguments()
  const wrapped = wrap(process.execPath, args)
  const server = await startServer({
    name: 'the service',
    directory: ownDirectory(directory),
    command: wrapped.command,
    args: () => wrapped.args,
    mark: entry,
    port,
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: cache, HOST: LOOPBACK, PORT: String(port), REDIS_URL: redisUrl, MYSQL_URL: mysqlUrl, ...variables },
    isReady: () => isReady(`${url}/health/ready`),
  })
  return Object.assign(server, { url })
}

/** A place for what Node compiles, unless the environment names another one; then Node with its arguments. */
const START = /^NODE_COMPILE_CACHE=\$\{NODE_COMPILE_CACHE:-(\S+)\} exec node (.+)$/

/** What `npm start` gives to Node: the one place that says how the service is started. `flags`: all but the file. */
export function startArguments () {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const [, cache = '', rest = ''] = START.exec(scripts.start) ?? []
  if (!rest) throw new Error(`npm start is "${scripts.start}", which does not start Node in the way that is known here: ${START}`)
  const flags = rest.split(' ')
  const entry = join(ROOT, flags.pop() ?? '')
  return { args: [...flags, entry], entry, flags, cache: join(ROOT, cache) }
}

/** @param {string} url */
async function isReady (url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) })
    const health = /** @type {any} */ (await response.json())
    return response.status === 200 && health.mysql?.state === 'up'
  } catch {
    // Not listening yet: the caller asks again, and gives up in the end with the service's own log.
    return false
  }
}
