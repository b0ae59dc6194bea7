import { join } from 'node:path'
import type { RowDataPacket } from 'mysql2/promise'
import t, { type Test } from 'tap'
import { makeCertificates } from '../../../scripts/lib/certificates.mjs'
import { startCluster } from '../../../scripts/lib/redis-cluster.mjs'
import { startSentinelSet } from '../../../scripts/lib/sentinel-set.mjs'
import { createService, createStores, privateDirectory, privateMariadb, privateRedis, type AnyStores, type Service, type Variables } from '../../helper.ts'
import { createSetStores } from '../../redis-sets.ts'

/** The service from end to end: writes, flush, reads. */
async function exercise (t: Test, variables: Variables, stores: AnyStores): Promise<Pick<Service, 'app'>> {
  const service = await createService(t, variables, stores)
  const { call, hash, row } = service
  t.match(await call('GET', '/health/ready'), { status: 200, body: { status: 'ready', redis: { state: 'up' }, mysql: { state: 'up' } } })
  t.equal((await call('POST', '/tickets/1', { customer_id: 1 })).status, 201)
  t.equal((await call('PATCH', '/tickets/1', { status: 'closed' })).status, 200)
  t.match((await call('POST', '/flush')).body, { synced: 1, remaining: 0 })
  t.match(await call('GET', '/tickets/1'), { status: 200, headers: { 'x-ticket-source': 'redis' }, body: { status: 'closed' } })
  t.match(await hash(1), { status: 'closed' })
  t.match(await row(1), { status: 'closed' })
  return service
}

t.test('TLS', async t => {
  const directory = privateDirectory(t)
  const certificates = await makeCertificates({ directory: join(directory, 'tls') })

  t.test('Redis on its own', async t => {
    const server = await privateRedis(t, { tls: { certificates, plain: true } })
    const stores = await createStores(t, { redis: server.url })
    const url = new URL(String(stores.variables.REDIS_URL))
    url.protocol = 'rediss:'
    url.port = String(server.tlsPort)
    await exercise(t, { REDIS_URL: url.href, REDIS_TLS_CA_FILE: certificates.ca }, stores)
    const clients = String(await stores.redis.client('LIST')).split('\n').filter(line => line.includes('name=ticket-metadata-service'))
    t.ok(clients.length > 0 && clients.every(line => line.includes(` laddr=127.0.0.1:${server.tlsPort} `)), 'all connections are to the port with TLS')
  })

  t.test('Sentinel, which has no other port', async t => {
    const set = await startSentinelSet({ directory: join(directory, 'sentinel'), replicas: 1, sentinels: 1, tls: certificates })
    t.teardown(() => set.stop())
    await exercise(t, { REDIS_WAIT_REPLICAS: 1 }, await createSetStores(t, set))
  })

  t.test('a Cluster, which has no other port', async t => {
    const cluster = await startCluster({ directory: join(directory, 'cluster'), replicas: 0, tls: certificates })
    t.teardown(() => cluster.stop())
    await exercise(t, {}, await createSetStores(t, cluster))
  })

  t.test('MySQL', async t => {
    const mariadb = await privateMariadb(t, { args: [`--ssl-ca=${certificates.ca}`, `--ssl-cert=${certificates.certificate}`, `--ssl-key=${certificates.key}`] })
    const stores = await createStores(t, { mysql: mariadb.url })
    // This test's own connection has none, and was there before.
    await stores.sql.query('SET GLOBAL require_secure_transport = ON')
    const url = new URL(String(stores.variables.MYSQL_URL))
    url.hostname = 'localhost'
    const { app } = await exercise(t, { MYSQL_URL: url.href, MYSQL_TLS_CA_FILE: certificates.ca }, stores)
    const cipher = await app.mysql.query<RowDataPacket[]>("SHOW SESSION STATUS LIKE 'Ssl_cipher'", [], 5000)
    t.match(cipher, [{ Value: /^(TLS_|ECDHE-)/ }], 'its connections are encrypted')
    const [plain] = await stores.sql.query<RowDataPacket[]>("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    t.match(plain, [{ Value: '' }], 'which one without TLS does not show')
  })
})
