/** Finds the WordPress that the tests of ARCHIVE_TARGET=wordpress make their tables with. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { findExecutables } from './binaries.mjs'

/** Where the packages of Debian and Fedora put it. */
const USUAL_PLACE = '/usr/share/wordpress'

/** WordPress asks for it before it looks at anything else. */
const HAS_MYSQL = 'exit(extension_loaded("mysqli") ? 0 : 1);'

/** @returns {{ directory: string, php: string } | undefined} WORDPRESS_DIRECTORY, else the package's, and the PHP that can run it */
export function findWordpress () {
  const directory = process.env.WORDPRESS_DIRECTORY || USUAL_PLACE
  const php = findExecutables(['php']).find((path) => spawnSync(path, ['-r', HAS_MYSQL]).status === 0)
  return php && existsSync(join(directory, 'wp-settings.php')) ? { directory, php } : undefined
}
