import { createConnection } from 'mysql2/promise'
import t from 'tap'
import { createService, createStores, eventually } from '../../helper.ts'
import type { Ticket } from '../../../src/tickets/ticket.ts'
import { createSite, PATIENT_MS, type Wordpress } from './site.ts'

const ROUNDS = 8

const ticket = (id: number, version: number, fields: Partial<Ticket> = {}): Ticket => ({
  ticket_id: id, customer_id: 1, status: 'closed', created_at: 1_700_000_000, updated_at: 1_700_000_000 + version, closed_at: 1_700_000_000, version, synced_version: null, ...fields,
})

/** Keys that a post has more than once. */
async function duplicates ({ stores: { sql } }: Wordpress) {
  const [rows] = await sql.query('SELECT post_id, meta_key, COUNT(*) AS count FROM wp_postmeta WHERE meta_key LIKE \'\\_ticket\\_%\' GROUP BY post_id, meta_key HAVING count > 1')
  return rows
}

/** Resolves when a flush has come to the rows of meta, which the test has locked. */
const waitsForMeta = ({ stores: { sql } }: Wordpress) => eventually(async () => {
  const [rows] = await sql.query('SELECT 1 FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE \'INSERT INTO `wp_postmeta`%\'')
  if ((rows as object[]).length === 0) throw new Error('no flush waits')
})

t.test('instances that write the same tickets at once leave one row for each field, and the newest version', async t => {
  const site = await createSite(t)
  const instances = [await createService(t, site.variables, site.stores), await createService(t, site.variables, site.stores), await createService(t, site.variables, site.stores)]
  const posts = await site.posts(ROUNDS * 40)
  for (let round = 1; round <= ROUNDS; round += 1) {
    const ids = posts.splice(0, 40)
    // Every instance has all tickets, in another order and another version, as late statements would have them.
    await Promise.all(instances.flatMap(({ app }, i) => [0, 1].map(async part => {
      const mine = ids.filter((_, n) => n % 2 === part).map(id => ticket(id, 10 * round + i, { subject: `from ${i}`, category: i === 1 ? 'c' : undefined }))
      const { refused } = await app.tickets.database.upsert(i === 0 ? mine : mine.toReversed())
      t.strictSame(refused, [])
    })))
    t.strictSame(await duplicates(site), [], `round ${round}`)
    const { found } = await instances[0]!.app.tickets.database.find(ids, PATIENT_MS)
    t.strictSame([...found.values()].map(each => each instanceof Error ? each : [each.version, each.subject, each.category]), ids.map(() => [10 * round + 2, 'from 2', undefined]))
  }
})

t.test('two services on Redis databases of their own flush the same tickets at once', async t => {
  const site = await createSite(t)
  const other = await createStores(t)
  const services = [await createService(t, site.variables, site.stores), await createService(t, site.variables, { ...other, variables: { ...other.variables, MYSQL_URL: site.stores.variables.MYSQL_URL! } })]
  const posts = await site.posts(ROUNDS * 30)
  for (let round = 1; round <= ROUNDS; round += 1) {
    const ids = posts.splice(0, 30)
    for (const { call } of services) {
      await call('POST', '/tickets/batch', { operations: ids.map(id => ({ op: 'create', ticket_id: id, customer_id: 1, status: 'closed', subject: 'S', assigned_to: 1 })) })
    }
    const reports = await Promise.all(services.map(({ call }) => call('POST', '/flush')))
    t.strictSame(reports.map(({ status, body }) => [status, body.retried, body.remaining]), [[200, 0, 0], [200, 0, 0]])
    t.strictSame(await duplicates(site), [])
  }
})

