/** Finds the database servers and the browser that this machine has. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

/**
 * @typedef {object} Binary
 * @property {string} path
 * @property {'redis' | 'mariadb' | 'mysql'} product Valkey counts as redis
 * @property {string} version
 */

/** Older ones lack what the service needs, such as Redis script flags. */
const OLDEST = { redis: '7.0', mariadb: '10.6', mysql: '8.0' }

/** Servers often live outside an ordinary user's PATH. */
const USUAL_PLACES = [
  '/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/usr/libexec', '/usr/lib/mysql/bin', '/usr/local/mysql/bin',
  ...['/opt/homebrew', '/usr/local', '/home/linuxbrew/.linuxbrew'].flatMap((prefix) => [
    `${prefix}/bin`,
    ...['redis', 'valkey', 'mariadb', 'mysql'].map((formula) => `${prefix}/opt/${formula}/bin`),
  ]),
]

/** @returns {Binary | undefined} */
export function findRedis () {
  return findServer(['redis-server', 'valkey-server'])
}

/** @returns {Binary | undefined} MariaDB, else MySQL */
export function findMariadb () {
  return findServer(['mariadbd', 'mysqld'])
}

/** @returns {string | undefined} the path of a Chromium */
export function findChromium () {
  return findExecutables(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'], ['/Applications/Chromium.app/Contents/MacOS', '/Applications/Google Chrome.app/Contents/MacOS'])[0]
}

/**
 * The program that fills MariaDB's empty data directory.
 * @param {Binary} server
 * @returns {string}
 */
export function findMariadbInstaller (server) {
  const [path] = findExecutables(['mariadb-install-db', 'mysql_install_db'], [join(dirname(server.path), '..', 'bin')])
  if (!path) throw new Error(`mariadb-install-db, which belongs to ${server.path}, is not on this machine`)
  return path
}

/** @param {string[]} names */
function findServer (names) {
  for (const path of findExecutables(names)) {
    // Asked once: tests start many servers of one program.
    if (!inspected.has(path)) inspected.set(path, inspect(path))
    const binary = inspected.get(path)
    if (binary) return binary
  }
}

/** @type {Map<string, Binary | undefined>} */
const inspected = new Map()

/**
 * @param {readonly string[]} names the preferred first
 * @param {string[]} [places] searched before the usual ones
 * @returns {string[]}
 */
export function findExecutables (names, places = []) {
  const directories = [...places, ...(process.env.PATH ?? '').split(delimiter), ...USUAL_PLACES].filter(Boolean)
  return names.flatMap((name) => directories.map((directory) => join(directory, name))).filter(isExecutable)
}

/**
 * @param {string} name
 * @returns {string} the path of a program that is known to be there: its name alone finds it only in the PATH
 */
export function pathOf (name) {
  const [path] = findExecutables([name])
  if (!path) throw new Error(`there is no ${name} on this machine`)
  return path
}

/** @param {string} path */
function isExecutable (path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // Not there, or not for us: either way not a candidate.
    return false
  }
}

/**
 * @param {string} path
 * @returns {Binary | undefined} undefined when it is too old or not what its name says
 */
function inspect (path) {
  const text = spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout ?? ''
  const [, version] = /(?:v=|Ver )(\d+\.\d+[.\d]*)/.exec(text) ?? []
  if (!version) return undefined
  const product = /redis|valkey/i.test(text) ? 'redis' : /mariadb/i.test(text) ? 'mariadb' : 'mysql'
  return isAtLeast(version, OLDEST[product]) ? { path, product, version } : undefined
}

/**
 * @param {string} version such as 10.11.6
 * @param {string} oldest such as 10.6
 */
export function isAtLeast (version, oldest) {
  return version.localeCompare(oldest, 'en', { numeric: true }) >= 0
}
