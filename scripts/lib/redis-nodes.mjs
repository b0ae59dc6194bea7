/** Redis servers and Sentinels of a set, started as deploy/redis/start.sh does it, and how a test talks to them. */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Redis } from 'ioredis'
import { findExecutables, findRedis } from './binaries.mjs'
import { LOOPBACK } from './loopback.mjs'
import { DEPLOY, usersEnvironment } from './redis-users.mjs'
import { answersPing } from './redis.mjs'
import { ownDirectory, startServer } from './server.mjs'
import { until } from './until.mjs'

/** One that is frozen must not keep a test waiting for ever. */
const COMMAND_TIMEOUT_MS = 5000
/** What a set has to get done on a busy machine: replicas that load everything, an election, slots that move. */
const SET_TIMEOUT_MS = 60_000

/** @typedef {import('./server.mjs').Server} Server */

/**
 * @typedef {object} Common what all servers of a set have in common
 * @property {import('./redis-users.mjs').Passwords} passwords
 * @property {string} [keyPrefix] see makeUsers
 * @property {import('./redis.mjs').TlsFiles} [tls] TLS everywhere and no plain port; default: no TLS
 */

/**
 * @typedef {object} NodeSpec
 * @property {string} name
 * @property {string} directory
 * @property {'redis.conf' | 'replica.conf' | 'cluster-node.conf' | 'sentinel.conf'} file
 * @property {Record<string, string>} [env] more for start.sh
 * @property {Record<string, string | number>} [options] more for the command line
 * @property {RegExp} [readyWhen] what it answers to AUTH and PING; default: as one does that is up
 */

/**
 * Starts one by start.sh. Only what has to be another here is overridden: ports, addresses, certificates.
 * @param {Common} common
 * @param {NodeSpec} spec
 * @returns {Promise<Server>}
 */
export async function startNode ({ passwords, keyPrefix, tls }, { name, directory, file, env = {}, options = {}, readyWhen }) {
  const path = ownDirectory(directory)
  const isCluster = file === 'cluster-node.conf'
  return startServer({
    name,
    directory: path,
    command: 'sh',
    args: (port, otherPort) => [`${DEPLOY}/start.sh`, file, ...toArguments({
      bind: LOOPBACK,
      ...(tls
        ? { port: 0, 'tls-port': port, 'tls-ca-cert-file': tls.ca, 'tls-cert-file': tls.certificate, 'tls-key-file': tls.key }
        : { port, 'tls-port': 0, 'tls-replication': 'no', ...(isCluster && { 'tls-cluster': 'no' }) }),
      ...(isCluster && { 'cluster-port': otherPort }),
      'set-proc-title': 'no',
      // Replicas of a test need not wait for others that may want the same data.
      ...(file !== 'sentinel.conf' && { 'repl-diskless-sync-delay': 0 }),
      ...options,
    })],
    env: {
      ...process.env,
      STATE_DIRECTORY: path,
      REDIS_SERVER: requireRedis().path,
      ...usersEnvironment(passwords, keyPrefix),
      ...env,
    },
    mark: path,
    refusesStop: true,
    isReady: (port) => answersPing(port, 'admin', passwords.admin, tls !== undefined, readyWhen),
  })
}

/**
 * A connection with all rights, for the caller to close. It does not reconnect, and no command waits for ever.
 * @param {Common} common
 * @param {Server} node
 */
export function connectTo ({ passwords, tls }, node) {
  const client = new Redis({
    host: LOOPBACK,
    port: node.port,
    username: 'admin',
    password: passwords.admin,
    ...(tls && { tls: { ca: readFileSync(tls.ca) } }),
    lazyConnect: true,
    // A replica that has not got its data yet answers LOADING or MASTERDOWN: that is for the caller to see.
    enableReadyCheck: false,
    disableClientInfo: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: COMMAND_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
  })
  // The command that fails says so itself.
  client.on('error', () => {})
  return client
}

/**
 * One command as admin, on a connection of its own: a server that was killed, frozen or made a replica meanwhile
 * does not matter.
 * @param {Common} common
 * @param {Server} node
 * @param {string} command
 * @param {...(string | number)} args
 * @returns {Promise<unknown>}
 */
export async function callNode (common, node, command, ...args) {
  const client = connectTo(common, node)
  try {
    return await client.call(command, ...args)
  } finally {
    client.disconnect()
  }
}

/**
 * @param {string} text of INFO or CLUSTER INFO
 * @returns {Record<string, string>}
 */
export function parseInfo (text) {
  return Object.fromEntries([...text.matchAll(/^([^#:\r\n]+):(.*?)\r?$/gm)].map(([, name, value]) => [name, value]))
}

/**
 * A Sentinel answers maps as arrays of name, value, ...
 * @param {unknown} flat
 * @returns {Record<string, string>}
 */
export function parsePairs (flat) {
  const texts = /** @type {string[]} */ (flat)
  return Object.fromEntries(texts.flatMap((name, i) => i % 2 === 0 ? [[name, texts[i + 1] ?? '']] : []))
}

/** @param {number} count */
export function range (count) {
  return Array.from({ length: count }, (_, i) => i)
}

/**
 * Waits for what the servers of a set get done among themselves.
 * @param {string} what
 * @param {() => Promise<boolean>} check one that throws is one that is not true yet
 */
export async function expectSoon (what, check) {
  /** @type {Error | undefined} */
  let reason
  const isTrue = await until(() => check().catch((error) => {
    reason = error
    return false
  }), SET_TIMEOUT_MS)
  if (!isTrue) throw new Error(`waited in vain for ${what}${reason ? `: ${reason.message}` : ''}`, { cause: reason })
}

/** @returns {string} redis-cli, or Valkey's */
export function findRedisCli () {
  const [path] = findExecutables(['redis-cli', 'valkey-cli'], [dirname(requireRedis().path)])
  if (!path) throw new Error('there is no redis-cli on this machine')
  return path
}

function requireRedis () {
  const binary = findRedis()
  if (!binary) throw new Error('there is no redis-server on this machine')
  return binary
}

/** @param {Record<string, string | number>} options */
function toArguments (options) {
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
}
