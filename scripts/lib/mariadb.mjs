/** A private MariaDB (or MySQL). */
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { userInfo } from 'node:os'
import { findMariadb, findMariadbInstaller } from './binaries.mjs'
import { LOOPBACK, probe } from './loopback.mjs'
import { Failure } from './main.mjs'
import { ROOT } from './project.mjs'
import { run } from './run.mjs'
import { inShell, ownDirectory, startServer } from './server.mjs'

const USER = 'tickets'
const DATABASE = 'tickets'
const RIGHTS = join(ROOT, 'deploy', 'mysql', 'rights.sql')
/** Of servers that start from a template, so that there is little to copy. MySQL has it under another name by now. */
const SMALL_LOG = '--loose-innodb-log-file-size=16M'
/** The first byte after the packet header of a MySQL server's greeting. */
const PROTOCOL_VERSION = 10

/**
 * @typedef {object} MariadbOptions
 * @property {string} directory holds the data, the socket and the log
 * @property {string} [template] what createTemplate made, to start from a copy: that takes a tenth of the time
 * @property {0 | 1 | 2} [flushLogAtCommit] 1, the default, keeps each commit even when the machine fails; 0 and 2 are faster
 * @property {number} [bufferPoolBytes] default: 64 MB, enough for what tests write
 * @property {string} [defaultsFile] the only file that mariadbd reads its options from; default: none
 * @property {string[]} [args] more options of mariadbd
 * @property {boolean} [isProduction] the user has the rights of deploy/mysql/rights.sql; default: all, for tests, which create more
 *   databases and users
 */

/**
 * @typedef {object} Access
 * @property {string} url
 * @property {string} user
 * @property {string} password
 * @property {string} database
 * @property {string} client the command that opens a prompt. Its password is in a file that only this user can read
 */

/**
 * Starts MariaDB, or MySQL where the machine has only that, with a database `tickets` and a user. The password is another one each
 * time; root has no way in over TCP. No statement reads or writes a file of this machine, whatever the user may do.
 * @param {MariadbOptions} options
 * @returns {Promise<import('./server.mjs').Server & Access>}
 */
export async function startMariadb ({ directory, template, flushLogAtCommit = 1, bufferPoolBytes = 64 * 2 ** 20, defaultsFile, args = [], isProduction = false }) {
  const binary = requireMariadb()
  const path = ownDirectory(directory)
  const password = randomBytes(16).toString('hex')
  const data = join(path, 'data')
  const isMysql = binary.product === 'mysql'
  const initFile = join(path, 'init.sql')

  // A server that starts removes what looks like its own in here: each needs one for itself.
  const temporary = join(path, 'tmp')
  mkdirSync(temporary, { recursive: true })
  if (!existsSync(data)) {
    if (template) cpSync(template, data, { recursive: true })
    else await createData(binary, data, temporary)
  }
  // The server runs it before it takes connections, at each start. Only this user can read it.
  writeFileSync(initFile, accountSql(password, isProduction), { mode: 0o600 })
  const files = ownDirectory(join(path, 'files'))
  const server = await startServer({
    name: isMysql ? 'MySQL' : 'MariaDB',
    directory: path,
    command: binary.path,
    args: (port) => [
      defaultsFile ? `--defaults-file=${defaultsFile}` : '--no-defaults',
      ...asUser(),
      `--datadir=${data}`,
      `--tmpdir=${temporary}`,
      // Relative to the data directory: the full path could be longer than a socket's name may be.
      '--socket=server.sock',
      `--port=${port}`,
      `--bind-address=${LOOPBACK}`,
      '--skip-name-resolve',
      `--init-file=${initFile}`,
      '--character-set-server=utf8mb4',
      `--innodb-flush-log-at-trx-commit=${flushLogAtCommit}`,
      `--innodb-buffer-pool-size=${bufferPoolBytes}`,
      '--performance-schema=OFF',
      ...(template ? [SMALL_LOG] : []),
      // For MariaDB it cannot be NULL: files are read and written in a directory that is empty.
      `--secure-file-priv=${isMysql ? 'NULL' : files}`,
      ...(isMysql ? ['--skip-log-bin', '--mysqlx=OFF'] : []),
      ...args,
    ],
    mark: data,
    isReady: (port) => probe(port, '', (answer) => answer[4] === PROTOCOL_VERSION),
  })
  // Not as an argument, which every process of the machine can read. What the user's own files say does not count.
  const clientFile = join(path, 'client.cnf')
  writeFileSync(clientFile, `[client]\nhost=${LOOPBACK}\nport=${server.port}\nuser=${USER}\npassword=${password}\n`, { mode: 0o600 })
  return Object.assign(server, {
    user: USER,
    password,
    database: DATABASE,
    url: `mysql://${USER}:${password}@${LOOPBACK}:${server.port}/${DATABASE}`,
    client: `${isMysql ? 'mysql' : 'mariadb'} --defaults-file=${inShell(clientFile)} ${DATABASE}`,
  })
}

