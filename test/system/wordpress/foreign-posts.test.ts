import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { findWordpress } from '../../../scripts/lib/wordpress.mjs'
import { loadConfig } from '../../../src/config.ts'
import { createService, eventually } from '../../helper.ts'
import { createSite, PATIENT_MS, type Call, type Wordpress } from './site.ts'

/** What a site has beside its tickets: what a key with the scope write must not reach. */
async function createForeignPosts (site: Wordpress) {
  const of = async (post_type: string, post_status: string) => (await site.posts(1, { post_type, post_status }))[0]!
  const ids = {
    home: await of('page', 'publish'),
    draft: await of('post', 'draft'),
    secret: await of('post', 'private'),
    order: await of('shop_order', 'wc-completed'),
    refund: await of('shop_order_refund', 'wc-completed'),
    picture: await of('attachment', 'inherit'),
    menu: await of('nav_menu_item', 'publish'),
    // MySQL's usual collations hold these equal to ticket.
    upperCase: await of('ticket', 'publish'),
    accent: await of('ticket', 'publish'),
    space: await of('ticket', 'publish'),
  }
  const { sql } = site.stores
  for (const [id, type] of [[ids.upperCase, 'Ticket'], [ids.accent, 'ticke\u0301t'], [ids.space, 'ticket ']] as const) await sql.query('UPDATE wp_posts SET post_type = ? WHERE ID = ?', [type, id])
  await site.calls(
    ['update_option', 'show_on_front', 'page'], ['update_option', 'page_on_front', ids.home],
    ['add_post_meta', ids.order, '_order_total', '99.00'],
    ...Object.values(ids).flatMap((id): Call[] => [
      ['add_post_meta', id, '_edit_lock', '1764000000:1'],
      // As if they had been tickets: from before the post type was required, or under another configuration.
      ['add_post_meta', id, '_ticket_status', 'waiting'], ['add_post_meta', id, '_ticket_subject', 'theirs'], ['add_post_meta', id, '_ticket_customer_id', '7'], ['add_post_meta', id, '_ticket_version', '1700000000000'],
    ]))
  return Object.values(ids)
}

/** Every byte that the database holds of these posts, and of the site's settings. */
async function rowsOf ({ stores: { sql } }: Wordpress, ids: readonly number[]) {
  const rows = async (query: string, ...values: unknown[]) => (await sql.query(query, values))[0]
  return [
    await rows('SELECT * FROM wp_posts WHERE ID IN (?) ORDER BY ID', ids),
    await rows('SELECT * FROM wp_postmeta WHERE post_id IN (?) ORDER BY meta_id', ids),
    await rows('SELECT * FROM wp_options ORDER BY option_id'),
  ]
}

t.test('a key with the scope write reaches no post of another type: not a page, a draft, an order', async t => {
  const site = await createSite(t)
  const foreign = await createForeignPosts(site)
  const [ticket] = await site.posts(1) as [number]
  const before = await rowsOf(site, foreign)
  const { app, call, lines } = await createService(t, { ...site.variables, FLUSH_MAX_ATTEMPTS: 1 }, site.stores)
  const { database } = app.tickets

  t.test('nothing of them is read', async t => {
    t.strictSame((await database.find(foreign, PATIENT_MS)).found, new Map())
    t.strictSame(await database.versions(foreign), new Map())
    t.strictSame(await database.statuses(), [], 'the start warns of no status of theirs')
    t.strictSame(await database.highestIds([{ from: 0, to: 99_999 }]), [0])
    for await (const page of database.changedSince(0)) t.fail(`${[...page.keys()].join()} were changed`)
    for (const id of foreign) {
      t.equal((await call('GET', `/tickets/${id}`)).status, 404)
      t.equal((await call('PATCH', `/tickets/${id}`, { status: 'closed' })).status, 404)
    }
    t.match((await call('GET', `/tickets?ids=${foreign.join()}`)).body, { tickets: [], missing: foreign })
  })

  t.test('nothing is written: each becomes a dead letter that says why, and a ticket beside them is written', async t => {
    for (const id of [...foreign, ticket]) t.equal((await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })).status, 201)
    t.match((await call('POST', '/flush')).body, { synced: 1, dead: foreign.length })
    const { body: { tickets } } = await call('GET', '/flush/dead')
    t.strictSame(tickets.map(({ ticket_id: id }: { ticket_id: number }) => id).sort((a: number, b: number) => a - b), foreign)
    for (const { ticket_id: id, reason } of tickets) t.match(reason, new RegExp(`^post ${id} is of the type .+, not ticket$`))
    t.match(await site.seen(ticket), { post: { post_status: 'closed' }, meta: { _ticket_customer_id: '1' } })
    t.strictSame(await rowsOf(site, foreign), before)
  })

  t.test('nor by any other way', async t => {
    await call('POST', '/flush/dead/retry', { ticket_ids: foreign })
    await call('POST', '/flush', { scope: 'all' })
    for (const id of foreign) await call('PATCH', `/tickets/${id}`, { subject: 'x', status: 'open' })
    await call('POST', '/flush', { ticket_ids: foreign })
    await call('POST', '/resync', { ticket_ids: foreign })
    await call('POST', '/resync', {})
    await eventually(async () => {
      const { body } = await call('GET', '/resync')
      if (body.state !== 'idle') throw new Error(JSON.stringify(body))
    })
    await call('POST', '/flush', { scope: 'all' })
    t.match((await call('GET', '/flush')).body, { dead: foreign.length })
    t.strictSame(await rowsOf(site, foreign), before, 'byte by byte')
  })

  t.notOk(lines.all.some(({ msg }) => /TICKET_STATUSES does not name/.test(msg)))
})

