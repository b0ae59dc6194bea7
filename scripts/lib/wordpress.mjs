/** Finds the WordPress that tests run, and what tests the plugin. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { findExecutables } from './binaries.mjs'
import { findPhp } from './php-fpm.mjs'

/** Where the packages of Debian and Fedora put it. */
const USUAL_PLACE = '/usr/share/wordpress'

/** What a site with the plugin uses: its database, and the plugin's own way to the service. */
export const PHP_EXTENSIONS = ['mysqli', 'curl']

/** @returns {{ directory: string, php: string } | undefined} WORDPRESS_DIRECTORY, else the package's, and the PHP that can run it */
export function findWordpress () {
  const directory = process.env.WORDPRESS_DIRECTORY || USUAL_PLACE
  // WordPress asks for mysqli before it looks at anything else.
  const php = findPhp(['php'], ['mysqli'])
  return php && existsSync(join(directory, 'wp-settings.php')) ? { directory, php } : undefined
}

/** @returns {{ phpunit: string, php: string } | undefined} PHPUnit, and a PHP with cURL, the plugin's own way to the service, that can run it */
export function findPhpunit () {
  const php = findPhp(['php'], ['curl'])
  const phpunit = findExecutables(['phpunit']).find((path) => php && spawnSync(php, [path, '--version']).status === 0)
  return php && phpunit ? { phpunit, php } : undefined
}
