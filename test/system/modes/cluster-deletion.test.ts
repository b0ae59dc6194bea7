import { join } from 'node:path'
import t from 'tap'
import { startCluster } from '../../../scripts/lib/redis-cluster.mjs'
import type { Ticket } from '../../../src/tickets/ticket.ts'
import { create, CUSTOMER, done, erase, MARK, OTHER } from '../../erasure/erase.ts'
import { createService, createStores, eventually, privateDirectory } from '../../helper.ts'
import { pages } from '../../lists/pages.ts'

const ids = Array.from({ length: 160 }, (_, i) => i + 1)
const isDeleted = (id: number) => id % 5 === 0
const isErased = (id: number) => id % 3 === 0
/** Some have the same. */
const updatedAt = (id: number) => 2000 + id * 37 % 60

t.test('a Cluster: tickets of all partitions are imported, deleted and erased; lists and counts have the others, each once', async t => {
  const cluster = await startCluster({ directory: join(privateDirectory(t), 'cluster'), replicas: 0 })
  t.teardown(() => cluster.stop())
  t.equal((await cluster.masters()).length, 3)
  const stores = await createStores(t)
  const service = await createService(t, { ...cluster.variables, REDIS_PARTITION_BLOCK: 1, KEY_PREFIX: '', MYSQL_URL: stores.variables.MYSQL_URL! }, stores)
  const { call } = service
  await eventually(async () => { if ((await call('GET', '/tickets')).status !== 200) throw new Error('the indexes are not built') })

  const operations = ids.map(id => ({
    op: 'import', ticket_id: id, ...create({ customer_id: isErased(id) ? CUSTOMER : OTHER }), status: id % 2 ? 'open' : 'closed', created_at: 1000, updated_at: updatedAt(id), ...(id % 4 && { assigned_to: id % 4 }),
  }))
  t.equal((await call('POST', '/tickets/batch', { operations }, { 'idempotency-key': 'import' })).status, 200)
  // Of each partition some in MySQL, others not.
  await call('POST', '/flush', { ticket_ids: ids.filter(id => id > 80) })
  // From now on these are counted without MySQL.
  t.strictSame((await call('GET', '/tickets/counts?group_by=status')).body.counts, { open: 80, closed: 80 })
  t.equal((await call('POST', '/tickets/batch', { operations: ids.filter(isDeleted).map(id => ({ op: 'delete', ticket_id: id })) })).status, 200)
  const erased = ids.filter(id => isErased(id) && !isDeleted(id))
  t.match(await done(service, await erase(t, service)), { tickets: erased.length, answers: erased.length })

  const gone = ids.filter(id => isErased(id) || isDeleted(id))
  const left = ids.filter(id => !gone.includes(id))
  t.equal(new Set(gone.map(id => id % 16)).size, 16, 'of each partition')
  const again = await call('POST', '/tickets/batch', { operations: gone.map(id => ({ op: 'create', ticket_id: id, customer_id: 1 })) })
  t.ok(again.body.results.every(({ status, error }: { status: number, error: { detail: string } }) => status === 409 && /was deleted/.test(error.detail)), JSON.stringify(again.body.results))
  for (const id of gone) t.equal((await call('GET', `/tickets/${id}`)).status, 410)

  const countBy = (of: (id: number) => string) => Object.fromEntries([...Map.groupBy(left, of)].map(([value, { length }]) => [value, length]))
  const check = async (when: string) => {
    for (const sort of ['ticket_id', 'updated_at']) {
      const sorted = left.toSorted((a, b) => sort === 'ticket_id' ? a - b : updatedAt(a) - updatedAt(b) || a - b)
      const listed = async (sort: string) => (await pages(t, service, `&sort=${sort}`, 7)).map(({ ticket_id: id }: Ticket) => id)
      t.strictSame(await listed(sort), sorted, `${when}: by ${sort}`)
      t.strictSame(await listed(`-${sort}`), sorted.toReversed(), `${when}: by -${sort}`)
    }
    t.strictSame((await call('GET', '/tickets/counts?group_by=status')).body.counts, countBy(id => id % 2 ? 'open' : 'closed'), `${when}: by status`)
    t.strictSame((await call('GET', '/tickets/counts?group_by=assigned_to')).body.counts, countBy(id => String(id % 4 || 'none')), `${when}: by agent`)
  }
  await check('some in MySQL')
  await call('POST', '/flush', { scope: 'all' })
  await check('all in MySQL')
  const [rows] = await stores.sql.query('SELECT * FROM wp_support_tickets WHERE customer_id = ? OR (subject LIKE ? AND deleted_at IS NOT NULL)', [CUSTOMER, `%${MARK}%`])
  t.strictSame(rows, [])
})
