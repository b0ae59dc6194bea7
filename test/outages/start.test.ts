import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createService, createStores, eventually, type Variables } from '../helper.ts'
import { startProxy } from '../faults/harness/proxy.ts'

/** A server that accepts connections and never says anything, as a machine that hangs. */
async function silent (t: Test) {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const several = (t: Test, count: number) => Promise.all(Array.from({ length: count }, () => silent(t)))

// The framework ends the process when a plugin takes longer than 10 s.
t.test('the service starts while nobody answers', async t => {
  for (const [name, variablesOf] of [
    ['Redis', async (host: string) => ({ REDIS_URL: `redis://${host}/0` })],
    ['Redis, whose answers may take long', async (host: string) => ({ REDIS_URL: `redis://${host}/0`, REDIS_COMMAND_TIMEOUT_MS: 20_000 })],
    ['Redis with TLS', async (host: string) => ({ REDIS_URL: `rediss://${host}/0` })],
    ['Sentinels', async (host: string, t: Test) => ({ REDIS_MODE: 'sentinel', REDIS_SENTINELS: [host, ...await several(t, 8)].join() })],
    ['nodes of a Cluster', async (host: string, t: Test) => ({ REDIS_MODE: 'cluster', REDIS_URL: 'rediss://host', REDIS_CLUSTER_NODES: [host, ...await several(t, 8)].join() })],
    ['MySQL', async (host: string) => ({ MYSQL_URL: `mysql://root@${host}/x` })],
    ['MySQL, without a journal', async (host: string) => ({ MYSQL_URL: `mysql://root@${host}/x`, FALLBACK: 'off' })],
    ['both', async (host: string) => ({ MYSQL_URL: `mysql://root@${host}/x`, REDIS_URL: `redis://${host}/0` })],
  ] as [string, (host: string, t: Test) => Promise<Variables>][]) {
    t.test(name, async t => {
      const variables = await variablesOf(await silent(t), t)
      const { call } = await createService(t, variables, await createStores(t))
      t.equal((await call('GET', '/health/live')).status, 200)
      const isDown = { state: 'down' }
      t.match((await call('GET', '/health/ready')).body, { ...('MYSQL_URL' in variables ? { mysql: isDown } : {}), ...(Object.keys(variables).some(name => name.startsWith('REDIS')) ? { redis: isDown } : {}) })
    })
  }
})

t.test('without a journal, a count of its entries that hangs does not end the start', async t => {
  const stores = await createStores(t)
  const mysql = await startProxy(t, String(stores.variables.MYSQL_URL))
  const count = mysql.holdReply(/SELECT state, COUNT/)
  const { call } = await createService(t, { MYSQL_URL: mysql.url, FALLBACK: 'off' }, stores)
  await count.held
  count.drop()
  await eventually(async () => {
    const { body, text } = await call('GET', '/health/ready')
    if (body.status !== 'ready') throw new Error(text)
  })
})
