import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { findExecutables } from '../../../scripts/lib/binaries.mjs'
import { ROOT } from '../../../scripts/lib/project.mjs'
import { startArguments } from '../../../scripts/lib/service.mjs'
import { createApiKey } from '../../../src/auth/api-keys.ts'
import { Environment, loadConfig } from '../../../src/config.ts'
import { privateDirectory } from '../../helper.ts'

const FILE = join(ROOT, 'deploy/systemd/ticket-metadata-service.service')
const text = readFileSync(FILE, 'utf8')

/** What systemd-analyze calls the exposure, times 10: 0 is nothing, 100 everything. "OK" ends at 50. */
const EXPOSURE_MAX = 15

type Unit = Record<string, Record<string, string[]>>

/** Every line is empty, a comment, a section or a directive. A directive may come several times. */
function parseUnit (text: string): Unit {
  const unit: Unit = {}
  let section: Record<string, string[]> = {}
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [, name] = /^\[(\w+)\]$/.exec(line) ?? []
    if (name !== undefined) {
      section = unit[name] ??= {}
      continue
    }
    const [, key, value] = /^([A-Z]\w*)=(.*)$/.exec(line) ?? []
    if (key === undefined || value === undefined) throw new Error(`not a line of a unit: ${line}`)
    const values = section[key] ??= []
    values.push(value)
  }
  return unit
}

const { Unit: general = {}, Service: service = {} } = parseUnit(text)

/** The only value of a directive. */
function one (t: Test, values: string[] | undefined, name: string): string {
  t.equal(values?.length, 1, `${name} stands there once`)
  return values?.[0] ?? ''
}

const variables = Object.fromEntries((service.Environment ?? []).map(each => each.split('=') as [string, string]))
const credentials = Object.fromEntries((service.LoadCredential ?? []).map(each => each.split(':') as [string, string]))
const defaults = loadConfig({})

t.test('starts what the repository has', async t => {
  const [command, ...args] = one(t, service.ExecStart, 'ExecStart').split(' ')
  t.equal(command, '/usr/bin/node')
  const { flags, entry } = startArguments()
  t.strictSame([...args.slice(0, -1), join(ROOT, args.at(-1)!)], [...flags, entry], 'as npm start does')
  t.match(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'), `CMD ${JSON.stringify(['node', ...args]).replaceAll(',', ', ')}\n`, 'and the image')
  t.ok(existsSync(join(ROOT, args.at(-1)!)), 'the file is there')
  t.equal(one(t, service.WorkingDirectory, 'WorkingDirectory'), '/opt/ticket-metadata-service')
})

t.test('sets variables of the service, and secrets by files alone', async t => {
  const known = Object.keys(Environment.properties)
  const { NODE_ENV: mode, NODE_COMPILE_CACHE: cache, ...ofService } = variables
  t.equal(mode, 'production')
  t.equal(cache, `%C/${one(t, service.CacheDirectory, 'CacheDirectory')}`, 'Node may write what it has compiled')
  for (const [name, value] of Object.entries(ofService)) {
    t.ok(name.endsWith('_FILE') && known.includes(name.slice(0, -'_FILE'.length)), `${name} is a variable of the service`)
    const [, credential = ''] = /^%d\/([\w-]+)$/.exec(value) ?? []
    t.equal(credentials[credential], `/etc/ticket-metadata-service/${credential}`, `${name} is a credential`)
  }
  t.equal(Object.keys(credentials).length, Object.keys(ofService).length, 'each credential is used')
  t.equal(one(t, service.EnvironmentFile, 'EnvironmentFile'), '/etc/ticket-metadata-service/environment')
})

t.test('the service reads its credentials', async t => {
  const directory = privateDirectory(t)
  const contents: Record<string, string> = {
    'api-keys': `${createApiKey('shop', 'read+write').entry}\n${createApiKey('reader', 'read').entry}\n`,
    'mysql-url': 'mysql://tickets:secret@db.example/tickets\n',
    'redis-url': 'rediss://tickets:secret@redis.example:6379/0\n',
  }
  t.strictSame(Object.keys(credentials).sort(), Object.keys(contents).sort())
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(directory, name), content)
  const config = loadConfig(Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value.replace('%d', directory)])))
  t.equal(config.API_KEYS.length, 2)
  t.equal(config.MYSQL_URL, contents['mysql-url']!.trim())
  t.equal(config.REDIS_URL, contents['redis-url']!.trim())
})

t.test('leaves the service the time and the files that it needs', async t => {
  t.equal(one(t, service.KillSignal, 'KillSignal'), 'SIGTERM')
  t.ok(Number(one(t, service.TimeoutStopSec, 'TimeoutStopSec')) * 1000 > defaults.SHUTDOWN_GRACE_MS, 'it is not killed within its grace')
  t.ok(Number(one(t, service.LimitNOFILE, 'LimitNOFILE')) > defaults.MAX_CONNECTIONS, 'each connection is a file')
  t.equal(one(t, service.MemoryDenyWriteExecute, 'MemoryDenyWriteExecute'), 'no', 'V8 compiles at run time')
})

t.test('does not start an invalid configuration for ever', async t => {
  t.equal(one(t, service.Restart, 'Restart'), 'on-failure')
  const burst = Number(one(t, general.StartLimitBurst, 'StartLimitBurst'))
  const interval = Number(one(t, general.StartLimitIntervalSec, 'StartLimitIntervalSec'))
  const pause = Number(one(t, service.RestartSec, 'RestartSec'))
  t.ok(burst > 1 && pause > 0)
  // Started at 0, pause, 2 * pause, ...: the last of them must lie in the interval, or the limit is never reached.
  t.ok((burst - 1) * pause < interval / 2, 'the limit is reached, however slowly the service starts')
})

const [analyze] = findExecutables(['systemd-analyze'])

t.test('systemd', { skip: analyze === undefined && 'there is no systemd-analyze on this machine' }, async t => {
  /** @returns what systemd says of a unit under the name of ours, on a machine where Node may stand elsewhere */
  const complaints = (t: Test, text: string) => {
    const file = join(privateDirectory(t), basename(FILE))
    writeFileSync(file, text.replace('/usr/bin/node', process.execPath))
    const { status, stdout, stderr } = spawnSync(analyze!, ['verify', '--no-pager', file], { encoding: 'utf8' })
    return { status, lines: (stdout + stderr).split('\n').filter(line => line.includes(basename(FILE))) }
  }

  t.test('knows every directive and value', async t => {
    t.strictSame(complaints(t, text), { status: 0, lines: [] })
  })

  t.test('would complain of a mistake', async t => {
    t.match(complaints(t, text.replace('ProtectHome=yes', 'ProtectHomes=yes')).lines.join('\n'), /ProtectHomes/)
    t.match(complaints(t, text.replace('SystemCallFilter=@system-service', 'SystemCallFilter=@no-such-set')).lines.join('\n'), /no-such-set/)
  })

  t.test('finds it little exposed', async t => {
    const security = (file: string) => spawnSync(analyze!, ['security', '--offline=true', '--no-pager', `--threshold=${EXPOSURE_MAX}`, file], { encoding: 'utf8' })
    const { status, stdout, stderr } = security(FILE)
    if (status !== 0) t.comment(stdout + stderr)
    t.equal(status, 0, 'below the threshold')
    const open = join(privateDirectory(t), 'open.service')
    writeFileSync(open, '[Service]\nExecStart=/bin/true\n')
    t.not(security(open).status, 0, 'a unit without limits is above the threshold')
  })
})
