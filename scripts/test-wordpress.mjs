/**
 * Tests the WordPress plugin: its PHP alone, and in a real WordPress, with the built service, a private Redis and
 * MariaDB, and a server that answers as a broken network would. Arguments go to PHPUnit:
 * `npm run test:wordpress -- --filter Retry`.
 */
import { join } from 'node:path'
import { startFaults } from '../wordpress/test/lib/faults.mjs'
import { runPhpunit } from '../wordpress/test/lib/phpunit.mjs'
import { installSite } from '../wordpress/test/lib/site.mjs'
import { ensurePluginTestPrograms } from './lib/install.mjs'
import { freePort, LOOPBACK } from './lib/loopback.mjs'
import { Failure, main } from './lib/main.mjs'
import { startMariadb } from './lib/mariadb.mjs'
import { step } from './lib/progress.mjs'
import { ensurePackages, ROOT } from './lib/project.mjs'
import { startRedis } from './lib/redis.mjs'
import { run } from './lib/run.mjs'
import { startService } from './lib/service.mjs'
import { temporaryDirectory } from './lib/temporary.mjs'
import { until } from './lib/until.mjs'

/** A health check a second, with room for a slow machine. */
const NOTICE_TIMEOUT_MS = 20_000

await main(async () => {
  await ensurePackages()
  await ensurePluginTestPrograms()
  await step('Building the service', () => run(process.execPath, [join(ROOT, 'scripts', 'build.mjs')], { cwd: ROOT }))
  const directory = await temporaryDirectory()
  const redis = await step('Starting Redis', () => startRedis({ directory: join(directory, 'redis') }))
  const mariadb = await step('Starting the database', () => startMariadb({ directory: join(directory, 'mariadb'), flushLogAtCommit: 2 }))

  const { createApiKey } = await import(join(ROOT, 'dist/src/auth/api-keys.js'))
  const shop = createApiKey('shop', 'read+write+ops')
  const reader = createApiKey('reader', 'read')
  const service = await step('Starting the service', async () => startService({
    directory: join(directory, 'service'),
    port: await freePort(),
    redisUrl: redis.url,
    mysqlUrl: mariadb.url,
    variables: { API_KEYS: [shop.entry, reader.entry].join(',') },
  }))

  /** @param {'up' | 'down'} state */
  async function redisIs (state) {
    const isNoticed = async () => {
      const response = await fetch(`${service.url}/health/ready`)
      const health = /** @type {any} */ (await response.json())
      // What the journal kept meanwhile has been made when it is idle.
      return health.redis.state === state && health.journal === 'idle'
    }
    if (!await until(isNoticed, NOTICE_TIMEOUT_MS)) throw new Failure(`The service did not notice that Redis is ${state}.${service.logTail()}`)
  }

  const faultsUrl = await startFaults(async (order) => {
    if (order === 'redis-away') {
      await redis.stop()
      await redisIs('down')
    } else if (order === 'redis-back') {
      await redis.restart()
      await redisIs('up')
    } else throw new Error(`nobody knows how to do ${order}`)
  })
  const site = await step('Installing WordPress', () => installSite({ directory: join(directory, 'wordpress'), mariadb }))

  process.exitCode = await runPhpunit(process.argv.slice(2), {
    SERVICE_URL: service.url,
    SERVICE_KEY: shop.key,
    SERVICE_READ_KEY: reader.key,
    FAULTS_URL: faultsUrl,
    // A port that is none of ours to give: it takes a right to listen there.
    NOBODY_URL: `http://${LOOPBACK}:1`,
    ...site,
  })
})