/**
 * Creates the data directory of a server that nobody has used yet.
 * @param {string} directory
 * @returns {Promise<string>} the template for startMariadb
 */
export async function createTemplate (directory) {
  const path = ownDirectory(directory)
  const data = join(path, 'data')
  await createData(requireMariadb(), data, path, [SMALL_LOG])
  return data
}

function requireMariadb () {
  const binary = findMariadb()
  if (!binary) throw new Error('there is neither mariadbd nor mysqld on this machine')
  return binary
}

/**
 * Builds the data directory beside its place, so that an interrupted start leaves nothing half done.
 * @param {import('./binaries.mjs').Binary} binary
 * @param {string} data
 * @param {string} temporary
 * @param {string[]} [args] more options of mariadbd
 */
async function createData (binary, data, temporary, args = []) {
  const draft = `${data}.new`
  rmSync(draft, { recursive: true, force: true })
  if (binary.product === 'mysql') {
    // Not --initialize-insecure: root gets a password that nobody needs.
    await run(binary.path, ['--no-defaults', ...asUser(), '--initialize', `--datadir=${draft}`, `--tmpdir=${temporary}`, ...args]).catch(explainPermission)
  } else {
    await run(findMariadbInstaller(binary), [
      '--no-defaults', ...asUser(), `--datadir=${draft}`, '--skip-test-db', '--auth-root-authentication-method=socket', ...args,
    ], { env: { ...process.env, TMPDIR: temporary } })
  }
  renameSync(draft, data)
}

/**
 * @param {Error} error
 * @returns {never}
 */
function explainPermission (error) {
  if (!/permission denied|errno 13\b/i.test(error.message)) throw error
  throw new Failure(`${error.message}

Ubuntu's AppArmor profile keeps mysqld out of all directories but its own and /tmp. Use "docker compose up" instead,
or lift the profile for now: sudo aa-complain /usr/sbin/mysqld (from the package apparmor-utils).`)
}

/** Both refuse to run as root unless told to. */
function asUser () {
  return process.getuid?.() === 0 ? [`--user=${userInfo().username}`] : []
}

/**
 * @param {string} password
 * @param {boolean} isProduction
 */
function accountSql (password, isProduction) {
  const account = `'${USER}'@'${LOOPBACK}'`
  const rights = readFileSync(RIGHTS, 'utf8').replaceAll(/^--.*\n/gm, '').replaceAll(`'${USER}'@'%'`, account)
  return [
    // It is this server's own: a replica has another password.
    'SET SESSION sql_log_bin = 0;',
    `CREATE DATABASE IF NOT EXISTS ${DATABASE};`,
    `CREATE USER IF NOT EXISTS ${account};`,
    `ALTER USER ${account} IDENTIFIED BY '${password}';`,
    isProduction ? rights : `GRANT ALL ON *.* TO ${account} WITH GRANT OPTION;`,
  ].join('\n') + '\n'
}
