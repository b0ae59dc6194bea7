import { join } from 'node:path'
import t from 'tap'
import { startCluster } from '../../../scripts/lib/redis-cluster.mjs'
import { createService, createStores, eventually, privateDirectory } from '../../helper.ts'
import { ready } from '../../outages/journal.ts'

t.test('a master of a Cluster is gone: 503, or what the others and MySQL have', async t => {
  const cluster = await startCluster({ directory: join(privateDirectory(t), 'cluster'), replicas: 0 })
  t.teardown(() => cluster.stop())
  const stores = await createStores(t)
  // A partition for each id: so few tickets are in all of them.
  const { call } = await createService(t, { ...cluster.variables, REDIS_PARTITION_BLOCK: 1, KEY_PREFIX: '', MYSQL_URL: stores.variables.MYSQL_URL! }, stores)
  const idsOf = async (query: string) => {
    const { status, body } = await call('GET', `/tickets?sort=ticket_id&${query}`)
    if (status !== 200) throw new Error(JSON.stringify(body))
    return body.tickets.map(({ ticket_id: id }: { ticket_id: number }) => id)
  }
  await eventually(() => idsOf(''))
  const ids = Array.from({ length: 60 }, (_, i) => i + 1)
  const isClosed = (id: number) => id % 3 === 0
  await call('POST', '/tickets/batch', { operations: ids.map(id => ({ op: 'create', ticket_id: id, customer_id: 1, status: isClosed(id) ? 'closed' : 'open' })) })
  t.match((await call('POST', '/flush')).body, { synced: 20 })
  const dying = await cluster.masterOf('{7}')
  const homes = await Promise.all(ids.map(id => cluster.masterOf(`{${id % 16}}`)))
  const isThere = (id: number) => homes[id - 1] !== dying

  await dying.kill()
  await ready({ call }, 'degraded')
  t.match(await call('GET', '/tickets'), { status: 503, body: { code: 'store_unavailable' } })
  for (const sort of ['ticket_id', 'created_at']) {
    const { status, body } = await call('GET', `/tickets?partial=true&limit=100&sort=${sort}`)
    t.match({ status, body }, { status: 200, body: { incomplete: ['redis'], has_more: false } })
    t.strictSame(body.tickets.map(({ ticket_id: id }: { ticket_id: number }) => id), ids.filter(id => isThere(id) || isClosed(id)), sort)
  }
  t.strictSame(await idsOf('partial=true&limit=100&status=open'), ids.filter(id => isThere(id) && !isClosed(id)))
})
