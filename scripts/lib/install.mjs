/** Sees to it that this machine has the programs that are needed, or says exactly how to get them. */
import { existsSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { NGINX, PHP_FPM, WEBDIS, WRK } from './bench-programs.mjs'
import { findChromium, findExecutables, findMariadb, findRedis } from './binaries.mjs'
import { Failure } from './main.mjs'
import { findOpenssl } from './certificates.mjs'
import { step } from './progress.mjs'
import { findPhp, findPhpFpm } from './php-fpm.mjs'
import { findPrometheus } from './prometheus.mjs'
import { run } from './run.mjs'
import { findPhpunit, findWordpress, PHP_EXTENSIONS } from './wordpress.mjs'

const REDIS = {
  name: 'Redis >= 7.0 or Valkey (redis-server)',
  find: findRedis,
  apt: ['redis-server'],
  dnf: ['valkey'],
  brew: ['redis'],
}
const MARIADB = {
  name: 'MariaDB >= 10.6 or MySQL >= 8.0 (mariadbd or mysqld)',
  find: findMariadb,
  // The core packages hold the programs without a system service; the installer needs the client's one.
  apt: ['mariadb-server-core', 'mariadb-client-core'],
  dnf: ['mariadb-server'],
  brew: ['mariadb'],
}
const OPENSSL = {
  name: 'openssl, which makes the certificates of the tests',
  find: findOpenssl,
  apt: ['openssl'],
  dnf: ['openssl'],
  brew: ['openssl'],
}
const WORDPRESS = {
  name: 'WordPress and a PHP with mysqli (WORDPRESS_DIRECTORY may say where WordPress is)',
  find: findWordpress,
  apt: ['wordpress', 'php-cli', 'php-mysql'],
  dnf: ['wordpress', 'php-cli', 'php-mysqlnd'],
  brew: ['php'],
}
const PHPUNIT = {
  name: 'PHPUnit and a PHP with cURL',
  find: findPhpunit,
  apt: ['phpunit', 'php-cli', 'php-curl'],
  dnf: ['phpunit9', 'php-cli'],
  brew: ['phpunit', 'php'],
}
const PHP_FPM_OF_A_SITE = {
  name: 'php-fpm with mysqli and cURL, behind which a site is tested',
  find: () => findPhpFpm(PHP_EXTENSIONS),
  apt: ['php-fpm', 'php-mysql', 'php-curl'],
  dnf: ['php-fpm', 'php-mysqlnd'],
  brew: ['php'],
}
const PROMETHEUS = {
  name: 'Prometheus >= 2.42, with promtool',
  find: findPrometheus,
  apt: ['prometheus'],
  dnf: ['golang-github-prometheus'],
  brew: ['prometheus'],
}
const CHROMIUM = {
  name: 'Chromium, in which the pages for people are tested',
  find: findChromium,
  // Without a font there would be no text.
  apt: ['chromium', 'fonts-dejavu-core'],
  dnf: ['chromium'],
  brew: ['--cask chromium'],
}
const CURL = {
  name: 'curl, in which the documentation shows requests',
  find: () => findExecutables(['curl'])[0],
  apt: ['curl'],
  dnf: ['curl'],
  brew: ['curl'],
}
const PHP = {
  name: 'PHP with cURL, in which the documentation has examples',
  find: () => findPhp(['php'], ['curl']),
  apt: ['php-cli', 'php-curl'],
  dnf: ['php-cli'],
  brew: ['php'],
}
const SERVERS = [REDIS, MARIADB]

/** What the tests of a folder need beside the servers and openssl. */
const NEEDED_IN = {
  'test/system/browser/': [CHROMIUM],
  'test/system/deploy/': [PROMETHEUS],
  'test/system/docs/': [CURL, PHP, PROMETHEUS],
  'test/system/proxies/': [NGINX],
  'test/system/wordpress/': [WORDPRESS],
}
/** What tests of a folder are skipped without: not every system has all programs of the benchmark. */
const USED_IN = {
  'test/system/bench/': [WRK, WEBDIS, NGINX, PHP_FPM],
}

/**
 * Finds Redis and MariaDB, installing on Debian and Ubuntu what is missing.
 * @returns {Promise<void>} rejects with instructions where that is not possible
 */
export function ensureServers () {
  return ensure(SERVERS)
}

/**
 * Finds all that these tests need, installing on Debian and Ubuntu what is missing.
 * @param {string[]} files
 * @returns {Promise<void>} rejects with instructions where that is not possible
 */
export async function ensureTestPrograms (files) {
  const programsOf = (/** @type {Record<string, Program[]>} */ folders) => (
    Object.entries(folders).flatMap(([folder, programs]) => files.some((file) => file.startsWith(folder)) ? programs : [])
  )
  await ensure([...SERVERS, OPENSSL, ...programsOf(NEEDED_IN)])
  const missing = await installWhatCanBeHad(programsOf(USED_IN))
  for (const [{ name }, reason] of missing) console.error(`Goes without ${name}: ${reason}`)
}

/**
 * Finds all that the tests of the WordPress plugin need, installing on Debian and Ubuntu what is missing.
 * @returns {Promise<void>} rejects with instructions where that is not possible
 */
export function ensurePluginTestPrograms () {
  return ensure([...SERVERS, WORDPRESS, PHPUNIT, NGINX, PHP_FPM_OF_A_SITE])
}

/** @typedef {{ name: string, find: () => unknown, apt: string[], dnf: string[], brew: string[] }} Program */

/** @param {Program[]} programs */
async function ensure (programs) {
  const missing = missingOf(programs)
  if (missing.length === 0) return
  const asRoot = asRootOnDebian()
  if (!asRoot) throw new Failure(instructions(missing))
  await install(missing, asRoot)
  const stillMissing = missingOf(programs)
  if (stillMissing.length > 0) throw new Failure(`The installed packages are too old.\n\n${instructions(stillMissing)}`)
}

/**
 * Installs, on Debian and Ubuntu, what is missing and can be had: each by itself, so that one does not keep the others away.
 * @param {Program[]} programs that can be done without
 * @returns {Promise<Map<Program, string>>} what is missing after all, and why
 */
export async function installWhatCanBeHad (programs) {
  const asRoot = asRootOnDebian()
  /** @type {Map<Program, string>} */
  const reasons = new Map()
  for (const program of missingOf(programs)) {
    if (!asRoot) {
      reasons.set(program, `not on this machine, and installed only on Debian and Ubuntu, as root or with sudo (${program.apt.join(' ')}; Fedora: ${program.dnf.join(' ')}; macOS: ${program.brew.join(' ')})`)
      continue
    }
    try {
      await install([program], asRoot)
      if (!program.find()) reasons.set(program, `${program.apt.join(' ')} were installed, and do not bring it`)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      reasons.set(program, `apt-get could not install ${program.apt.join(' ')}: ${error.message.trim().split('\n').at(-1)}`)
    }
  }
  return reasons
}

/** @param {Program[]} programs */
function missingOf (programs) {
  return programs.filter(({ find }) => !find())
}

/**
 * @param {Program[]} missing
 * @param {string[]} asRoot
 */
async function install (missing, asRoot) {
  const packages = missing.flatMap(({ apt }) => apt)
  const script = fileURLToPath(new URL('install-servers.sh', import.meta.url))
  await step(`Installing ${packages.join(', ')} with apt-get, without their services (about a minute)`, async (note) => {
    const [command = 'sh', ...args] = [...asRoot, 'sh', script, ...packages]
    await run(command, args, { note, finish: 'Stopping after apt-get: interrupted, it would leave packages half installed.' })
  })
}

/** @returns {string[] | undefined} what to put before apt-get; undefined where there is none, or only somebody could say the password */
function asRootOnDebian () {
  return isDebian() ? rootCommand() : undefined
}

function isDebian () {
  return existsSync('/etc/debian_version') && findExecutables(['apt-get']).length > 0
}

/** @returns {string[] | undefined} what to put before a command so that it runs as root without asking anyone */
function rootCommand () {
  if (process.getuid?.() === 0) return []
  return spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n'] : undefined
}

/** @param {Program[]} missing */
function instructions (missing) {
  const packages = (/** @type {'apt' | 'dnf' | 'brew'} */ manager) => missing.flatMap((program) => program[manager]).join(' ')
  return `This machine lacks:
${missing.map(({ name }) => `  - ${name}`).join('\n')}

Install what is missing and run this again:
  Debian, Ubuntu   sudo apt-get install --no-install-recommends ${packages('apt')}
  Fedora           sudo dnf install ${packages('dnf')}
  macOS            brew install ${packages('brew')}

Or run everything in containers:
  cp .env.example .env    (then set the passwords in it)
  docker compose up`
}
