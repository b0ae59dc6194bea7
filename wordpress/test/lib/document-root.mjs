/** A directory that a web server serves as a WordPress of its own, with the plugin and the help desks installed. */
import { copyFileSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../../scripts/lib/project.mjs'
import { run } from '../../../scripts/lib/run.mjs'
import { findPhpunit, findWordpress } from '../../../scripts/lib/wordpress.mjs'

const TEST = join(ROOT, 'wordpress', 'test')
const SITE = join(TEST, 'site')

/** What a site can have activated, by the folder in its wp-content/plugins. */
const PLUGINS = {
  'ticket-metadata': join(ROOT, 'wordpress', 'ticket-metadata'),
  'awesome-support': join(TEST, 'help-desks', 'awesome-support'),
  supportcandy: join(TEST, 'help-desks', 'supportcandy'),
  'kb-support': join(TEST, 'help-desks', 'kb-support'),
}

/** WordPress's scripts that find the site by where they lie; what is in folders is found through them. */
const ENTRIES = ['.', 'wp-admin']

/**
 * @param {object} options
 * @param {string} options.directory its parent; the site's own is named by its host
 * @param {string} options.host
 * @param {boolean} [options.isNetwork] a multisite with three sites: /, /second/ and /third/
 * @param {(keyof typeof PLUGINS)[]} [options.plugins] what it has activated
 * @param {Record<string, string | number | boolean>} options.constants of its wp-config.php
 * @returns {Promise<string>} the directory
 */
export async function makeSite ({ directory, host, isNetwork = false, plugins = /** @type {(keyof typeof PLUGINS)[]} */ (Object.keys(PLUGINS)), constants }) {
  const root = join(directory, host)
  putWordpress(root)
  putContent(join(root, 'wp-content'), plugins)
  const configure = (/** @type {Record<string, string | number | boolean>} */ more) => {
    writeFileSync(join(root, 'constants.json'), JSON.stringify({
      ...constants,
      WP_DEBUG: true,
      WP_DEBUG_DISPLAY: false,
      WP_DEBUG_LOG: join(root, 'debug.log'),
      DISABLE_WP_CRON: true,
      WP_HTTP_BLOCK_EXTERNAL: true,
      WP_ACCESSIBLE_HOSTS: '127.0.0.1',
      ...more,
    }))
  }
  const php = (/** @type {string} */ script, /** @type {string[]} */ ...args) => run(phpBinary(), [join(SITE, 'cli', script), root, host, ...args])
  configure({})
  await php('install.php', ...(isNetwork ? ['network'] : []))
  if (isNetwork) configure({ MULTISITE: true, SUBDOMAIN_INSTALL: false, DOMAIN_CURRENT_SITE: host, PATH_CURRENT_SITE: '/', SITE_ID_CURRENT_SITE: 1, BLOG_ID_CURRENT_SITE: 1 })
  await php('activate.php', ...plugins.map((name) => `${name}/${name}.php`))
  return root
}

/** @returns {string} a PHP that a site can run on */
export function phpBinary () {
  const found = findPhpunit()
  if (!found) throw new Error('there is no PHP for WordPress on this machine')
  return found.php
}

/**
 * Copies what would else find the wp-config.php of the package, and links the rest.
 * @param {string} root
 */
function putWordpress (root) {
  const wordpress = findWordpress()
  if (!wordpress) throw new Error('there is no WordPress on this machine')
  const isReplaced = (/** @type {string} */ name) => [...ENTRIES, 'wp-config.php', 'wp-content'].includes(name)
  for (const entry of ENTRIES) {
    const from = join(wordpress.directory, entry)
    mkdirSync(join(root, entry), { recursive: true })
    for (const name of readdirSync(from).filter((name) => !isReplaced(name))) {
      const place = join(root, entry, name)
      if (name.endsWith('.php')) copyFileSync(join(from, name), place)
      else symlinkSync(join(from, name), place)
    }
  }
  copyFileSync(join(SITE, 'wp-config.php'), join(root, 'wp-config.php'))
}

/**
 * @param {string} content
 * @param {(keyof typeof PLUGINS)[]} plugins
 */
function putContent (content, plugins) {
  mkdirSync(join(content, 'plugins'), { recursive: true })
  for (const name of plugins) symlinkSync(PLUGINS[name], join(content, 'plugins', name))
  symlinkSync(join(SITE, 'mu-plugins'), join(content, 'mu-plugins'))
}