t.test('no post of another type is locked while a batch is written', async t => {
  const site = await createSite(t)
  const [page] = await site.posts(1, { post_type: 'page' }) as [number]
  const [ticket] = await site.posts(1) as [number]
  const { call } = await createService(t, { ...site.variables, FLUSH_MAX_ATTEMPTS: 1 }, site.stores)
  const { sql } = site.stores
  await call('POST', '/tickets/batch', { operations: [page, ticket].map(id => ({ op: 'create', ticket_id: id, customer_id: 1, status: 'closed' })) })
  // Somebody saves the ticket's post: the batch holds its locks and waits. Then somebody else saves the page.
  await sql.query('CREATE TRIGGER waits BEFORE INSERT ON wp_postmeta FOR EACH ROW SET @waited = GET_LOCK(\'the test\', 10)')
  await sql.query('SELECT GET_LOCK(\'the test\', 0)')
  const flushed = call('POST', '/flush')
  await eventually(async () => {
    const [rows] = await sql.query('SELECT 1 FROM information_schema.PROCESSLIST WHERE STATE = \'User lock\'')
    if ((rows as unknown[]).length === 0) throw new Error('the batch does not wait')
  })
  await sql.query('SET SESSION innodb_lock_wait_timeout = 1')
  await sql.query('UPDATE wp_posts SET post_title = \'saved\' WHERE ID = ?', [page])
  await t.rejects(sql.query('UPDATE wp_posts SET post_title = \'saved\' WHERE ID = ?', [ticket]), /Lock wait timeout/, 'the ticket\'s is locked')
  await sql.query('SELECT RELEASE_LOCK(\'the test\')')
  t.match((await flushed).body, { synced: 1, dead: 1 })
})

t.test('every type of the WordPress that is installed here is refused', async t => {
  const site = await createSite(t)
  const types = Object.keys(await site.call<Record<string, string>>('get_post_types', { _builtin: true }))
  t.ok(types.length > 10)
  for (const type of types) t.throws(() => loadConfig({ SYNC_TARGET: 'wordpress', WORDPRESS_POST_TYPE: type }), { message: /^WORDPRESS_POST_TYPE is a type of WordPress itself/ }, type)
  const tables = await site.stores.sql.query('SHOW TABLES LIKE \'wp\\_%\'') as unknown as [Record<string, string>[]]
  for (const table of tables[0].flatMap(row => Object.values(row))) t.throws(() => loadConfig({ TICKETS_TABLE: table }), { message: /^TICKETS_TABLE is a table of WordPress itself/ }, table)
})

t.test('keys of meta that WordPress writes by itself are refused', async t => {
  const { directory } = findWordpress()!
  const keys = new Set<string>()
  for (const folder of ['wp-includes', 'wp-admin/includes']) {
    for (const file of readdirSync(join(directory, folder)).filter(name => name.endsWith('.php'))) {
      const text = readFileSync(join(directory, folder, file), 'utf8')
      for (const [, key = ''] of text.matchAll(/\b(?:add|update)_post_meta\(\s*[^,()]+(?:\([^()]*\))?,\s*'(_\w+)'/g)) keys.add(key)
    }
  }
  t.ok(keys.has('_edit_lock') && keys.has('_wp_trash_meta_status') && keys.size > 10, [...keys].join())
  const { createSite: read } = await import('../../../src/database/wordpress/site.ts')
  for (const key of keys) t.throws(() => read(loadConfig({ WORDPRESS_META_KEYS: `subject=${key}` })), { message: /^WORDPRESS_META_KEYS gives subject the key .* WordPress itself keeps/ }, key)
})
