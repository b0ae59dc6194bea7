import { readFileSync } from 'node:fs'
import t from 'tap'
import { createService, eventually, privateMariadb } from '../../helper.ts'
import { POST_TYPE, createSite, type Wordpress } from './site.ts'

const operations = (ids: readonly number[]) => ({ operations: ids.map(id => ({ op: 'create', ticket_id: id, customer_id: 1, status: 'closed', subject: `subject ${id}` })) })

/** Posts that bear a version of ours, and posts whose status is that of the ticket. */
async function written ({ stores: { sql } }: Wordpress) {
  const [meta] = await sql.query('SELECT DISTINCT post_id AS id FROM wp_postmeta WHERE meta_key LIKE \'\\_ticket\\_%\' ORDER BY id') as unknown as [{ id: number }[]]
  const [posts] = await sql.query('SELECT ID AS id FROM wp_posts WHERE post_status = \'closed\' ORDER BY id') as unknown as [{ id: number }[]]
  return { meta: meta.map(({ id }) => id), posts: posts.map(({ id }) => id) }
}

t.test('a ticket without a post becomes a dead letter, and its neighbours are written', async t => {
  const site = await createSite(t)
  const { call, lines } = await createService(t, { ...site.variables, FLUSH_MAX_ATTEMPTS: 2 }, site.stores)
  const ids = await site.posts(5)
  const gone = ids[2]!
  await site.call('wp_delete_post', gone, true)
  await call('POST', '/tickets/batch', operations([...ids, 999_999]))
  t.match((await call('POST', '/flush')).body, { claimed: 6, synced: 4, retried: 2, dead: 0 })
  const rest = ids.filter(id => id !== gone)
  t.strictSame(await written(site), { meta: rest, posts: rest })
  t.match(await lines.waitFor(({ ticket_id }) => ticket_id === gone), { reason: `there is no post ${gone}` })

  t.match((await call('POST', '/flush', { ticket_ids: [gone, 999_999] })).body, { dead: 2 })
  t.match((await call('GET', '/flush/dead')).body.tickets, [{ ticket_id: gone, reason: `there is no post ${gone}` }, { ticket_id: 999_999, reason: 'there is no post 999999' }])

  await site.call('wp_insert_post', { import_id: gone, post_type: POST_TYPE, post_title: 'restored', post_status: 'publish' }, true)
  await call('POST', '/flush/dead/retry', { ticket_ids: [gone] })
  t.match((await call('POST', '/flush')).body, { synced: 1 }, 'once there is a post, it can be brought back')
})

t.test('a status that a post cannot have, and that is configured no longer, becomes a dead letter that says so', async t => {
  const site = await createSite(t)
  const [post, other] = await site.posts(2) as [number, number]
  const named = { TICKET_STATUSES: 'Wartet auf Kunde,open,closed', TICKET_CLOSED_STATUSES: 'closed', WORDPRESS_STATUS_MAP: 'Wartet auf Kunde=waiting' }
  const before = await createService(t, { ...site.variables, ...named }, site.stores)
  await before.call('POST', `/tickets/${post}`, { customer_id: 1, status: 'Wartet auf Kunde' })
  t.match((await before.call('POST', '/flush', { scope: 'all' })).body, { synced: 1 })
  t.match(await site.seen(post), { post: { post_status: 'waiting' }, meta: { _ticket_status: 'Wartet auf Kunde' } })

  const { call } = await createService(t, { ...site.variables, FLUSH_MAX_ATTEMPTS: 1 }, site.stores)
  await call('PATCH', `/tickets/${post}`, { subject: 'x' })
  await call('POST', `/tickets/${other}`, { customer_id: 1 })
  t.match((await call('POST', '/flush', { scope: 'all' })).body, { synced: 1, dead: 1 })
  t.match((await call('GET', '/flush/dead')).body.tickets, [{ ticket_id: post, reason: /^the status Wartet auf Kunde is none that a post can have/ }])
  t.match(await site.seen(post), { post: { post_status: 'waiting' } }, 'the post is as it was')

  await before.call('POST', '/flush/dead/retry', { ticket_ids: [post] })
  t.match((await before.call('POST', '/flush', { scope: 'all' })).body, { synced: 1 }, 'put back, it is written')
})

