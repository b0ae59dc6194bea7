/** Certificates for tests and for a first try of deploy/: a CA of one's own, as `openssl` makes it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findExecutables } from './binaries.mjs'
import { LOOPBACK } from './loopback.mjs'
import { run } from './run.mjs'
import { ownDirectory } from './server.mjs'

/** Long enough for whatever is started with them once, and short enough that nobody forgets they are makeshift. */
const DAYS = 365
/** In the format of `openssl ca`, which alone takes dates on OpenSSL 3.0 and on LibreSSL. */
const EXPIRED = { from: '20200101000000Z', to: '20200102000000Z' }

/**
 * @typedef {object} Pair
 * @property {string} certificate path
 * @property {string} key path
 */

/**
 * @typedef {Pair & { ca: string, expired: Pair, foreign: Pair & { ca: string } }} Certificates paths of PEM files, for
 *   127.0.0.1, localhost and the names asked for: signed by `ca`; by the same, and out of date; and right in everything,
 *   but by a CA nobody has heard of
 */

/** @returns {string | undefined} */
export function findOpenssl () {
  return findExecutables(['openssl'])[0]
}

/**
 * @param {object} options
 * @param {string} options.directory
 * @param {string[]} [options.names] host names besides localhost
 * @returns {Promise<Certificates>}
 */
export async function makeCertificates ({ directory, names = [] }) {
  const path = ownDirectory(directory)
  const [own, foreign] = await Promise.all([makeAuthority(path), makeAuthority(join(path, 'foreign'))])
  return {
    ca: own.ca,
    ...await own.sign('server', names),
    expired: await own.sign('expired', names, EXPIRED),
    foreign: { ca: foreign.ca, ...await foreign.sign('server', names) },
  }
}

/**
 * @param {object} options
 * @param {string} options.directory
 * @param {string[]} [options.names] host names besides localhost
 * @returns {Promise<Pair & { ca: string }>}
 */
export async function makeServerCertificate ({ directory, names = [] }) {
  const { ca, sign } = await makeAuthority(ownDirectory(directory))
  return { ca, ...await sign('server', names) }
}

/** @param {string} directory */
async function makeAuthority (directory) {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const ca = join(directory, 'ca.crt')
  const caKey = join(directory, 'ca.key')
  await openssl(['req', '-x509', '-sha256', '-days', String(DAYS), '-subj', '/CN=ticket-metadata CA', ...newKey(caKey), '-out', ca])
  return { ca, sign }

  /**
   * @param {string} name of the files
   * @param {string[]} names
   * @param {{ from: string, to: string }} [valid]
   * @returns {Promise<Pair>}
   */
  async function sign (name, names, valid) {
    const file = (/** @type {string} */ ending) => join(directory, `${name}.${ending}`)
    // What `openssl ca` wants to know about its certificates; a new one each time, as no list of them is kept.
    writeFileSync(file('index'), '')
    writeFileSync(file('cnf'), [
      '[ca]', 'default_ca = this',
      '[this]', `database = ${file('index')}`, `new_certs_dir = ${directory}`, 'rand_serial = yes', 'default_md = sha256', 'policy = any', 'x509_extensions = server',
      '[any]', 'commonName = supplied',
      '[server]', 'basicConstraints = CA:FALSE', 'extendedKeyUsage = serverAuth, clientAuth',
      `subjectAltName = IP:${LOOPBACK}, ${['localhost', ...names].map((each) => `DNS:${each}`).join(', ')}`,
    ].join('\n') + '\n')
    await openssl(['req', '-new', '-subj', '/CN=localhost', ...newKey(file('key')), '-out', file('csr')])
    await openssl([
      'ca', '-batch', '-notext', '-config', file('cnf'), '-cert', ca, '-keyfile', caKey, '-in', file('csr'), '-out', file('crt'),
      ...(valid ? ['-startdate', valid.from, '-enddate', valid.to] : ['-days', String(DAYS)]),
    ])
    return { certificate: file('crt'), key: file('key') }
  }
}

/** @param {string} file */
function newKey (file) {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file]
}

/** @param {string[]} args */
async function openssl (args) {
  const command = findOpenssl()
  if (!command) throw new Error('there is no openssl on this machine')
  await run(command, args)
}
