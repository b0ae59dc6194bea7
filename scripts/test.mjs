/**
 * Runs a suite of tests against a private Redis and MariaDB: `scripts/test.mjs SUITE [ARGUMENT...]`. Arguments go to tap;
 * files and directories among them take the place of the suite's: `npm test -- test/sync --bail`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { ensureTestPrograms } from './lib/install.mjs'
import { own } from './lib/lifecycle.mjs'
import { Failure, main } from './lib/main.mjs'
import { createTemplate, startMariadb } from './lib/mariadb.mjs'
import { sendSignal } from './lib/processes.mjs'
import { step } from './lib/progress.mjs'
import { packageCommand, ROOT } from './lib/project.mjs'
import { makeTestUsers } from './lib/redis-users.mjs'
import { startRedis } from './lib/redis.mjs'
import { run } from './lib/run.mjs'
import { temporaryDirectory } from './lib/temporary.mjs'

/** What needs more than Redis, a database and openssl, or takes minutes. */
const SYSTEM = ['test/system/**/*.test.ts']

/** @type {Record<string, { include: string[], exclude?: string[] }>} */
const SUITES = {
  service: { include: ['test/**/*.test.ts'], exclude: SYSTEM },
  system: { include: SYSTEM },
  faults: { include: ['test/faults/*.test.ts', 'test/system/faults/*.test.ts'] },
}

await main(async () => {
  const [suite = '', ...args] = process.argv.slice(2)
  const paths = args.filter(isPath)
  const files = paths.length > 0 ? filesIn(paths) : filesOf(suite)

  await ensureTap()
  await ensureTestPrograms(files)
  const directory = await temporaryDirectory()
  const redis = await step('Starting Redis', () => startRedis({ directory: join(directory, 'redis'), users: makeTestUsers() }))
  const template = await step('Creating a database', () => createTemplate(join(directory, 'template')))
  const mariadb = await step('Starting the database', () => (
    // No test fails the machine itself, so that no commit has to wait for the disk.
    startMariadb({ directory: join(directory, 'mariadb'), template, flushLogAtCommit: 2 })
  ))

  process.exitCode = await runTap([...args.filter((arg) => !isPath(arg)), ...files], {
    // The tests' own way in, with all rights. The service under test has those of deploy/redis/users.acl.
    TEST_REDIS_URL: redis.url,
    TEST_MYSQL_URL: mariadb.url,
    TEST_MYSQL_TEMPLATE: template,
    // Half of the time that a file takes to start is the compiling of what it imports.
    NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/test-compile-cache'),
    // Servers of a test that was killed are found and ended with the directory.
    TMPDIR: directory,
  })
})

/** @param {string} arg */
function isPath (arg) {
  return !arg.startsWith('-') && (arg.includes('/') || arg.endsWith('.ts'))
}

/** @param {string} suite */
function filesOf (suite) {
  const patterns = SUITES[suite]
  if (!patterns) throw new Failure(`There is no suite ${suite}: ${Object.keys(SUITES).join(', ')}`)
  return globSync(patterns.include, { cwd: ROOT, exclude: patterns.exclude })
}

/**
 * @param {string[]} paths files, directories (for all tests below) and patterns
 * @returns {string[]}
 */
function filesIn (paths) {
  const files = paths.flatMap((path) => {
    const isDirectory = statSync(join(ROOT, path), { throwIfNoEntry: false })?.isDirectory()
    return globSync(isDirectory ? posix.join(path, '**/*.test.ts') : path, { cwd: ROOT })
  })
  if (files.length === 0) throw new Failure(`No test is in ${paths.join(', ')}`)
  return files
}

/**
 * Leaves out the plugin of tap that compiles TypeScript, which Node runs as it is. tap would build itself anew at its
 * first run, too, but start the tests of that run with the plugins that it had before (tap 21.8).
 */
async function ensureTap () {
  const built = readFileSync(join(ROOT, 'node_modules/@tapjs/test/test-built/dist/esm/index.js'), 'utf8')
  if (!built.includes('@tapjs/typescript')) return
  await step('Putting tap together', () => run(packageCommand('tap'), ['build'], { cwd: ROOT }))
}

/**
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @returns {Promise<number>} its exit status
 */
async function runTap (args, env) {
  const tap = spawn(packageCommand('tap'), args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: 'inherit',
    // tap alone would wait for its test files on a signal: with a group of their own, it reaches them too.
    detached: true,
  })
  const exited = once(tap, 'exit')
  const end = () => { if (tap.pid) sendSignal(-tap.pid, 'SIGTERM') }
  const release = own({
    stop: () => {
      end()
      return exited
    },
    abandon: end,
  })
  const [status] = await exited
  release()
  return status ?? 1
}
