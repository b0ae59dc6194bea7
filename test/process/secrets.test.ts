import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { createService, createStores } from '../helper.ts'

/** Looks like a password, and stands nowhere else. */
const CANARY = 'canary-Zq7xW2'

/** A program of src/ to its end: its status, and all that it has written. */
async function run (t: Test, file: string, args: string[], variables: Record<string, string>) {
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const program = fileURLToPath(new URL(`../../src/${file}`, import.meta.url))
  const child = spawn(process.execPath, [program, ...args], { cwd: t.testdir(), env: { PATH, NODE_COMPILE_CACHE, ...variables } })
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { status: status as number, lines: (stdout + stderr).trim().split('\n') }
}

// test/unit/secrets.test.ts holds every variable and its errors against the same rule: what is written is their message.
t.test('a value that will not do: status 1, one line that names its variable, and nothing of the value', async t => {
  const value = join(t.testdir({ value: `${CANARY}\n${CANARY}\n` }), 'value')
  for (const [name, variables] of [
    ['REDIS_PASSWORD_FILE', { REDIS_PASSWORD_FILE: value }],
    ['MYSQL_URL', { MYSQL_URL: `mysql://u@h/db?ssl=${CANARY}` }],
    ['REDIS_TLS_CA_FILE', { REDIS_TLS_CA_FILE: CANARY }],
    // What createKeyring refuses is refused later.
    ['API_KEYS', { API_KEYS: `tms_${CANARY}` }],
  ] as const) {
    const { status, lines } = await run(t, 'server.ts', [], variables)
    t.match({ status, lines }, { status: 1, lines: [new RegExp(`^ticket-metadata-service cannot start: ${name} `)] }, name)
    t.equal(lines.length, 1, name)
    t.notMatch(lines.join(''), CANARY, name)
  }
})

t.test('npm run migrate: likewise, and when MySQL refuses the password', async t => {
  const refused = await run(t, 'migrate.ts', [], { MYSQL_URL: `mysql://u:${CANARY}%zz@h/db` })
  t.match(refused, { status: 1, lines: [/^the schema cannot be migrated: MYSQL_URL /] })
  t.equal(refused.lines.length, 1)
  t.notMatch(refused.lines.join(''), CANARY)

  const url = new URL((await createStores(t)).variables.MYSQL_URL as string)
  url.password = ''
  const denied = await run(t, 'migrate.ts', [], { MYSQL_URL: url.href, MYSQL_PASSWORD: CANARY })
  t.match(denied, { status: 1, lines: [/could not be migrated: .*Access denied/] })
  t.notMatch(denied.lines.join(''), CANARY)
})

t.test('npm run key: who gives it a key by mistake does not see it again', async t => {
  for (const args of [[`${CANARY}:x`, 'read'], ['shop', CANARY], [CANARY], [CANARY, 'read', CANARY], [CANARY, CANARY]]) {
    const { status, lines } = await run(t, 'key.ts', args, {})
    t.equal(status, 1)
    t.notMatch(lines.join(''), CANARY, args.join(' '))
  }
})

t.test('passwords of a service that runs: MySQL and Redis refuse them, and no line and no page shows them', async t => {
  const stores = await createStores(t)
  const [redisUrl, mysqlUrl] = [new URL(stores.variables.REDIS_URL as string), new URL(stores.variables.MYSQL_URL as string)]
  mysqlUrl.password = ''
  const { call, lines } = await createService(t, {
    LOG_LEVEL: 'trace', MYSQL_URL: mysqlUrl.href, MYSQL_PASSWORD: CANARY, REDIS_URL: redisUrl.href, REDIS_PASSWORD: CANARY,
  }, stores)
  await checkSilence(t, call, lines.raw)
  t.ok(lines.raw.some(line => line.includes('WRONGPASS')), 'Redis was asked')
  t.ok(lines.raw.some(line => line.includes('Access denied')), 'MySQL was asked')
})

t.test('a server that repeats what it was sent, as Redis does with a command that it does not know', async t => {
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', data => {
      const words = data.toString().split('\r\n').filter(word => !/^[*$]/.test(word)).map(word => `'${word}'`)
      socket.write(`-ERR unknown command ${words[0]}, with args beginning with: ${words.slice(1).join(' ')}\r\n`.repeat(4))
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => { server.close() })
  const { port } = server.address() as { port: number }
  const { call, lines } = await createService(t, { LOG_LEVEL: 'trace', REDIS_URL: `redis://tickets:${CANARY}@127.0.0.1:${port}/0` })
  await checkSilence(t, call, lines.raw)
  t.ok(lines.raw.some(line => /unknown command/.test(line)), 'it was asked')
})

async function checkSilence (t: Test, call: (method: 'GET' | 'POST', url: string, body?: unknown) => Promise<{ text: string }>, raw: string[]) {
  for (const url of ['/ops', '/health/ready', '/health/live', '/metrics', '/openapi.json', '/flush', '/journal', '/tickets/1', '/resync']) {
    t.notMatch((await call('GET', url)).text, CANARY, url)
  }
  t.notMatch((await call('POST', '/tickets/1', { customer_id: 1 })).text, CANARY)
  t.notMatch((await call('POST', '/flush')).text, CANARY)
  t.strictSame(raw.filter(line => line.includes(CANARY)), [])
}
