import { spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { DEPLOY } from '../../../scripts/lib/redis-users.mjs'
import { loadConfig } from '../../../src/config.ts'
import { privateDirectory } from '../../helper.ts'

/** A script of deploy/redis, with nothing in its environment that a test did not put there. */
function run (script: string, args: string[], variables: Record<string, string>) {
  return spawnSync('sh', [join(DEPLOY, script), ...args], { encoding: 'utf8', env: { PATH: process.env.PATH, ...variables } })
}

t.test('a file with a password is one password to the scripts and to the service', async t => {
  const file = join(privateDirectory(t), 'password')
  for (const content of ['secret', 'secret\n', 'secret\r\n', 'secret\r', 'secret\n\n', '\u{feff}secret\n', ' a b \n', 'a"b\\c&|\n', 'tab\t\n']) {
    writeFileSync(file, content)
    const password = loadConfig({ REDIS_PASSWORD_FILE: file }).REDIS_PASSWORD!
    const { status, stdout } = run('users.sh', [join(DEPLOY, 'users.acl')], { TICKETS_PASSWORD_FILE: file })
    t.equal(status, 0)
    t.match(stdout, `user tickets on #${hash('sha256', password)} `, JSON.stringify(content))
  }
})

t.test('a file of two lines is refused by all of them, before anything is started or written', async t => {
  const directory = privateDirectory(t)
  const [file, state] = [join(directory, 'password'), join(directory, 'state')]
  mkdirSync(state)
  for (const content of ['one\ntwo\n', 'one\r\ntwo', 'one\rtwo', '\nsecret']) {
    writeFileSync(file, content)
    t.throws(() => loadConfig({ REDIS_PASSWORD_FILE: file }), { message: /of 2 lines/ })
    for (const [script, args, name] of [
      ['users.sh', [join(DEPLOY, 'users.acl')], 'TICKETS_PASSWORD'], ['start.sh', ['redis.conf'], 'REPLICA_PASSWORD'], ['start.sh', ['sentinel.conf'], 'SENTINEL_PASSWORD'],
      ['start.sh', ['redis.conf'], 'TICKETS_PASSWORD'], ['form-cluster.sh', ['1', '127.0.0.1:1'], 'ADMIN_PASSWORD'],
    ] as const) {
      const { status, stderr } = run(script, [...args], { STATE_DIRECTORY: state, REDIS_SERVER: 'true', REDIS_CLI: 'true', [`${name}_FILE`]: file })
      t.not(status, 0, `${script} ${name}`)
      t.match(stderr, `${name} must be one line`)
      t.notMatch(stderr, /one\n|two|secret/)
    }
    t.notOk(existsSync(join(state, 'redis.conf')) || existsSync(join(state, 'sentinel.conf')), 'no configuration is written')
  }
})

t.test('without a password, or without its file, the scripts say so', async t => {
  t.match(run('form-cluster.sh', ['1', '127.0.0.1:1'], { REDIS_CLI: 'true' }), { status: 2, stderr: /set ADMIN_PASSWORD_FILE/ })
  t.not(run('users.sh', [join(DEPLOY, 'users.acl')], { TICKETS_PASSWORD_FILE: '/nowhere' }).status, 0)
})
