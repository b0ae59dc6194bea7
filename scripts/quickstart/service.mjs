/** The built service as one of the private servers. */
import { join } from 'node:path'
import { LOOPBACK } from '../lib/loopback.mjs'
import { ROOT } from '../lib/project.mjs'
import { ownDirectory, startServer } from '../lib/server.mjs'

const ENTRY = join(ROOT, 'dist', 'src', 'server.js')
const HEALTH_TIMEOUT_MS = 1000

/**
 * @param {{ directory: string, port: number, redisUrl: string, mysqlUrl: string }} options
 * @returns {Promise<import('../lib/server.mjs').Server & { url: string }>} once it is ready and MySQL has its tables
 */
export async function startService ({ directory, port, redisUrl, mysqlUrl }) {
  const url = `http://${LOOPBACK}:${port}`
  const server = await startServer({
    name: 'the service',
    directory: ownDirectory(directory),
    command: process.execPath,
    args: () => [ENTRY],
    mark: ENTRY,
    port,
    // Its defaults and nothing else: variables meant for another instance do not change what the tour shows.
    env: { PATH: process.env.PATH, HOST: LOOPBACK, PORT: String(port), REDIS_URL: redisUrl, MYSQL_URL: mysqlUrl },
    isReady: () => isReady(`${url}/health/ready`),
  })
  return Object.assign(server, { url })
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
