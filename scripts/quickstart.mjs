/**
 * From a bare clone to a running service: private Redis and MariaDB under .local/, the service, and a tour of it.
 * Stays up until Ctrl-C; with --once it ends after the tour, with status 0 only if every step of it was right.
 */
import { join } from 'node:path'
import { ensureServers } from './lib/install.mjs'
import { endLeftovers } from './lib/leftovers.mjs'
import { untilSignalled } from './lib/lifecycle.mjs'
import { isPortFree } from './lib/loopback.mjs'
import { Failure, main } from './lib/main.mjs'
import { startMariadb } from './lib/mariadb.mjs'
import { step } from './lib/progress.mjs'
import { ROOT } from './lib/project.mjs'
import { startRedis } from './lib/redis.mjs'
import { ownDirectory } from './lib/server.mjs'
import { lock } from './quickstart/lock.mjs'
import { startService } from './lib/service.mjs'
import { tour } from './quickstart/tour.mjs'

const DEFAULT_PORT = 3000

await main(async () => {
  const isOnce = readArguments()
  const port = readPort()
  const directory = ownDirectory(join(ROOT, '.local'))
  lock(directory)
  // First, since a service that was left behind would hold the port.
  await endLeftovers(directory)
  if (!await isPortFree(port)) {
    throw new Failure(`Port ${port} is taken by another program. Choose another one:\n  PORT=${port + 1} npm run quickstart`)
  }

  await ensureServers()
  const mariadb = await step('Starting the database', () => startMariadb({ directory: join(directory, 'mariadb'), isProduction: true }))
  const redis = await step('Starting Redis', () => startRedis({ directory: join(directory, 'redis') }))
  const service = await step('Starting the service', () => startService({
    directory: join(directory, 'service'), port, redisUrl: redis.url, mysqlUrl: mariadb.url,
  }))

  const servers = [service, redis, mariadb]
  const failure = firstToEnd(servers)
  await Promise.race([failure, tour({ url: service.url, redis, mariadb })])

  if (!isOnce) {
    console.log(`
The service is up:
  try it      ${service.url}/docs
  operate     ${service.url}/ops
  health      ${service.url}/health/ready
  Redis       ${redis.client}
  database    ${mariadb.client}
  logs        ${servers.map(({ logFile }) => logFile).join('\n              ')}
The data stays in ${directory} for the next time. Ctrl-C stops all three.`)
    await Promise.race([failure, untilSignalled()])
    console.log()
  }

  for (const server of servers) await step(`Stopping ${server.name}`, () => stop(server))
  console.log(isOnce ? '\nEvery step was right.' : 'All three have stopped.')
})

/** @returns {boolean} whether to end after the tour */
function readArguments () {
  const args = process.argv.slice(2)
  const unknown = args.find((arg) => arg !== '--once')
  if (unknown !== undefined) throw new Failure(`${unknown} is not an option. Usage:\n  npm run quickstart [-- --once]`)
  return args.length > 0
}

/** @returns {number} */
function readPort () {
  const port = Number(process.env.PORT ?? DEFAULT_PORT)
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw new Failure(`PORT=${process.env.PORT} is not a port number`)
}

/**
 * @param {import('./lib/server.mjs').Server[]} servers
 * @returns {Promise<never>} rejects when one of them ends, whatever the reason
 */
function firstToEnd (servers) {
  return Promise.race(servers.map(async ({ name, exited, logTail }) => {
    const { code, signal } = await exited
    throw new Failure(`Unexpected end of ${name}: ${signal ?? `status ${code}`}${logTail()}`)
  }))
}

/** @param {import('./lib/server.mjs').Server} server */
async function stop (server) {
  const { code, signal } = await server.stop()
  if (code !== 0) throw new Failure(`Unclean end of ${server.name}: ${signal ?? `status ${code}`}${server.logTail()}`)
}
