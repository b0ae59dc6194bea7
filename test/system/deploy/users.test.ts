import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { makeTestUsers } from '../../../scripts/lib/redis-users.mjs'
import { startCluster } from '../../../scripts/lib/redis-cluster.mjs'
import { createService, createStores, eventually, privateDirectory, privateRedis, replicaOf, type Stores } from '../../helper.ts'
import { webhooks } from '../../webhooks/receiver.ts'

/** What a user may do: `+command` and `~pattern`. */
const rights = (users: string, name: string) =>
  users.split('\n').find(line => line.startsWith(`user ${name} `))!.split(' ').filter(word => /^[+~]/.test(word))

/** The rule that takes one of the rights away; giving them back is all of them again. */
function without (all: string[], right: string): string[] {
  const kept = all.filter(each => each !== right)
  return ['resetkeys', ...kept.filter(each => each.startsWith('~')), ...(right.startsWith('+') ? [`-${right.slice(1)}`] : [])]
}

/** What of this only a Cluster needs: its discovery, and keys with a hash tag. */
const isOfCluster = (right: string) => right === '+cluster|slots' || right.includes('{*}')

interface Side {
  stores: Stores
  variables: Record<string, string | number>
  /** With all rights, to every server that takes writes. */
  admins: Redis[]
  /** The hash tag of a ticket in a Cluster, with its server. */
  homeOf?: (id: number) => { tag: string, admin: Redis }
}

type Step = [name: string, run: () => Promise<void>]

/** Everything that the service does with Redis, in steps; which answers it gets is for other tests. */
async function createExercise (t: Test, { stores, variables, admins, homeOf = () => ({ tag: '', admin: admins[0]! }) }: Side): Promise<Step[]> {
  const { app, call, sql, lines } = await createService(t, { FLUSH_MAX_ATTEMPTS: 1, REDIS_COMMAND_TIMEOUT_MS: 500, FALLBACK: 'off', WEBHOOKS: webhooks({ url: 'https://192.0.2.1/hook' }), ...variables }, stores)
  await sql.query("ALTER TABLE wp_support_tickets ADD CONSTRAINT no_poison CHECK (subject IS NULL OR subject <> 'poison')")
  let id = 0

  async function age () {
    const { tag, admin } = homeOf(id)
    const ticket = `${stores.prefix}${tag}ticket:${id}`
    if (await admin.type(ticket) === 'hash') await admin.hset(ticket, 'version', 1)
  }
  const compared = () => lines.all.filter(({ msg }) => /were compared/.test(msg)).length

  /** Until it is so, or Redis has refused something. */
  const untilSo = (what: string, check: () => boolean | Promise<boolean>) => eventually(async () => {
    if (!await check() && (await refused(admins)).length === 0) throw new Error(`in vain: ${what}`)
  })

  async function reconnect () {
    await Promise.all(admins.map(admin => admin.client('KILL', 'USER', 'tickets')))
    await untilSo('the service is connected again', async () => {
      const { status, body } = await call('GET', '/health/ready')
      return status === 200 && body.redis.state !== 'down'
    })
  }

  return [
    ['the service connects', reconnect],
    ['it sends its scripts', async () => {
      id += 1
      await Promise.all(admins.map(admin => admin.script('FLUSH')))
      await call('POST', `/tickets/${id}`, { customer_id: 1, subject: 'x' }, { 'idempotency-key': `"${id}"` })
    }],
    ['a ticket is changed, closed and written', async () => {
      await call('PATCH', `/tickets/${id}`, { subject: null, status: 'closed' })
      await call('POST', '/flush')
      await call('GET', `/tickets/${id}`)
      await call('GET', '/flush')
    }],
    ['Redis has an older version', async () => {
      await call('PATCH', `/tickets/${id}`, { category: 'a' })
      await age()
      await call('POST', '/flush', { ticket_ids: [id] })
    }],
    ['somebody asks for what is not there', async () => {
      // Two in one window, on each server.
      for (let address = 1; address <= 32; address += 1) {
        for (let i = 0; i < 2; i += 1) await app.inject({ url: '/nonsense', remoteAddress: `192.0.2.${address}` })
      }
    }],
    ['MySQL refuses a ticket', async () => {
      id += 1
      await call('POST', `/tickets/${id}`, { customer_id: 1, subject: 'poison', status: 'closed' })
      await call('POST', '/flush')
      await call('GET', '/flush/dead')
      await call('POST', '/flush/dead/retry')
      await call('POST', '/flush')
      await call('PATCH', `/tickets/${id}`, { subject: 'good' })
      await call('POST', '/flush')
    }],
    ['tickets are listed, counted and followed', async () => {
      await call('PATCH', `/tickets/${id}`, { assigned_to: 7 })
      await call('GET', '/tickets')
      await call('GET', '/tickets?assigned_to=7&status=open')
      await call('GET', '/tickets/counts?group_by=assigned_to')
      const { body } = await call('GET', '/changes?since=now')
      await call('PATCH', `/tickets/${id}`, { assigned_to: null })
      await call('GET', `/changes?since=${body.next_cursor}`)
    }],
    ['webhooks are asked for', async () => { await call('GET', '/webhooks') }],
    ['all tickets are compared with MySQL', async () => {
      await call('POST', '/resync')
      await untilSo('it has ended', async () => (await call('GET', '/resync')).body.state === 'idle')
    }],
    ['Redis comes back with the record of another server', async () => {
      id += 1
      await call('POST', `/tickets/${id}`, { customer_id: 1 })
      const { tag, admin } = homeOf(id)
      await admin.set(`${stores.prefix}${tag}tickets:attested`, 'another:server 1764000000000')
      const before = compared()
      await reconnect()
      await untilSo('it is compared', () => compared() > before)
    }],
  ]
}

