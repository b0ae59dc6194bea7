/** Runs the test suite against a private Redis and MariaDB. Arguments go to tap: `npm test -- test/flush.test.ts`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureTestPrograms } from './lib/install.mjs'
import { own } from './lib/lifecycle.mjs'
import { main } from './lib/main.mjs'
import { startMariadb } from './lib/mariadb.mjs'
import { sendSignal } from './lib/processes.mjs'
import { step } from './lib/progress.mjs'
import { packageCommand, ROOT } from './lib/project.mjs'
import { makeTestUsers } from './lib/redis-users.mjs'
import { startRedis } from './lib/redis.mjs'
import { run } from './lib/run.mjs'
import { temporaryDirectory } from './lib/temporary.mjs'

await main(async () => {
  await ensureTap()
  await ensureTestPrograms()
  const directory = await temporaryDirectory()
  const redis = await step('Starting Redis', () => startRedis({ directory: join(directory, 'redis'), users: makeTestUsers() }))
  const mariadb = await step('Starting the database', () => (
    // No test fails the machine itself, so that no commit has to wait for the disk.
    startMariadb({ directory: join(directory, 'mariadb'), flushLogAtCommit: 2 })
  ))

  process.exitCode = await runTap(process.argv.slice(2), {
    // The tests' own way in, with all rights. The service under test has those of deploy/redis/users.acl.
    TEST_REDIS_URL: redis.url,
    TEST_MYSQL_URL: mariadb.url,
    // Servers of a test that was killed are found and ended with the directory.
    TMPDIR: directory,
  })
})

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
