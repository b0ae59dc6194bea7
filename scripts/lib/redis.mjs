/** A private Redis (or Valkey). */
import { randomBytes } from 'node:crypto'
import { basename } from 'node:path'
import { findRedis } from './binaries.mjs'
import { LOOPBACK, probe } from './loopback.mjs'
import { ownDirectory, startServer } from './server.mjs'

/**
 * @typedef {object} RedisOptions
 * @property {string} directory holds the append-only file and the log
 * @property {'always' | 'everysec' | 'no'} [appendfsync] default everysec, as Redis itself
 * @property {Record<string, string | number>} [config] more of redis.conf, such as `maxmemory`
 */

/**
 * @typedef {object} Access
 * @property {string} url
 * @property {string} password
 * @property {string} client the command that opens a prompt
 */

/**
 * Starts Redis with its append-only file, protected by a password that exists only in memory.
 * @param {RedisOptions} options
 * @returns {Promise<import('./server.mjs').Server & Access>}
 */
export async function startRedis ({ directory, appendfsync = 'everysec', config = {} }) {
  const binary = findRedis()
  if (!binary) throw new Error('there is no redis-server on this machine')
  const path = ownDirectory(directory)
  const password = randomBytes(16).toString('hex')

  const server = await startServer({
    name: 'Redis',
    directory: path,
    command: binary.path,
    // The directory stays visible in the process list, which Redis would else rewrite: it is how a leftover is known.
    args: () => ['--dir', path, '--set-proc-title', 'no', '-'],
    mark: path,
    input: (port) => toConfig({
      bind: LOOPBACK,
      port,
      requirepass: password,
      appendonly: 'yes',
      appendfsync,
      // The append-only file is the whole truth; snapshots beside it would only cost.
      save: '',
      ...config,
    }),
    isReady: (port) => probe(port, `AUTH ${password}\r\nPING\r\n`, (answer) => answer.includes('+PONG')),
  })
  const url = `redis://default:${password}@${LOOPBACK}:${server.port}/0`
  const client = basename(binary.path).replace('server', 'cli')
  return Object.assign(server, { url, password, client: `${client} --no-auth-warning -u ${url}` })
}

/** @param {Record<string, string | number>} settings */
function toConfig (settings) {
  return Object.entries(settings).map(([name, value]) => `${name} ${value === '' ? '""' : value}\n`).join('')
}
