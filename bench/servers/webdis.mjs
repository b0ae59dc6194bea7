/** Webdis: HTTP to Redis commands, in C, with one thread. It checks nothing that it is sent. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LOOPBACK, probe } from '../../scripts/lib/loopback.mjs'
import { startServer } from '../../scripts/lib/server.mjs'
import { freePort } from '../../scripts/lib/loopback.mjs'

/**
 * @param {object} options
 * @param {string} options.directory
 * @param {import('../lib/stage.mjs').Redis} options.redis
 * @param {import('../lib/cores.mjs').Cores['underTest']} options.wrap
 */
export async function startWebdis ({ directory, redis, wrap }) {
  const port = await freePort()
  const file = join(directory, 'webdis.json')
  writeFileSync(file, JSON.stringify({
    redis_host: LOOPBACK,
    redis_port: redis.port,
    redis_auth: redis.password,
    http_host: LOOPBACK,
    http_port: port,
    threads: 1,
    daemonize: false,
    acl: [{ enabled: ['*'] }],
    verbosity: 2,
    logfile: join(directory, 'webdis.log'),
  }), { mode: 0o600 })
  const { command, args } = wrap('webdis', [file])
  const server = await startServer({
    name: 'Webdis',
    directory,
    command,
    args: () => args,
    mark: file,
    port,
    isReady: (at) => probe(at, 'GET /PING HTTP/1.0\r\n\r\n', (answer) => answer.includes('PONG')),
  })
  return Object.assign(server, { url: `http://${LOOPBACK}:${server.port}` })
}