for (const [name, statement] of [
  ['a constraint on wp_posts', () => "ALTER TABLE wp_posts ADD CONSTRAINT no_poison CHECK (post_title <> 'Ticket 6' OR post_status <> 'closed')"],
  ['a trigger on wp_postmeta that signals what says nothing of data', (id: number) => `CREATE TRIGGER refuse BEFORE INSERT ON wp_postmeta FOR EACH ROW IF NEW.post_id = ${id} THEN SIGNAL SQLSTATE 'HY000' SET MESSAGE_TEXT = 'no'; END IF`],
  ['a trigger on wp_postmeta that refuses the last field alone', (id: number) => `CREATE TRIGGER refuse BEFORE INSERT ON wp_postmeta FOR EACH ROW IF NEW.post_id = ${id} AND NEW.meta_key = '_ticket_version' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'; END IF`],
] as const) {
  t.test(`one row is refused, for one ticket alone: ${name}`, async t => {
    const site = await createSite(t)
    const { call, sql } = await createService(t, { ...site.variables, FLUSH_MAX_ATTEMPTS: 1 }, site.stores)
    const ids = await site.posts(10)
    const bad = ids[6]!
    await sql.query(statement(bad))
    await call('POST', '/tickets/batch', operations(ids))
    t.match((await call('POST', '/flush')).body, { claimed: 10, synced: 9, dead: 1 })
    const rest = ids.filter(id => id !== bad)
    t.strictSame(await written(site), { meta: rest, posts: rest }, 'of the bad one neither the post nor the meta was written')
  })
}

t.test('one transaction for a batch: what fails in the meta leaves the posts as they were', async t => {
  const site = await createSite(t)
  const { call, sql, redis, prefix } = await createService(t, site.variables, site.stores)
  const ids = await site.posts(3)
  await sql.query('CREATE TRIGGER refuse BEFORE INSERT ON wp_postmeta FOR EACH ROW SIGNAL SQLSTATE \'HY000\' SET MESSAGE_TEXT = \'closed for today\'')
  await call('POST', '/tickets/batch', operations(ids))
  const [before] = await sql.query('SELECT * FROM wp_posts ORDER BY ID')
  t.match(await call('POST', '/flush'), { status: 503, body: { code: 'store_unavailable' } }, 'all rows meet it: it is the server\'s')
  t.strictSame((await sql.query('SELECT * FROM wp_posts ORDER BY ID'))[0], before)
  t.equal(await redis.exists(`${prefix}tickets:failures`), 0, 'and counted against none')
  await sql.query('DROP TRIGGER refuse')
  t.match((await call('POST', '/flush')).body, { synced: 3 })
})

t.test('one transaction for a batch: no other connection ever sees a part of it', async t => {
  const site = await createSite(t)
  const { call, sql } = await createService(t, { ...site.variables, SYNC_STRATEGY: 'periodic' }, site.stores)
  // No more than a batch takes beside requests.
  const ids = await site.posts(20)
  await call('POST', '/tickets/batch', operations(ids))
  await call('POST', '/flush')
  // The dates of the posts come in statements of their own before the meta.
  let seen = 0
  let flushing = true
  const watch = (async () => {
    for (; flushing; seen += 1) {
      const [rows] = await sql.query('SELECT COUNT(DISTINCT post_status) AS statuses, COUNT(DISTINCT IF(meta_key = \'_ticket_status\', meta_value, NULL)) AS metas FROM wp_posts JOIN wp_postmeta ON post_id = ID WHERE meta_key = \'_ticket_status\'')
      t.match((rows as object[])[0], { statuses: 1, metas: 1 })
    }
  })()
  for (const status of ['open', 'pending', 'closed', 'open', 'resolved']) {
    await call('POST', '/tickets/batch', { operations: ids.map(id => ({ op: 'update', ticket_id: id, status })) })
    t.match((await call('POST', '/flush')).body, { synced: 20 })
  }
  flushing = false
  await watch
  t.ok(seen > 5)
})

