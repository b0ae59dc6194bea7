import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { makeCertificates } from '../../../scripts/lib/certificates.mjs'
import { callNode, connectTo, startNode } from '../../../scripts/lib/redis-nodes.mjs'
import { newPasswords } from '../../../scripts/lib/redis-users.mjs'
import { privateDirectory } from '../../helper.ts'

/** redis.conf as it is shipped, with certificates of our own. */
async function start (t: Test) {
  const directory = privateDirectory(t)
  const certificates = await makeCertificates({ directory: join(directory, 'tls') })
  const common = { passwords: newPasswords(), tls: certificates }
  const node = await startNode(common, { name: 'Redis', directory: join(directory, 'redis'), file: 'redis.conf' })
  t.teardown(() => node.stop())
  return { node, common, certificates }
}

/** What a first command is answered with; the error when it does not come so far. */
async function firstAnswer (t: Test, options: object): Promise<string> {
  const client = new Redis({ host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0, commandTimeout: 2000, enableReadyCheck: false, ...options })
  let reason = ''
  client.on('error', (error: Error) => { reason ||= error.message })
  t.teardown(() => { client.disconnect() })
  try {
    await client.connect()
    return await client.ping()
  } catch (error) {
    return `${(error as Error).message} ${reason}`
  }
}

t.test('redis.conf', async t => {
  const { node, common, certificates } = await start(t)
  const admin = connectTo(common, node)
  t.teardown(() => { admin.disconnect() })
  const config = async (pattern: string) => {
    const answer = await admin.config('GET', pattern) as unknown as string[] | Record<string, string>
    return Array.isArray(answer) ? answer[1] : answer[pattern]
  }

  for (const [name, value] of [
    ['appendonly', 'yes'], ['appendfsync', 'everysec'], ['no-appendfsync-on-rewrite', 'no'], ['save', '3600 1 300 100 60 10000'],
    ['maxmemory', String(2 ** 30)], ['maxmemory-policy', 'noeviction'], ['protected-mode', 'yes'], ['port', '0'], ['masteruser', 'replica'],
    ['tcp-backlog', '511'], ['tcp-keepalive', '60'], ['busy-reply-threshold', '5000'], ['latency-monitor-threshold', '100'],
  ] as const) t.equal(await config(name), value, name)

  const tickets = { port: node.port, username: 'tickets', password: common.passwords.tickets }
  const trusting = { ca: readFileSync(certificates.ca) }
  t.equal(await firstAnswer(t, { ...tickets, tls: trusting }), 'PONG')
  t.match(await firstAnswer(t, tickets), /closed|reset|timed out/i, 'not without TLS')
  t.match(await firstAnswer(t, { ...tickets, tls: { ca: readFileSync(certificates.foreign.ca) } }), /certificate|signature/i, 'not with another CA')
  t.match(await firstAnswer(t, { port: node.port, tls: trusting }), /NOAUTH|NOPERM/, 'not without a user')
  t.match(await firstAnswer(t, { port: node.port, tls: trusting, password: common.passwords.admin }), /WRONGPASS/, 'nor as the default one')
  t.match(await firstAnswer(t, { ...tickets, password: 'x', tls: trusting }), /WRONGPASS/)
})

t.test('what a script wrote is there after a crash: the file is read in the name of the default user, who is off', async t => {
  const { node, common } = await start(t)
  await callNode(common, node, 'CONFIG', 'SET', 'appendfsync', 'always')
  await callNode(common, node, 'EVAL', "redis.call('HSET', KEYS[1], 'a', '1') redis.call('ZADD', KEYS[2], 1, 'b')", 2, 'ticket:1', 'tickets:due')
  await node.kill()
  await node.restart()
  t.equal(await callNode(common, node, 'HGET', 'ticket:1', 'a'), '1')
  t.equal(await callNode(common, node, 'ZCARD', 'tickets:due'), 1)
})

t.test('users.acl as it is shipped lets nobody in', async t => {
  const directory = privateDirectory(t)
  const nothing = { tickets: '', replica: '', sentinel: '', admin: '' }
  const common = { passwords: nothing }
  // Nobody can ask whether it is up either: the refusal tells.
  const node = await startNode(common, { name: 'Redis', directory, file: 'redis.conf', readyWhen: /WRONGPASS/ })
  t.teardown(() => node.stop())
  for (const username of ['default', 'tickets', 'replica', 'sentinel', 'admin']) {
    for (const password of ['', 'x']) {
      t.match(await firstAnswer(t, { port: node.port, username, password }), /WRONGPASS|NOAUTH/, `${username} with "${password}"`)
    }
  }
})
