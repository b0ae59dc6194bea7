/** A real WordPress, made by its own installer, for tests in PHP. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { join } from 'node:path'
import { Failure } from '../../../scripts/lib/main.mjs'
import { ROOT } from '../../../scripts/lib/project.mjs'
import { findWordpress } from '../../../scripts/lib/wordpress.mjs'

/**
 * @param {object} options
 * @param {string} options.directory its wp-content
 * @param {Awaited<ReturnType<typeof import('../../../scripts/lib/mariadb.mjs').startMariadb>>} options.mariadb its tables stand beside the service's
 * @returns {Promise<Record<string, string>>} what a PHP that runs it needs to know, in the environment
 */
export async function installSite ({ directory, mariadb }) {
  const wordpress = findWordpress()
  if (!wordpress) throw new Error('there is no WordPress on this machine')
  mkdirSync(directory, { recursive: true })
  const variables = {
    WORDPRESS_DIRECTORY: wordpress.directory,
    WORDPRESS_CONTENT: directory,
    WORDPRESS_TABLE_PREFIX: 'site_',
    WORDPRESS_DB_HOST: `127.0.0.1:${mariadb.port}`,
    WORDPRESS_DB_NAME: mariadb.database,
    WORDPRESS_DB_USER: mariadb.user,
    WORDPRESS_DB_PASSWORD: mariadb.password,
  }
  const php = spawn(wordpress.php, [join(ROOT, 'test', 'system', 'wordpress', 'wordpress.php')], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...variables },
  })
  php.stdin.end(JSON.stringify({ install: true, calls: [] }))
  const [output, errors, [status]] = await Promise.all([text(php.stdout), text(php.stderr), once(php, 'close')])
  if (status !== 0) throw new Failure(`WordPress could not be installed: ${errors}${output}`)
  return variables
}
