/** Finds the WordPress that tests run, and what tests the plugin. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { findExecutables } from './binaries.mjs'

/** Where the packages of Debian and Fedora put it. */
const USUAL_PLACE = '/usr/share/wordpress'

/** What a site with the plugin uses: its database, and the plugin's own way to the service. */
export const PHP_EXTENSIONS = ['mysqli', 'curl']

/** WordPress asks for it before it looks at anything else. */
const HAS_MYSQL = 'exit(extension_loaded("mysqli") ? 0 : 1);'

/** @returns {{ directory: string, php: string } | undefined} WORDPRESS_DIRECTORY, else the package's, and the PHP that can run it */
export function findWordpress () {
  const directory = process.env.WORDPRESS_DIRECTORY || USUAL_PLACE
  const php = findExecutables(['php']).find((path) => spawnSync(path, ['-r', HAS_MYSQL]).status === 0)
  return php && existsSync(join(directory, 'wp-settings.php')) ? { directory, php } : undefined
}

/** The plugin's own way to the service. */
const HAS_CURL = 'exit(extension_loaded("curl") ? 0 : 1);'

/** @returns {{ phpunit: string, php: string } | undefined} PHPUnit, and a PHP with cURL that can run it */
export function findPhpunit () {
  const php = findExecutables(['php']).find((path) => spawnSync(path, ['-r', HAS_CURL]).status === 0)
  const phpunit = findExecutables(['phpunit']).find((path) => php && spawnSync(php, [path, '--version']).status === 0)
  return php && phpunit ? { phpunit, php } : undefined
}
