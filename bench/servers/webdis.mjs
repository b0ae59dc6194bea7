/** Webdis: HTTP to Redis commands, in C, with one thread. It checks nothing that it is sent. */
import { join } from 'node:path'
import { pathOf } from '../../scripts/lib/binaries.mjs'
import { startConfigured } from '../../scripts/lib/configured.mjs'
import { LOOPBACK, probe } from '../../scripts/lib/loopback.mjs'

/**
 * @param {object} options
 * @param {string} options.directory
 * @param {import('../lib/stage.mjs').Redis} options.redis
 * @param {import('../lib/cores.mjs').Cores['underTest']} options.wrap
 */
export async function startWebdis ({ directory, redis, wrap }) {
  const configFor = (/** @type {number} */ port) => JSON.stringify({
    redis_host: LOOPBACK,
    redis_port: redis.port,
    redis_auth: redis.password,
    http_host: LOOPBACK,
    http_port: port,
    threads: 1,
    // As fast as 4 and 20, and faster than 64.
    pool_size_per_thread: 1,
    daemonize: false,
    acl: [{ enabled: ['*'] }],
    verbosity: 2,
    logfile: join(directory, 'webdis.log'),
  })
  const server = await startConfigured({
    name: 'Webdis',
    directory,
    fileName: 'webdis.json',
    configFor,
    binary: pathOf('webdis'),
    argsFor: (file) => [file],
    wrap,
    isReady: (port) => probe(port, 'GET /PING HTTP/1.0\r\n\r\n', (answer) => answer.includes('PONG')),
  })
  return Object.assign(server, { url: `http://${LOOPBACK}:${server.port}`, endsBy: /** @type {const} */ ('SIGTERM') })
}
