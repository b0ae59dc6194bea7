/**
 * Tests the WordPress plugin: its PHP alone, within a real WordPress, and on sites behind web servers, with the
 * service, a private Redis and MariaDB, and a server that answers as a broken network would. Arguments go to PHPUnit:
 * `npm run test:wordpress -- --filter Retry`.
 */
import { join } from 'node:path'
import { createApiKey } from '../src/auth/api-keys.ts'
import { startFaults } from '../wordpress/test/lib/faults.mjs'
import { forwardsTo } from '../wordpress/test/lib/forward.mjs'
import { createOrders } from '../wordpress/test/lib/orders.mjs'
import { runPhpunit } from '../wordpress/test/lib/phpunit.mjs'
import { startSites } from '../wordpress/test/lib/served-sites.mjs'
import { installSite } from '../wordpress/test/lib/site.mjs'
import { ensurePluginTestPrograms } from './lib/install.mjs'
import { freePort, LOOPBACK } from './lib/loopback.mjs'
import { main } from './lib/main.mjs'
import { startMariadb } from './lib/mariadb.mjs'
import { step } from './lib/progress.mjs'
import { startRedis } from './lib/redis.mjs'
import { startService } from './lib/service.mjs'
import { temporaryDirectory } from './lib/temporary.mjs'

await main(async () => {
  await ensurePluginTestPrograms()
  const directory = await temporaryDirectory()
  const redis = await step('Starting Redis', () => startRedis({ directory: join(directory, 'redis') }))
  const mariadb = await step('Starting the database', () => startMariadb({ directory: join(directory, 'mariadb'), flushLogAtCommit: 2 }))

  const shop = createApiKey('shop', 'read+write+erase+ops')
  const reader = createApiKey('reader', 'read')
  const clerk = createApiKey('clerk', 'read+write')
  const manager = createApiKey('manager', 'read+write+erase')
  const service = await step('Starting the service', async () => startService({
    directory: join(directory, 'service'),
    port: await freePort(),
    redisUrl: redis.url,
    mysqlUrl: mariadb.url,
    variables: { API_KEYS: [shop.entry, reader.entry, clerk.entry, manager.entry].join(',') },
  }))
  const faultsUrl = await startFaults(createOrders({ service, redis, key: shop.key }), forwardsTo(service.url, clerk.key))

  const site = await step('Installing WordPress', () => installSite({ directory: join(directory, 'wordpress'), mariadb }))
  const sites = await step('Installing sites behind web servers', () => startSites({
    directory: join(directory, 'sites'),
    mariadb,
    constants: { TICKET_METADATA_URL: service.url, TICKET_METADATA_KEY: shop.key },
  }))

  process.exitCode = await runPhpunit(process.argv.slice(2), {
    SERVICE_URL: service.url,
    SERVICE_KEY: shop.key,
    SERVICE_READ_KEY: reader.key,
    SERVICE_WRITE_KEY: clerk.key,
    SERVICE_ERASE_KEY: manager.key,
    FAULTS_URL: faultsUrl,
    // A port that is none of ours to give: it takes a right to listen there.
    NOBODY_URL: `http://${LOOPBACK}:1`,
    ...site,
    ...sites,
  })
})