t.test('an older version that comes late changes nothing, and says that it is outdated', async t => {
  const site = await createSite(t)
  const { app, sql } = await createService(t, site.variables, site.stores)
  const { database } = app.tickets
  const ids = await site.posts(3)
  const [first, second, third] = ids as [number, number, number]
  t.strictSame(await database.upsert([ticket(first, 10, { subject: 'new' }), ticket(second, 10)]), { refused: [], outdated: [] })
  const dump = async () => [(await sql.query('SELECT * FROM wp_posts ORDER BY ID'))[0], (await sql.query('SELECT * FROM wp_postmeta ORDER BY meta_id'))[0]]
  const before = await dump()
  t.strictSame(await database.upsert([ticket(first, 9, { subject: 'old', status: 'open', category: 'c' }), ticket(second, 10, { status: 'open' })]), { refused: [], outdated: [first] })
  t.strictSame(await dump(), before, 'neither post nor meta; the same version is there already')
  t.strictSame(await database.upsert([ticket(first, 9), ticket(third, 1)]), { refused: [], outdated: [first] }, 'nor does it stop others')
  t.strictSame(await database.versions([first, second, third, 999_999]), new Map([[first, 10], [second, 10], [third, 1]]))
})

t.test('a batch that loses a deadlock is repeated', async t => {
  const site = await createSite(t)
  const { call, sql } = await createService(t, site.variables, site.stores)
  const [id] = await site.posts(1) as [number]
  await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed', subject: 'S' })
  await call('POST', '/flush')
  await call('PATCH', `/tickets/${id}`, { subject: 'T' })

  await sql.query('CREATE TABLE bulk (n INT)')
  await sql.query('BEGIN')
  // The server gives up the transaction that has changed less.
  await sql.query('INSERT INTO bulk VALUES ?', [Array.from({ length: 1000 }, (_, n) => [n])])
  await sql.query('UPDATE wp_postmeta SET meta_value = \'other\' WHERE post_id = ? AND meta_key = \'_ticket_subject\'', [id])
  const flushing = call('POST', '/flush')
  await waitsForMeta(site)
  await sql.query('UPDATE wp_posts SET menu_order = 1 WHERE ID = ?', [id])
  await sql.query('COMMIT')
  t.match(await flushing, { status: 200, body: { synced: 1 } })
  t.match((await site.seen(id)).meta, { _ticket_subject: 'T' })
})

t.test('a batch that waits locks its own posts alone: WordPress makes new ones meanwhile', async t => {
  const site = await createSite(t)
  const { call, sql } = await createService(t, site.variables, site.stores)
  const [id] = await site.posts(1) as [number]
  await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed', subject: 'S' })
  await call('POST', '/flush')
  await call('PATCH', `/tickets/${id}`, { subject: 'T' })
  await call('POST', '/tickets/999999', { customer_id: 1, status: 'closed' })
  const other = await createConnection({ uri: site.stores.variables.MYSQL_URL as string })
  t.teardown(() => { other.destroy() })
  await other.query('SET innodb_lock_wait_timeout = 1')

  await sql.query('BEGIN')
  await sql.query('SELECT meta_id FROM wp_postmeta WHERE post_id = ? FOR UPDATE', [id])
  const flushing = call('POST', '/flush')
  await waitsForMeta(site)
  await other.query('INSERT INTO wp_posts (post_content, post_title, post_excerpt, to_ping, pinged, post_content_filtered, post_date, post_date_gmt, post_modified, post_modified_gmt) SELECT post_content, post_title, post_excerpt, to_ping, pinged, post_content_filtered, post_date, post_date_gmt, post_modified, post_modified_gmt FROM wp_posts WHERE ID <> ? LIMIT 1', [id])
  await sql.query('COMMIT')
  t.match((await flushing).body, { synced: 1, retried: 1 })
})

t.test('a statement that another session holds up ends with its deadline, and leaves nothing half done', async t => {
  const site = await createSite(t)
  const { call, sql } = await createService(t, { ...site.variables, FLUSH_LEASE_MS: 3000 }, site.stores)
  const [id] = await site.posts(1) as [number]
  await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  await sql.query('BEGIN')
  await sql.query('SELECT ID FROM wp_posts WHERE ID = ? FOR UPDATE', [id])
  t.match(await call('POST', '/flush'), { status: 503, body: { code: 'store_unavailable' } })
  await sql.query('COMMIT')
  // After a statement that took so long, MySQL is asked first whether it answers.
  const { body } = await eventually(async () => {
    const answer = await call('POST', '/flush')
    if (answer.status !== 200) throw new Error(answer.text)
    return answer
  })
  t.match(body, { synced: 1 })
})
