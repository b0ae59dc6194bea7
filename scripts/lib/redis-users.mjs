/** The users of deploy/redis with passwords that exist only in memory. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { ROOT } from './project.mjs'

export const DEPLOY = join(ROOT, 'deploy', 'redis')

/** @typedef {'tickets' | 'replica' | 'sentinel' | 'admin'} UserName */

/** @typedef {Record<UserName, string>} Passwords */

/**
 * @typedef {object} Users
 * @property {string} text of an ACL file
 * @property {Passwords} passwords
 */

/** @returns {Passwords} */
export function newPasswords () {
  const password = () => randomBytes(16).toString('hex')
  return { tickets: password(), replica: password(), sentinel: password(), admin: password() }
}

/**
 * What deploy/redis/users.sh and start.sh take the passwords from.
 * @param {Passwords} passwords
 * @param {string} [keyPrefix]
 */
export function usersEnvironment (passwords, keyPrefix = '') {
  return {
    ...Object.fromEntries(Object.entries(passwords).map(([name, password]) => [`${name.toUpperCase()}_PASSWORD`, password])),
    KEY_PREFIX: keyPrefix,
  }
}

/**
 * The file as deploy/redis/users.sh makes it, the way operators do.
 * @param {object} [options]
 * @param {'users.acl' | 'sentinel-users.acl'} [options.file]
 * @param {string} [options.keyPrefix] a pattern: `test_*:` stands for all prefixes that begin so
 * @param {Passwords} [options.passwords]
 * @returns {Users}
 */
export function makeUsers ({ file = 'users.acl', keyPrefix, passwords = newPasswords() } = {}) {
  const { status, stdout, stderr } = spawnSync('sh', ['users.sh', file], {
    cwd: DEPLOY,
    env: { ...process.env, ...usersEnvironment(passwords, keyPrefix) },
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`deploy/redis/users.sh ended with status ${status}\n${stderr}`)
  return { text: stdout, passwords }
}

/** Every test has a KEY_PREFIX of its own, and all of them begin so. */
const TEST_KEY_PREFIX = 'test_*:'

/**
 * The users of a Redis for tests. One password for all of them: a test knows the server by the address of its admin,
 * and gets from that to the service's.
 * @returns {Users}
 */
export function makeTestUsers () {
  const { admin } = newPasswords()
  return makeUsers({ keyPrefix: TEST_KEY_PREFIX, passwords: { tickets: admin, replica: admin, sentinel: admin, admin } })
}

/**
 * @param {string} adminUrl of a Redis with the users of makeTestUsers
 * @returns {string} the same Redis, as the user whose rights the service has in production
 */
export function asService (adminUrl) {
  const url = new URL(adminUrl)
  url.username = 'tickets'
  return url.href
}
