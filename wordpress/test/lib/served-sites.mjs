/** Two WordPresses behind web servers: a site, and a network of sites. */
import { join } from 'node:path'
import { LOOPBACK } from '../../../scripts/lib/loopback.mjs'
import { ownDirectory } from '../../../scripts/lib/server.mjs'
import { makeSite } from './document-root.mjs'
import { startNginxWithPhp, startPhpServer } from './web-servers.mjs'

const SITE = 'site.test'
const NETWORK = 'network.test'

/**
 * @param {object} options
 * @param {string} options.directory
 * @param {Awaited<ReturnType<typeof import('../../../scripts/lib/mariadb.mjs').startMariadb>>} options.mariadb
 * @param {{ TICKET_METADATA_URL: string, TICKET_METADATA_KEY: string }} options.constants in the network, settings of each site say where the service is
 * @returns {Promise<Record<string, string>>} what tests need to know, in the environment
 */
export async function startSites ({ directory, mariadb, constants }) {
  const sites = ownDirectory(join(directory, 'www'))
  const database = {
    DB_NAME: mariadb.database,
    DB_USER: mariadb.user,
    DB_PASSWORD: mariadb.password,
    DB_HOST: `${LOOPBACK}:${mariadb.port}`,
    DB_CHARSET: 'utf8mb4',
    DB_COLLATE: '',
  }
  const [site, network] = await Promise.all([
    makeSite({ directory: sites, host: SITE, constants: { ...database, ...constants, TABLE_PREFIX: 'served_', WP_SITEURL: `http://${SITE}`, WP_HOME: `http://${SITE}` } }),
    makeSite({ directory: sites, host: NETWORK, isNetwork: true, constants: { ...database, TICKET_METADATA_KEY: constants.TICKET_METADATA_KEY, TABLE_PREFIX: 'network_' } }),
  ])
  const nginx = await startNginxWithPhp({ directory, sites })
  const phpServer = await startPhpServer({ directory: join(directory, 'php-server'), site })
  return {
    SITE_URL: nginx.url,
    // Of the same site.
    PHP_SERVER_URL: phpServer.url,
    SITE_HOST: SITE,
    SITE_DIRECTORY: site,
    SITE_TABLE_PREFIX: 'served_',
    NETWORK_HOST: NETWORK,
    NETWORK_DIRECTORY: network,
    NETWORK_TABLE_PREFIX: 'network_',
  }
}
