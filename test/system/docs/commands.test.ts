import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RowDataPacket } from 'mysql2/promise'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { findPrometheus } from '../../../scripts/lib/prometheus.mjs'
import { ROOT } from '../../../scripts/lib/project.mjs'
import { makeUsers } from '../../../scripts/lib/redis-users.mjs'
import { createApiKey, createKeyring } from '../../../src/auth/api-keys.ts'
import { Environment } from '../../../src/config.ts'
import { createTargets } from '../../../src/webhooks/targets.ts'
import { createTestDatabase, privateDirectory, privateRedis } from '../../helper.ts'
import { startServer } from '../../server-process.ts'
import { webhooks } from '../../webhooks/receiver.ts'
import { commandsOf, wordsOf, type Command } from './commands.ts'
import { against, againstSchema } from './examples.ts'
import { fencesOf, readPages } from './pages.ts'
import { ADDRESS, createShell, type Answer } from './shell.ts'

// A service for each page, on a machine that runs other tests beside it.
t.setTimeout(300_000)

t.test('commands are read as a shell does', async t => {
  const block = 'a 1   # one\n\n# nothing\nb \\\n  "x # y\nz"  # two, more\nc \'d\ne\' | f#g\n'
  t.strictSame(commandsOf(block, 10), [
    { text: 'a 1', comment: 'one', line: 10 },
    { text: 'b \\\n  "x # y\nz"', comment: 'two, more', line: 13 },
    { text: "c 'd\ne' | f#g", comment: '', line: 16 },
  ])
  t.throws(() => commandsOf('a "b\n'), /line 1: a quote/)
})

t.test('examples are compared with what was answered', async t => {
  const example = { ticket_id: 1, version: 5, subject: 'a', request_id: 'x', list: [{ a: null }] }
  t.equal(against(example, { ...example, version: 9, request_id: 'y' }), undefined)
  for (const changed of [{ ticket_id: 2 }, { version: '5' }, { subject: 'b' }, { list: [] }, { list: [{ a: 1 }] }, { more: 1 }]) {
    t.type(against(example, { ...example, ...changed }), 'string', JSON.stringify(changed))
  }
  const answer: Answer = { method: 'GET', path: '/tickets/1', status: 200, body: '' }
  t.type(againstSchema({}, answer), 'string')
  t.match(againstSchema({}, { ...answer, path: '/none' }), /is not described/)
})

type Context = Awaited<ReturnType<typeof createContext>>

