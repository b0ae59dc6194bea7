import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeCertificates } from '../../scripts/lib/certificates.mjs'
import { startSentinelSet } from '../../scripts/lib/sentinel-set.mjs'
import { createService, createStores, eventually, privateDirectory, privateMariadb, privateRedis, type AnyStores, type Service } from '../helper.ts'
import { createSetStores } from '../redis-sets.ts'
import { startServer } from '../server-process.ts'

const WRONG = 'not-the-password-0123456789'

/** Attempts and complaints have pauses between them, which grow: a busy loop would have thousands of lines. */
const LINES_PER_SECOND_MAX = 20

interface Expected {
  side: 'redis' | 'mysql'
  state?: 'down' | 'comparing'
  /** All of what GET /health/ready says of it. */
  reason: RegExp
  /** What a line of the log says. */
  log: RegExp
  /** Of a create: 202 is the journal. */
  status: number
  secrets: readonly string[]
}

type Checked = Pick<Service, 'app' | 'call' | 'lines'>

/** What a line says, with its causes. */
function textOf ({ msg, reason, err }: { msg?: unknown, reason?: unknown, err?: unknown }): string {
  const { message, cause } = (err ?? {}) as { message?: string, cause?: object }
  return [msg, reason, message, cause && textOf({ err: cause })].join(' ')
}

async function check (t: Test, { call, lines }: Checked, { side, state = 'down', reason, log, status, secrets }: Expected) {
  const ready = await eventually(async () => {
    const answer = await call('GET', '/health/ready')
    const { [side]: { state: found, reason: why } } = answer.body
    if (found !== state || why === undefined) throw new Error(answer.text)
    return answer
  })
  t.equal(ready.status, 200, 'the other one stands in')
  t.match(ready.body[side].reason, reason, 'GET /health/ready says why')
  t.ok(await lines.waitFor(line => line.level >= 40 && log.test(textOf(line))), 'the log says why')
  const write = await call('POST', '/tickets/1', { customer_id: 1 })
  t.equal(write.status, status, 'a write is taken')
  t.equal((await call('GET', '/tickets/1')).status, 200, 'and read')
  const answers = ready.text + write.text
  const said = answers + lines.all.map(line => JSON.stringify(line)).join('\n')
  t.strictSame(secrets.filter(secret => said.includes(secret)), [], 'no password is told to anyone')
  t.notMatch(answers, /127\.|localhost|tickets@|:\d{4,5}\b(?!,)/, 'nor a host to callers')
}

const untilReady = ({ call }: Checked) => eventually(async () => {
  const { body, text } = await call('GET', '/health/ready')
  if (body.status !== 'ready') throw new Error(text)
})