t.test('without the tables of WordPress tickets stay due, and the log and the health say why', async t => {
  const site = await createSite(t)
  const { call, lines } = await createService(t, { ...site.variables, WORDPRESS_TABLE_PREFIX: 'other_' }, site.stores)
  t.match((await call('GET', '/health/ready')).body, { status: 'degraded', mysql: { state: 'down', reason: 'ER_NO_SUCH_TABLE' } })
  t.equal((await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })).status, 201)
  t.equal((await call('POST', '/flush')).status, 503)
  t.ok(await lines.waitFor(line => /other_post.*doesn't exist/.test(JSON.stringify(line))))
  t.match((await call('GET', '/flush')).body, { due: 1, dead: 0 })
})

t.test('the rights of docs/wordpress-target.md are enough; without one of them tickets stay due', async t => {
  const site = await createSite(t)
  const { sql, variables } = site.stores
  const url = new URL(variables.MYSQL_URL as string)
  const database = url.pathname.slice(1)
  const user = `'${database}'@'%'`
  await sql.query(`CREATE USER ${user} IDENTIFIED BY 'secret'`)
  t.teardown(() => sql.query(`DROP USER ${user}`))
  const page = readFileSync(new URL('../../../docs/wordpress-target.md', import.meta.url), 'utf8')
  const rights = [...page.matchAll(/^\| `([A-Z, ]+)` \| (.*`.*) \|$/gm)]
    .flatMap(([, names = '', tables = '']) => Array.from(tables.matchAll(/`(\w+)`/g), ([, table = '']) => [names, table.replace('TICKETS_TABLE', 'wp_support_tickets')] as const))
  t.strictSame(rights.map(([, table]) => table), ['wp_posts', 'wp_postmeta', 'wp_options', 'wp_support_tickets', 'wp_support_tickets_journal', 'wp_support_tickets_erasures'])
  // MYSQL_MIGRATE=false: somebody else has made the service's own tables.
  const migrating = await createService(t, site.variables, site.stores)
  await eventually(async () => { await sql.query('SELECT 1 FROM wp_support_tickets_erasures') })
  await migrating.app.close()
  for (const [names, table] of rights) await sql.query(`GRANT ${names} ON ${database}.${table} TO ${user}`)
  url.username = database
  url.password = 'secret'
  const { call } = await createService(t, { ...site.variables, MYSQL_URL: url.href, MYSQL_MIGRATE: false }, site.stores)
  const ids = await site.posts(4)
  await call('POST', '/tickets/batch', operations(ids))
  t.match((await call('POST', '/flush')).body, { synced: 4 })
  await call('PATCH', `/tickets/${ids[0]}`, { subject: null })
  t.match((await call('POST', '/flush')).body, { synced: 1 })

  await sql.query(`REVOKE UPDATE ON ${database}.wp_posts FROM ${user}`)
  await call('PATCH', `/tickets/${ids[0]}`, { subject: 'x' })
  t.equal((await call('POST', '/flush')).status, 503)
  t.match((await call('GET', '/flush')).body, { due: 1, dead: 0 })
})

t.test('a ticket that is larger than the server takes at once becomes a dead letter, and its neighbours are written', async t => {
  const mariadb = await privateMariadb(t, { args: ['--max-allowed-packet=131072'] })
  const site = await createSite(t, { mysql: mariadb.url })
  const { app, call } = await createService(t, { ...site.variables, FLUSH_MAX_ATTEMPTS: 1 }, site.stores)
  const ids = await site.posts(10)
  const fat = ids[4]!
  const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`note_${i}`, '"'.repeat(1000)]))
  const operations = ids.map(id => ({ op: 'create', ticket_id: id, customer_id: 1, status: 'closed', custom_fields: fields(id === fat ? 50 : 10) }))
  await call('POST', '/tickets/batch', { operations })
  t.match((await call('POST', '/flush')).body, { claimed: 10, synced: 9, dead: 1 })
  t.strictSame((await written(site)).meta, ids.filter(id => id !== fat))
  t.match((await call('GET', '/flush/dead')).body.tickets, [{ ticket_id: fat, reason: /max_allowed_packet=131072/ }])
  t.ok(app.mysql.isUp())
})