/** The service with stores of its own, as the commands of one page find it. Where they send a key, it wants one. */
async function createContext (t: Test, commands: string) {
  const redis = await privateRedis(t, { users: makeUsers() })
  const database = await createTestDatabase(t)
  const { key, entry } = createApiKey('shop', 'read+write+ops')
  const server = startServer(t, {
    REDIS_URL: redis.urlOf('tickets'),
    MYSQL_URL: database.url,
    // A ticket that MySQL refuses is a dead letter after one flush.
    FLUSH_MAX_ATTEMPTS: 1,
    MAX_EVENT_LOOP_DELAY_MS: 86_400_000,
    ...(commands.includes('/webhooks') && { WEBHOOKS: webhooks({ url: 'https://crm.example/hooks/tickets' }) }),
    ...(commands.includes('$KEY') && { API_KEYS: entry }),
  })
  const url = await server.url()
  await server.line(/Server listening/)
  const call = async (method: string, path: string, body?: object) => {
    const response = await fetch(url + path, { method, headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) }, body: body && JSON.stringify(body) })
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`)
  }
  return { sql: database.sql, call, shell: createShell(t, { serviceUrl: url, redis, variables: { KEY: key } }) }
}

const CLOSED = { customer_id: 123, status: 'closed' }

/** What the commands of a page act on, beside what the page itself makes; and what is to be so in the end. */
const STAGES: Record<string, { before?: (context: Context) => Promise<void>, after?: (t: Test, context: Context) => Promise<void> }> = {
  'docs/operate.md': {
    async before ({ sql, call }) {
      await call('POST', '/tickets/1234', { customer_id: 123, status: 'closed' })
      await sql.query('ALTER TABLE wp_support_tickets ADD CONSTRAINT no_vip CHECK (priority <> \'vip\')')
      await call('POST', '/tickets/1300', { customer_id: 123, status: 'closed', priority: 'vip' })
      await call('POST', '/flush', { ticket_ids: [1234, 1300] })
      for (const [seq, fields] of [[17, { status: 'closed' }], [18, { priority: 'low' }]] as const) {
        await sql.query('INSERT INTO wp_support_tickets_journal SET ?', {
          seq,
          ticket_id: 1234,
          partition_index: 0,
          op: 'update',
          fields: JSON.stringify(fields),
          accepted_at: Date.now(),
          idempotency_key: `key-${seq}`,
          fingerprint: 'none',
          operation_index: 0,
          state: 'conflict',
          reason: 'version_conflict',
        })
      }
    },
    async after (t, { sql }) {
      t.strictSame((await sql.query('SELECT seq FROM wp_support_tickets_journal'))[0], [], 'both conflicts are resolved')
    },
  },
  'docs/backup.md': {
    async before ({ call }) {
      await call('POST', '/tickets/1234', CLOSED)
      await call('POST', '/tickets/1235', { customer_id: 9 })
      await call('POST', '/flush', { ticket_ids: [1234] })
    },
    async after (t, { sql, shell }) {
      const [rows] = await sql.query<RowDataPacket[]>('SELECT ticket_id FROM wp_support_tickets ORDER BY ticket_id')
      t.strictSame(rows.map(({ ticket_id: id }) => id as number), [1234, 1235], 'MySQL has again what its backup lacked')
      t.match(readFileSync(join(shell.work, 'tickets.rdb'), 'latin1'), /^REDIS\d{4}/, 'the backup of Redis is one')
    },
  },
}

interface Compose { services: Record<string, { profiles?: string[] }> }

const readCompose = (file: string) => parse(readFileSync(join(ROOT, file), 'utf8'), { merge: true }) as Compose

const PACKAGE = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

/** `docker compose up` and `run`, with options that are known; what they name is there. There is no Docker engine to ask. */
function checkCompose (t: Test, { text }: Command) {
  const words = wordsOf(text).slice(2)
  const named: Record<string, string> = { '--file': 'docker-compose.yml' }
  while (words[0]?.startsWith('--')) named[words.shift()!] = words.shift()!
  const { '--file': file = '', '--profile': profile, '--env-file': envFile, ...others } = named
  t.strictSame(others, {}, 'every option is known')
  t.ok(envFile === undefined || envFile === '.env', '.env is the file of variables')
  const { services } = readCompose(file)
  if (profile !== undefined) t.ok(Object.values(services).some(({ profiles = [] }) => profiles.includes(profile)), `${file} has the profile ${profile}`)
  const [verb, ...rest] = words
  if (verb === 'up') {
    for (const service of rest) t.ok(services[service], `${file} has the service ${service}`)
  } else {
    const [, service = '', program, script = ''] = /^run --rm --no-deps (\w+) (node) (\S+)(?: [\w+]+)*$/.exec(words.join(' ')) ?? []
    t.equal(program, 'node', 'run is called as is known')
    t.ok(services[service], `${file} has the service ${service}`)
    t.ok(existsSync(join(ROOT, script)), `${script} is there`)
  }
}

/** Runs a script of package.json with the arguments as they stand, but for the directory that it writes to. */
function runScript (name: string, args: string[]) {
  return spawnSync('npm', ['run', '--silent', name, '--', ...args], { cwd: ROOT, encoding: 'utf8' })
}

interface Matcher {
  pattern: RegExp
  /** Runs the command beside the service, or looks at what it did there. */
  check?: (t: Test, context: Context, command: Command) => Promise<void> | void
  /** Holds what the command names against what there is, or runs it where no service is needed. */
  look?: (t: Test, command: Command) => void
}

const run = async (t: Test, { shell }: Context, { text }: Command) => {
  const { status, stderr, stdout } = await shell.run(text)
  t.equal(status, 0, `${text}: ${stderr}`)
  return stdout
}

/** All that the pages say. The first that fits is a command's. */
const MATCHERS: Matcher[] = [
  {
    // For real, with the status that stands behind it.
    pattern: /\bcurl\b/,
    async check (t, { shell }, { text, comment }) {
      const expected = Number(/^(\d{3})\b/.exec(comment)?.[1])
      const { status, stderr, answers } = await shell.run(text)
      t.strictSame([status, stderr], [0, ''], text)
      t.match(text, ADDRESS, 'asks the service')
      t.strictSame(answers.map(answer => answer.status), [expected], `${text}: ${answers.map(({ body }) => body).join()}`)
    },
  },
  { pattern: /^redis-cli --rdb tickets\.rdb$/, check: async (t, context, command) => { await run(t, context, command) } },
  { pattern: /^redis-cli --scan .*redis-cli ZADD/, check: async (t, context, command) => { t.match(await run(t, context, command), /^[01]\n/) } },
  {
    pattern: /^export (\w+)=\S+$/,
    look (t, { text }) {
      const [, name = ''] = this.pattern.exec(text)!
      t.ok(name in Environment.properties, `${name} is a variable of the service`)
    },
  },
  // test/system/deploy/compose.test.ts runs it.
  { pattern: /^sh deploy\/secrets\.sh$/, look: t => { t.ok(existsSync(join(ROOT, 'deploy/secrets.sh'))) } },
  { pattern: /^printf 'whsec_%s\\n' "\$\(openssl rand -base64 32\)"$/, look: (t, { text }) => { t.equal(createTargets(webhooks({ url: 'https://crm.example/', secrets: [spawnSync('bash', ['-c', text], { encoding: 'utf8' }).stdout.trim()] })).length, 1) } },
  { pattern: /^openssl rand -hex 24$/, look: (t, { text }) => { t.match(spawnSync('bash', ['-c', text], { encoding: 'utf8' }).stdout, /^[0-9a-f]{48}\n$/) } },
  {
    pattern: /^npm run key -- (\w+) ([\w+]+)$/,
    look (t, { text }) {
      const [, name = '', scopes = ''] = this.pattern.exec(text)!
      const { status, stdout, stderr } = runScript('key', [name, scopes])
      t.equal(status, 0, stderr)
      const [, entry = '', key = ''] = [/^ {2}(\w+:\S+:[0-9a-f]{64})$/m, /^ {2}(tms_\S+)$/m].map(pattern => pattern.exec(stdout)?.[1]).reduce<string[]>((all, each) => [...all, each ?? ''], [''])
      t.match(createKeyring([entry])(key), { name }, 'the entry knows the key')
    },
  },
  {
    pattern: /^npm run certificates -- deploy\/tls((?: [\w-]+)+)$/,
    look (t, { text }) {
      const names = this.pattern.exec(text)![1]!.trim().split(' ')
      const directory = privateDirectory(t)
      t.equal(runScript('certificates', [directory, ...names]).status, 0)
      for (const file of ['ca.crt', 'server.crt', 'server.key']) t.ok(existsSync(join(directory, file)), file)
      const services = ['deploy/compose.sentinel.yml', 'deploy/compose.cluster.yml'].map(file => Object.keys(readCompose(file).services))
      t.ok(services.some(all => names.every(name => all.includes(name))), 'the names are those of one of the files')
    },
  },
  {
    pattern: /^npm (?:run )?([\w:]+)(?: -- .*)?$/,
    look (t, { text }) {
      const [, name = ''] = this.pattern.exec(text)!
      t.ok(name === 'install' || name in PACKAGE.scripts, `${name} is a script`)
    },
  },
  { pattern: /^npm ci --(omit=dev|ignore-scripts)$/, look: t => { t.ok(existsSync(join(ROOT, 'package-lock.json'))) } },
  { pattern: /^node (src\/\w+\.ts)$/, look (t, { text }) { t.ok(existsSync(join(ROOT, this.pattern.exec(text)![1]!)), text) } },
  {
    pattern: /^(?:sudo )?cp (\S+) (\.env|\/etc\/systemd\/system\/)$/,
    look (t, { text }) {
      const [, source = ''] = this.pattern.exec(text)!
      t.ok(existsSync(join(ROOT, source)), source)
    },
  },
  {
    pattern: /^(?:sudo systemctl (?:daemon-reload|enable --now ([\w-]+))|journalctl -u ([\w-]+) -f)$/,
    look (t, { text }) {
      const [, enabled, followed] = this.pattern.exec(text)!
      const unit = enabled ?? followed
      if (unit !== undefined) t.ok(existsSync(join(ROOT, 'deploy/systemd', `${unit}.service`)), `${unit} is a unit`)
      else t.match(text, 'daemon-reload')
    },
  },
  { pattern: /^docker compose /, look: checkCompose },
  {
    pattern: /^promtool test rules deploy\/prometheus\/tests\/\*\.yml$/,
    look (t, { text }) {
      const { promtool } = findPrometheus()!
      const { status, stdout, stderr } = spawnSync('bash', ['-c', text.replace('promtool', promtool)], { cwd: ROOT, encoding: 'utf8' })
      t.equal(status, 0, stdout + stderr)
    },
  },
  {
    pattern: /^mysqldump --single-transaction tickets ((?:\w+ )+)> tickets\.sql$/,
    async check (t, { sql }, { text }) {
      const [rows] = await sql.query<RowDataPacket[]>('SHOW TABLES')
      t.strictSame(this.pattern.exec(text)![1]!.trim().split(' ').sort(), rows.map(row => Object.values(row)[0] as string).sort(), 'every table of the service')
    },
  },
  {
    // The client is not part of what the tests install. An older backup lacks what was flushed since.
    pattern: /^mysql tickets < tickets\.sql$/,
    check: async (_t, { sql }) => { await sql.query('DELETE FROM wp_support_tickets') },
  },
]

const matcherOf = ({ text }: Command) => MATCHERS.find(({ pattern }) => pattern.test(text))

for (const { path, text } of readPages().filter(page => page.path !== 'wordpress/README.md')) {
  const fences = fencesOf(text).map(fence => ({ ...fence, commands: fence.language === 'sh' ? commandsOf(fence.text, fence.line + 1) : [] }))
  const commands = fences.flatMap(fence => fence.commands)
  if (commands.length === 0) continue

  t.test(path, async t => {
    const context = commands.some(command => matcherOf(command)?.check) ? await createContext(t, commands.map(command => command.text).join('\n')) : undefined
    if (context) await STAGES[path]?.before?.(context)
    for (const fence of fences) {
      if (fence.language === 'json') {
        const example = JSON.parse(fence.text) as unknown
        const answer = context?.shell.lastAnswer()
        if (!answer) throw new Error(`${path}:${fence.line} does not stand behind a request`)
        t.equal(againstSchema(example, answer), undefined, `${path}:${fence.line} is as the API is described`)
        t.equal(against(example, JSON.parse(answer.body)), undefined, `${path}:${fence.line} is what was answered`)
      }
      for (const command of fence.commands) {
        const matcher = matcherOf(command)
        if (!matcher) t.fail(`${path}:${command.line}: nothing checks ${command.text}`)
        matcher?.look?.(t, command)
        if (context) await matcher?.check?.(t, context, command)
      }
    }
    if (context) await STAGES[path]?.after?.(t, context)
  })
}
