/** A private Redis (or Valkey). */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { findRedis } from './binaries.mjs'
import { LOOPBACK, probe } from './loopback.mjs'
import { inShell, ownDirectory, startServer } from './server.mjs'

/** @typedef {import('./certificates.mjs').Pair & { ca: string }} TlsFiles */

/**
 * @typedef {object} RedisOptions
 * @property {string} directory holds the append-only file and the log
 * @property {'always' | 'everysec' | 'no'} [appendfsync] default everysec, as Redis itself
 * @property {Record<string, string | number>} [config] more of redis.conf, such as `maxmemory`
 * @property {import('./redis-users.mjs').Users} [users] as `makeUsers` makes them: the default user is off then, and
 *   `url` is that of `admin`
 * @property {{ certificates: TlsFiles, plain?: boolean }} [tls] TLS only, at `port`; with `plain`, that one has none,
 *   and TLS is at `tlsPort`
 */

/**
 * @typedef {object} Access
 * @property {string} url
 * @property {string} password
 * @property {number} [tlsPort]
 * @property {(user: import('./redis-users.mjs').UserName) => string} urlOf the address for one of the `users`
 * @property {string} client the command that opens a prompt. Its password is in a file that only this user can read
 */

/**
 * Starts Redis with its append-only file, protected by a password that is another one each time.
 * @param {RedisOptions} options
 * @returns {Promise<import('./server.mjs').Server & Access>}
 */
export async function startRedis ({ directory, appendfsync = 'everysec', config = {}, users, tls }) {
  const binary = findRedis()
  if (!binary) throw new Error('there is no redis-server on this machine')
  const path = ownDirectory(directory)
  const name = users ? 'admin' : 'default'
  const password = users?.passwords.admin ?? randomBytes(16).toString('hex')
  const usersFile = join(path, 'users.acl')
  // For the client, which takes it from its environment: every process of the machine can read an argument.
  const passwordFile = join(path, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (users) writeFileSync(usersFile, users.text, { mode: 0o600 })
  const isTlsOnly = tls !== undefined && !tls.plain

  const server = await startServer({
    name: 'Redis',
    directory: path,
    command: binary.path,
    // The directory stays visible in the process list, which Redis would else rewrite: it is how a leftover is known.
    args: () => ['--dir', path, '--set-proc-title', 'no', '-'],
    mark: path,
    refusesStop: true,
    input: (port, otherPort) => toConfig({
      bind: LOOPBACK,
      port: isTlsOnly ? 0 : port,
      ...(tls && tlsConfig(isTlsOnly ? port : otherPort, tls.certificates)),
      ...(users ? { aclfile: usersFile } : { requirepass: password }),
      appendonly: 'yes',
      appendfsync,
      // The append-only file is the whole truth; snapshots beside it would only cost.
      save: '',
      ...config,
    }),
    isReady: (port) => answersPing(port, name, password, isTlsOnly),
  })
  const urlFor = (/** @type {string} */ user, /** @type {string} */ secret) => (
    `${isTlsOnly ? 'rediss' : 'redis'}://${user}:${secret}@${LOOPBACK}:${server.port}/0`
  )
  const url = urlFor(name, password)
  const client = basename(binary.path).replace('server', 'cli')
  return Object.assign(server, {
    url,
    password,
    tlsPort: tls && (isTlsOnly ? server.port : server.otherPort),
    urlOf: (/** @type {import('./redis-users.mjs').UserName} */ user) => {
      if (!users) throw new Error('this Redis was started without users')
      return urlFor(user, users.passwords[user])
    },
    client: `REDISCLI_AUTH="$(cat ${inShell(passwordFile)})" ${client} --user ${name} -h ${LOOPBACK} -p ${server.port}${isTlsOnly ? ` --tls --cacert ${inShell(tls.certificates.ca)}` : ''}`,
  })
}

/**
 * @param {number} port
 * @param {TlsFiles} certificates
 */
export function tlsConfig (port, { ca, certificate, key }) {
  return { 'tls-port': port, 'tls-ca-cert-file': ca, 'tls-cert-file': certificate, 'tls-key-file': key, 'tls-auth-clients': 'no' }
}

/** A replica that has lost its master is up too. */
const UP = /\+PONG|-MASTERDOWN/

/**
 * @param {number} port
 * @param {string} user
 * @param {string} password
 * @param {boolean} isTls
 * @param {RegExp} [expected]
 */
export function answersPing (port, user, password, isTls, expected = UP) {
  return probe(port, `AUTH ${user} "${password}"\r\nPING\r\n`, (answer) => expected.test(answer.toString()), isTls ? openTls : undefined)
}

/**
 * Whether the certificate is right is for others to judge: here the question is whether somebody answers.
 * @param {number} port
 */
function openTls (port) {
  return connectTls({ port, host: LOOPBACK, rejectUnauthorized: false })
}

/** @param {Record<string, string | number>} settings */
function toConfig (settings) {
  return Object.entries(settings).map(([name, value]) => `${name} ${value === '' ? '""' : value}\n`).join('')
}
