import { execFileSync, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { asService } from '../../scripts/lib/redis-users.mjs'
import { createStores, eventually, privateDirectory, privateRedis } from '../helper.ts'
import { startServer } from '../server-process.ts'

/** Of this machine, and no usual one. */
const NAME_SERVER = '127.0.0.153'

const NO_SUCH_ZONE = 'mysql.tickets.test'

/**
 * A name server that never answers, as what a process asks that is started behind `wrapper`; else why there is none. It
 * needs the rights to listen on port 53 and to mount, which CI may not give.
 */
async function silentNameServer (t: Test): Promise<{ wrapper: string[] } | { skip: string }> {
  const file = join(privateDirectory(t), 'resolv.conf')
  writeFileSync(file, `nameserver ${NAME_SERVER}\n`)
  const wrapper = ['unshare', '--mount', 'sh', '-c', `mount --bind ${file} /etc/resolv.conf && exec "$0" "$@"`]
  const { status, stderr, error } = spawnSync(wrapper[0]!, [...wrapper.slice(1), 'true'], { encoding: 'utf8' })
  if (status !== 0) return { skip: `a process cannot be given another name server here: ${error?.message ?? stderr.trim()}` }
  const socket = createSocket('udp4')
  // Rejects with the error, if there is one.
  const bound = once(socket, 'listening')
  socket.bind(53, NAME_SERVER)
  try {
    await bound
  } catch (error) {
    return { skip: `no name server can listen here: ${(error as Error).message}` }
  }
  socket.on('message', () => {})
  t.teardown(() => { socket.close() })
  return { wrapper }
}

/**
 * Node options that have the look-up of MySQL's name never end, by a thread that waits for ever to read from a pipe: what a
 * name server does that does not answer, without the rights that one needs.
 */
function endlessLookup (t: Test): string {
  const directory = privateDirectory(t)
  const pipe = join(directory, 'pipe')
  execFileSync('mkfifo', [pipe])
  const file = join(directory, 'endless.mjs')
  writeFileSync(file, `
    import dns from 'node:dns'
    import { open } from 'node:fs'
    const system = dns.lookup
    dns.lookup = (name, ...others) => name === '${NO_SUCH_ZONE}' ? open('${pipe}', () => {}) : system(name, ...others)
  `)
  return `--import=${file}`
}

async function check (t: Test, { variables = {}, wrapper }: { variables?: Record<string, string>, wrapper?: string[] }) {
  const redis = await privateRedis(t, { appendfsync: 'always' })
  const stores = await createStores(t, { redis: redis.url })
  const redisUrl = new URL(asService(redis.url))
  // A name that the system finds without a name server, by the same threads.
  redisUrl.hostname = 'localhost'
  const mysqlUrl = new URL(String(stores.variables.MYSQL_URL))
  mysqlUrl.hostname = NO_SUCH_ZONE
  const { child, exited, url } = startServer(t, { ...stores.variables, ...variables, REDIS_URL: redisUrl.href, MYSQL_URL: mysqlUrl.href, SHUTDOWN_GRACE_MS: 3000 }, undefined, wrapper)
  const base = await url()
  const state = async () => await (await fetch(`${base}/health/ready`)).json() as { redis: { state: string }, mysql: { state: string } }

  const untilRedisIs = (wanted: string) => eventually(async () => {
    const { redis } = await state()
    if (redis.state !== wanted) throw new Error(JSON.stringify(redis))
  })
  await untilRedisIs('up')
  t.match((await state()).mysql, { state: 'down', reason: 'EAI_AGAIN' }, 'readiness says that it is the name')
  for (let i = 0; i < 3; i += 1) {
    await redis.kill()
    await untilRedisIs('down')
    await redis.restart()
    await untilRedisIs('up')
  }
  t.match((await state()).mysql, { state: 'down' }, 'the name has not been answered meanwhile')
  child.kill('SIGTERM')
  // The grace is over long before the system's resolver gives up, and the process ends with 1 if it needs more.
  t.equal(await exited, 0, 'it ends within its grace')
}

t.test('a look-up of MySQL that never ends: Redis is found again, and the process ends', async t => {
  await check(t, { variables: { NODE_OPTIONS: endlessLookup(t) } })
})

const nameServer = await silentNameServer(t)

t.test('the same with a name server that does not answer', { skip: 'skip' in nameServer && nameServer.skip }, async t => {
  await check(t, nameServer as { wrapper: string[] })
})