t.test('Redis', async t => {
  const server = await privateRedis(t)
  const secrets = [server.password, WRONG]
  const setUser = async (stores: Awaited<ReturnType<typeof createStores>>, ...rules: string[]) => { await stores.redis.call('ACL', 'SETUSER', 'tickets', ...rules) }

  t.test('a wrong password: the service recovers when it becomes the right one', async t => {
    const stores = await createStores(t, { redis: server.url })
    const url = new URL(String(stores.variables.REDIS_URL))
    url.password = WRONG
    const service = await createService(t, { REDIS_URL: url.href }, stores)
    await check(t, service, { side: 'redis', reason: /^WRONGPASS$/, log: /WRONGPASS/, status: 202, secrets })
    await setUser(stores, `>${WRONG}`)
    await untilReady(service)
    t.match(await service.hash(1), { customer_id: '1' }, 'what was journaled is there')
    await setUser(stores, `<${WRONG}`)
  })

  t.test('FALLBACK=off: 503, surely not applied', async t => {
    const stores = await createStores(t, { redis: server.url })
    const { call } = await createService(t, { FALLBACK: 'off', REDIS_PASSWORD: WRONG, REDIS_USERNAME: 'tickets' }, stores)
    t.match(await call('POST', '/tickets/1', { customer_id: 1 }), { status: 503, headers: { 'retry-after': /\d/ }, body: { code: 'store_unavailable' } })
    t.match(await call('GET', '/health/ready'), { status: 503, body: { status: 'unavailable', redis: { state: 'down', reason: 'WRONGPASS' } } })
  })

  for (const [rights, reason, log] of [
    [['eval', 'evalsha'], /^NOPERM$/, /NOPERM.*'eval/],
    [['info'], /^can't run this command$/, /NOPERM.*'info'/],
    [['time'], /^can't run this command$/, /NOPERM.*'time'/],
  ] as const) {
    t.test(`a user without ${rights.join(' and ')}: the service recovers when the right is granted`, async t => {
      const stores = await createStores(t, { redis: server.url })
      await setUser(stores, ...rights.map(right => `-${right}`))
      const service = await createService(t, {}, stores)
      await check(t, service, { side: 'redis', state: 'comparing', reason, log, status: 202, secrets })
      await setUser(stores, ...rights.map(right => `+${right}`))
      await untilReady(service)
      t.match(await service.hash(1), { customer_id: '1' }, 'what was journaled is there')
    })
  }
})

t.test('a user who may not do what only a write needs: nothing is half done', async t => {
  const server = await privateRedis(t)
  for (const [right, log] of [['zadd', /can't run this command/], ['hset', /failed in the middle.*its own log/]] as const) {
    const stores = await createStores(t, { redis: server.url })
    const { call, hash, due, lines } = await createService(t, {}, stores)
    await stores.redis.call('ACL', 'SETUSER', 'tickets', `-${right}`)
    t.match(await call('POST', '/tickets/1', { customer_id: 1 }), { status: 503, body: { code: 'outcome_unknown' } }, `without ${right}`)
    t.ok(await lines.waitFor(line => line.level >= 40 && log.test(textOf(line))), 'the log says where to look')
    t.match(String(await stores.redis.call('ACL', 'LOG')), right, 'and Redis what it was')
    t.strictSame(await hash(1), {}, 'no ticket without a mark')
    await stores.redis.call('ACL', 'SETUSER', 'tickets', `+${right}`)
    await stores.redis.call('ACL', 'LOG', 'RESET')
    t.equal((await call('POST', '/tickets/1', { customer_id: 1 })).status, 201, 'with it')
    t.not(await due(1), null)
  }
})

t.test('TLS of Redis', async t => {
  const { ca, certificate, key, expired, foreign } = await makeCertificates({ directory: join(privateDirectory(t), 'tls') })
  for (const [name, certificates, trusted, reason] of [
    ['an expired certificate', { ca, ...expired }, ca, /^CERT_HAS_EXPIRED$/],
    ['a certificate of another CA', { ca, certificate, key }, foreign.ca, /^SELF_SIGNED_CERT_IN_CHAIN$/],
  ] as const) {
    t.test(name, async t => {
      const server = await privateRedis(t, { tls: { certificates, plain: true } })
      const stores = await createStores(t, { redis: server.url })
      const url = new URL(String(stores.variables.REDIS_URL))
      url.protocol = 'rediss:'
      url.port = String(server.tlsPort)
      const service = await createService(t, { REDIS_URL: url.href, REDIS_TLS_CA_FILE: trusted }, stores)
      await check(t, service, { side: 'redis', reason, log: /certificate/, status: 202, secrets: [server.password] })
    })
  }
})

t.test('Sentinel: a wrong password for it', async t => {
  const set = await startSentinelSet({ directory: privateDirectory(t), replicas: 0, sentinels: 1 })
  t.teardown(() => set.stop())
  const stores: AnyStores = await createSetStores(t, set)
  const service = await createService(t, { REDIS_SENTINEL_PASSWORD: WRONG }, stores)
  await check(t, service, { side: 'redis', reason: /^WRONGPASS$/, log: /sentinel.*WRONGPASS/, status: 202, secrets: [...Object.values(set.passwords), WRONG] })
  await set.call(set.sentinels[0]!, 'ACL', 'SETUSER', 'tickets', `>${WRONG}`)
  await untilReady(service)
  t.match(await service.hash(1), { customer_id: '1' }, 'what was journaled is there')
})

t.test('MySQL', async t => {
  const tls = await makeCertificates({ directory: join(privateDirectory(t), 'tls') })
  for (const [name, pair, trusted, host, reason, log] of [
    ['an expired certificate', tls.expired, tls.ca, 'localhost', /^certificate has expired$/, /certificate has expired/],
    ['a certificate of another CA', tls, tls.foreign.ca, 'localhost', /^self-signed certificate$/, /self-signed certificate/],
    // A name to everybody who compares it with a certificate, and to the system an address.
    ['a certificate for another name', tls, tls.ca, '127.1', /^does not match certificate$/, /does not match certificate/],
  ] as const) {
    t.test(name, async t => {
      const mariadb = await privateMariadb(t, { args: [`--ssl-ca=${tls.ca}`, `--ssl-cert=${pair.certificate}`, `--ssl-key=${pair.key}`] })
      const stores = await createStores(t, { mysql: mariadb.url })
      const url = new URL(String(stores.variables.MYSQL_URL))
      url.hostname = host
      const service = await createService(t, { MYSQL_URL: url.href, MYSQL_TLS_CA_FILE: trusted }, stores)
      await check(t, service, { side: 'mysql', reason, log, status: 201, secrets: [mariadb.password] })
    })
  }

  t.test('a wrong password: the service recovers when it becomes the right one', async t => {
    const mariadb = await privateMariadb(t)
    const stores = await createStores(t, { mysql: mariadb.url })
    await stores.sql.query('CREATE USER service@127.0.0.1 IDENTIFIED BY \'right-0123456789\'')
    await stores.sql.query('GRANT ALL ON *.* TO service@127.0.0.1')
    const url = new URL(String(stores.variables.MYSQL_URL))
    url.username = 'service'
    url.password = WRONG
    const service = await createService(t, { MYSQL_URL: url.href }, stores)
    await check(t, service, { side: 'mysql', reason: /^ER_ACCESS_DENIED_ERROR$/, log: /Access denied/, status: 201, secrets: [mariadb.password, 'right-0123456789', WRONG] })
    await stores.sql.query(`ALTER USER service@127.0.0.1 IDENTIFIED BY '${WRONG}'`)
    await untilReady(service)
    t.equal((await service.call('POST', '/flush', { scope: 'all' })).body.synced, 1)
  })
})

t.test('the process stays up with two wrong passwords, says so in few lines, and tells no password', async t => {
  const stores = await createStores(t)
  const redisUrl = new URL(String(stores.variables.REDIS_URL))
  const mysqlUrl = new URL(String(stores.variables.MYSQL_URL))
  const secrets = [redisUrl.password, mysqlUrl.password, WRONG]
  redisUrl.password = WRONG
  mysqlUrl.password = WRONG
  const began = performance.now()
  const { child, exited, lines, url } = startServer(t, { ...stores.variables, REDIS_URL: redisUrl.href, MYSQL_URL: mysqlUrl.href })
  const base = await url()
  // Each is a look of its own, so that some attempts are seen.
  const refusals = () => lines.filter(line => line.includes('WRONGPASS')).length
  await eventually(async () => {
    if (refusals() < 6) throw new Error('too few attempts')
  })
  const ready = await fetch(`${base}/health/ready`)
  const readyText = await ready.text()
  t.equal(ready.status, 503)
  t.match(JSON.parse(readyText), { status: 'unavailable', redis: { reason: 'WRONGPASS' }, mysql: { reason: 'ER_ACCESS_DENIED_ERROR' } })
  const write = await fetch(`${base}/tickets/1`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"customer_id":1}' })
  const writeText = await write.text()
  t.equal(write.status, 503)
  t.match(JSON.parse(writeText), { code: 'store_unavailable' })
  t.ok(lines.length < LINES_PER_SECOND_MAX * (1 + (performance.now() - began) / 1000), `${lines.length} lines`)
  child.kill('SIGTERM')
  t.equal(await exited, 0, 'it ends when it is told to')
  const said = [readyText, writeText, ...lines].join('\n')
  t.strictSame(secrets.filter(secret => said.includes(secret)), [], 'no password is told to anyone')
})