/** What Redis has refused to the service; the newest first. */
async function refused (admins: Redis[]): Promise<string[]> {
  const logs = await Promise.all(admins.map(admin => admin.call('ACL', 'LOG') as Promise<unknown[][]>))
  return logs.flat().map(entry => Array.isArray(entry) ? Object.fromEntries(entry.map((name, i) => [String(name), entry[i + 1]])) : entry as Record<string, unknown>)
    .filter(entry => entry.username === 'tickets' && !String(entry.object).startsWith('client|setinfo'))
    .map(entry => `${String(entry.reason)} ${String(entry.object)}`)
}

async function checkRights (t: Test, all: string[], checked: string[], admins: Redis[], exercise: Step[]) {
  const rule = (...rules: string[]) => Promise.all(admins.map(admin => admin.call('ACL', 'SETUSER', 'tickets', ...rules)))
  const forget = () => Promise.all(admins.map(admin => admin.call('ACL', 'LOG', 'RESET')))

  await forget()
  for (const [, step] of exercise) await step()
  t.strictSame(await refused(admins), [], 'with all rights, nothing is refused')

  for (const right of checked) {
    await forget()
    await rule(...without(all, right))
    let failed: string | undefined
    for (const [name, step] of exercise) {
      await step()
      if ((await refused(admins)).length > 0) {
        failed = name
        break
      }
    }
    t.ok(failed, `${right} is needed: ${failed}`)
    await rule('resetkeys', ...all)
  }
}

t.test('the user of the service has the rights that it needs, and no others', async t => {
  const server = await privateRedis(t)
  await privateRedis(t, { config: { ...replicaOf(server), 'repl-diskless-sync-delay': 0 } })
  const stores = await createStores(t, { redis: server.url })
  const exercise = await createExercise(t, { stores, variables: { REDIS_WAIT_REPLICAS: 1 }, admins: [stores.redis] })
  const all = rights(makeTestUsers().text, 'tickets')
  await checkRights(t, all, all.filter(right => !isOfCluster(right)), [stores.redis], exercise)
})

t.test('the same in a Cluster', async t => {
  const cluster = await startCluster({ directory: privateDirectory(t), replicas: 0, keyPrefix: 'test_*:' })
  t.teardown(() => cluster.stop())
  const admins = cluster.nodes.map(node => cluster.connect(node))
  t.teardown(() => { for (const admin of admins) admin.disconnect() })
  const { port } = cluster.nodes[0]!
  const stores = await createStores(t, { redis: `redis://admin:${cluster.passwords.admin}@127.0.0.1:${port}/0` })
  Object.assign(stores.variables, cluster.variables)
  const home = admins[cluster.nodes.indexOf(await cluster.masterOf('{0}'))]!
  const exercise = await createExercise(t, {
    stores,
    variables: { REDIS_PARTITIONS: 1 },
    admins,
    homeOf: () => ({ tag: '{0}', admin: home }),
  })
  const all = rights(makeTestUsers().text, 'tickets')
  await checkRights(t, all, all.filter(isOfCluster), admins, exercise)
})
