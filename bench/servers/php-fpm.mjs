/** A private php-fpm with a fixed number of workers. */
import { findPhpFpm } from '../../scripts/lib/bench-programs.mjs'
import { isListening, LOOPBACK } from '../../scripts/lib/loopback.mjs'
import { startConfigured } from './configured.mjs'

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
