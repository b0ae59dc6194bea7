/** Three WordPresses behind web servers: a site, a network of sites, and a site to which the plugin's zip is uploaded. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { LOOPBACK } from '../../../scripts/lib/loopback.mjs'
import { ROOT } from '../../../scripts/lib/project.mjs'
import { run } from '../../../scripts/lib/run.mjs'
import { ownDirectory } from '../../../scripts/lib/server.mjs'
import { makeSite } from './document-root.mjs'
import { startNginxWithPhp, startPhpServer } from './web-servers.mjs'

const SITE = 'site.test'
const NETWORK = 'network.test'
const UPLOAD = 'upload.test'

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
  const [site, network, upload] = await Promise.all([
    makeSite({ directory: sites, host: SITE, constants: { ...database, ...constants, TABLE_PREFIX: 'served_', WP_SITEURL: `http://${SITE}`, WP_HOME: `http://${SITE}` } }),
    makeSite({ directory: sites, host: NETWORK, isNetwork: true, constants: { ...database, TICKET_METADATA_KEY: constants.TICKET_METADATA_KEY, TABLE_PREFIX: 'network_' } }),
    makeSite({
      directory: sites,
      host: UPLOAD,
      plugins: ['awesome-support'],
      // Without it, WordPress may ask for FTP credentials to write files.
      constants: { ...database, ...constants, TABLE_PREFIX: 'upload_', WP_SITEURL: `http://${UPLOAD}`, WP_HOME: `http://${UPLOAD}`, FS_METHOD: 'direct' },
    }),
  ])
  const zips = join(directory, 'zip')
  await run(process.execPath, [join(ROOT, 'scripts', 'plugin-zip.mjs'), zips])
  const [zip = ''] = readdirSync(zips)
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
    UPLOAD_HOST: UPLOAD,
    UPLOAD_DIRECTORY: upload,
    UPLOAD_TABLE_PREFIX: 'upload_',
    PLUGIN_ZIP: join(zips, zip),
  }
}
