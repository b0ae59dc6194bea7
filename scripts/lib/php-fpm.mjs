/** A private php-fpm with a fixed number of workers. */
import { spawnSync } from 'node:child_process'
import { findExecutables } from './binaries.mjs'
import { startConfigured } from './configured.mjs'
import { isListening, LOOPBACK } from './loopback.mjs'

/**
 * @param {readonly string[]} names of PHP's programs, the preferred first
 * @param {readonly string[]} extensions
 * @returns {string | undefined} the path of one that has them
 */
export function findPhp (names, extensions) {
  return findExecutables(names).find((path) => {
    const modules = spawnSync(path, ['-m'], { encoding: 'utf8' }).stdout.split('\n')
    return extensions.every((name) => modules.includes(name))
  })
}

/** @param {readonly string[]} extensions */
export function findPhpFpm (extensions) {
  // Debian's bears its version in its name.
  const versions = Array.from({ length: 10 }, (_, minor) => `php-fpm8.${9 - minor}`)
  return findPhp(['php-fpm', ...versions], extensions)
}

/**
 * @param {object} options
 * @param {string} options.directory
 * @param {readonly string[]} options.extensions that scripts need
 * @param {number} options.workers
 * @param {Record<string, string | number>} [options.env] what scripts find with getenv
 * @param {Record<string, string | number>} [options.settings] of PHP, as they would stand in php.ini
 * @param {string} [options.statusPath] where it says what its workers do
 * @param {import('./configured.mjs').Wrap} [options.wrap]
 */
export async function startPhpFpm ({ directory, extensions, workers, env = {}, settings = {}, statusPath, wrap }) {
  const binary = findPhpFpm(extensions)
  if (!binary) throw new Error(`there is no php-fpm with ${extensions.join(', ')} on this machine`)
  const isRoot = process.getuid?.() === 0
  const lines = (/** @type {string} */ name, /** @type {Record<string, string | number>} */ values) => (
    Object.entries(values).map(([key, value]) => `${name}[${key}] = "${value}"`)
  )
  const configFor = (/** @type {number} */ port) => `[global]
daemonize = no
error_log = ${directory}/php-fpm.log
[private]
listen = ${LOOPBACK}:${port}
${isRoot ? 'user = root\ngroup = root' : ''}
pm = static
pm.max_children = ${workers}
catch_workers_output = yes
${statusPath === undefined ? '' : `pm.status_path = ${statusPath}`}
${[...lines('env', env), ...lines('php_value', settings)].join('\n')}
`
  return startConfigured({
    name: 'php-fpm',
    directory,
    fileName: 'php-fpm.conf',
    configFor,
    binary,
    argsFor: (file) => ['--nodaemonize', '--fpm-config', file, ...(isRoot ? ['--allow-to-run-as-root'] : [])],
    wrap,
    isReady: isListening,
  })
}
