/** A private php-fpm with a fixed number of workers. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPhpFpm } from '../../scripts/lib/bench-programs.mjs'
import { isListening, LOOPBACK } from '../../scripts/lib/loopback.mjs'
import { startServer } from '../../scripts/lib/server.mjs'

/**
 * @param {object} options
 * @param {string} options.directory
 * @param {number} options.workers
 * @param {Record<string, string | number>} options.env what scripts find with getenv
 * @param {import('../lib/cores.mjs').Cores['underTest']} options.wrap
 */
export async function startPhpFpm ({ directory, workers, env, wrap }) {
  const binary = findPhpFpm()
  if (!binary) throw new Error('there is no php-fpm with phpredis, mysqli and cURL on this machine')
  const file = join(directory, 'php-fpm.conf')
  const isRoot = process.getuid?.() === 0
  const configFor = (/** @type {number} */ port) => `[global]
daemonize = no
error_log = ${directory}/php-fpm.log
[bench]
listen = ${LOOPBACK}:${port}
${isRoot ? 'user = root\ngroup = root' : ''}
pm = static
pm.max_children = ${workers}
catch_workers_output = yes
${Object.entries(env).map(([name, value]) => `env[${name}] = "${value}"`).join('\n')}
`
  const { command, args } = wrap(binary, ['--nodaemonize', '--fpm-config', file, ...(isRoot ? ['--allow-to-run-as-root'] : [])])
  return startServer({
    name: 'php-fpm',
    directory,
    command,
    args (port) {
      writeFileSync(file, configFor(port), { mode: 0o600 })
      return args
    },
    mark: file,
    isReady: isListening,
  })
}
