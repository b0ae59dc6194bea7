import t from 'tap'
import type { Ticket } from '../../../src/tickets/ticket.ts'
import { createService, privateMariadb, type Service } from '../../helper.ts'
import { createSite, PATIENT_MS, type Wordpress } from './site.ts'

/** Text that breaks where it is cut, escaped twice, or taken for PHP's own. */
const WILD = 'O\'Brien "said" \\ \\\\n 😀 ünï %s $1 <b> \u0000 --'

const closeTicket = (call: Service['call'], id: number, fields: object = {}) => call('POST', `/tickets/${id}`, { customer_id: 5, status: 'closed', ...fields })

/** The row of a post, read without the cache and the filters of WordPress. */
async function stored (site: Wordpress, id: number) {
  const [[row]] = await site.stores.sql.query('SELECT * FROM wp_posts WHERE ID = ?', [id]) as unknown as [[Record<string, unknown>]]
  return row
}

t.test('WordPress sees the status of the map, both dates and every field', async t => {
  const site = await createSite(t)
  const { call } = await createService(t, { ...site.variables, WORDPRESS_STATUS_MAP: 'closed=private,open=publish', WORDPRESS_META_KEYS: 'customer_id=_customer,assigned_to=_agent' }, site.stores)
  const [id, other] = await site.posts(2) as [number, number]
  const before = await stored(site, id)
  const untouched = [await stored(site, other), await site.meta(other)]

  t.equal((await call('POST', `/tickets/${id}`, {
    customer_id: 5, subject: 'Order', category: 'billing', priority: 'high', assigned_to: 7, custom_fields: { a: 1, b: 'x', c: false }, created_at: 1_700_000_000,
  })).status, 201, 'a post is no ticket yet, so it can be made one')
  const ticket = (await call('PATCH', `/tickets/${id}`, { status: 'closed' })).body
  t.match((await call('POST', '/flush')).body, { claimed: 1, synced: 1 })

  const { post, meta } = await site.seen(id)
  t.equal(post.post_status, 'private')
  const at = new Date(ticket.updated_at * 1000).toISOString().slice(0, 19).replace('T', ' ')
  t.match(post, { post_modified_gmt: at, post_modified: at })
  t.match(meta, {
    _customer: '5',
    _agent: '7',
    _ticket_subject: 'Order',
    _ticket_status: 'closed',
    _ticket_category: 'billing',
    _ticket_priority: 'high',
    _ticket_custom_fields: '{"a":1,"b":"x","c":false}',
    _ticket_created_at: '1700000000',
    _ticket_updated_at: String(ticket.updated_at),
    _ticket_closed_at: String(ticket.closed_at),
    _ticket_version: String(ticket.version),
  })
  t.notOk('_ticket_customer_id' in meta || '_ticket_assigned_to' in meta, 'a field has one key')
  const { post_status: _status, post_modified: _modified, post_modified_gmt: _gmt, ...rest } = await stored(site, id)!
  t.match(before, rest, 'nothing else of the post was changed')
  t.strictSame([await stored(site, other), await site.meta(other)], untouched, 'nor anything of another post')
  t.strictSame((await call('GET', `/tickets/${id}`)).body, { ...ticket, synced_version: ticket.version })

  await call('PATCH', `/tickets/${id}`, { status: 'pending' })
  await call('POST', '/flush')
  t.equal((await stored(site, id)).post_status, 'pending', 'a status that is not named is the same in both')
})

t.test('post_modified is in the time of the site, which may be changed meanwhile', async t => {
  const site = await createSite(t)
  const { call } = await createService(t, site.variables, site.stores)
  const [id] = await site.posts(1) as [number]
  await closeTicket(call, id)
  for (const [zone, offset] of [['America/New_York', ''], ['', '5.75'], ['Asia/Kolkata', '2'], ['', '-3.5'], ['', '0'], ['UTC', '9'], ['Europe/Berlin', '']]) {
    await site.calls(['update_option', 'timezone_string', zone], ['update_option', 'gmt_offset', offset])
    await call('PATCH', `/tickets/${id}`, { subject: `${zone} ${offset}` })
    t.match((await call('POST', '/flush')).body, { synced: 1 })
    const { post_modified: local, post_modified_gmt: gmt } = await stored(site, id) as { post_modified: string, post_modified_gmt: string }
    t.equal(await site.call('get_date_from_gmt', gmt), local, `${zone} ${offset}: what WordPress makes of the other date`)
    t.equal(Date.parse(`${gmt.replace(' ', 'T')}Z`) / 1000, (await call('GET', `/tickets/${id}`)).body.updated_at)
  }
})

t.test('every field comes back from WordPress as it went', async t => {
  const site = await createSite(t)
  const { call, redis, prefix } = await createService(t, site.variables, site.stores)
  const texts = [WILD, 'x', ' leading and trailing ', '0', 'null', 'true', '[1]', '{"a":1}', 'N;', 'b:0;', 'i:5;', 's:3:"abc";', 's:6:"😀üx";', 'a:1:{i:0;i:1;}', '\n\ts:1:"x"; ',
    'O:8:"stdClass":0:{}', 'C:3:"Foo":0:{}', 'E:7:"Foo:Bar";', 'd:0.5;', 'a:1: hello; world', '😀'.repeat(255), 'Ж'.repeat(255), '\'', '\\', '\\\'', '"; DROP TABLE wp_posts; --', '\r\n', '%', '?', '??', ':id', '$&']
  const ids = await site.posts(texts.length)
  for (const [i, id] of ids.entries()) {
    const label = texts[i]!.slice(0, 32)
    await closeTicket(call, id, {
      customer_id: Number.MAX_SAFE_INTEGER,
      subject: texts[i],
      category: label,
      priority: label,
      assigned_to: Number.MAX_SAFE_INTEGER,
      created_at: i === 0 ? 0 : 253_402_300_799,
      custom_fields: { text: texts[i]!, empty: '', number: -0.5, large: Number.MAX_SAFE_INTEGER, yes: true, no: false },
    })
  }
  t.match((await call('POST', '/flush')).body, { claimed: ids.length, synced: ids.length })
  const before = (await call('GET', `/tickets?ids=${ids.join()}`)).body.tickets
  await redis.del(ids.map(id => `${prefix}ticket:${id}`))
  const one = await call('GET', `/tickets/${ids[0]}`)
  t.equal(one.headers['x-ticket-source'], 'mysql')
  t.strictSame((await call('GET', `/tickets?ids=${ids.join()}`)).body.tickets, before)
  t.equal((await call('GET', `/tickets/${ids[0]}`)).headers['x-ticket-source'], 'redis', 'and is in Redis again')

  const subjects = await site.calls(...ids.map((id): [string, ...unknown[]] => ['get_post_meta', id, '_ticket_subject', true]))
  t.strictSame(subjects, texts, 'WordPress gives the same texts, and unserializes none of them')

  await site.calls(...ids.map((id, i): [string, ...unknown[]] => ['update_post_meta', id, '_ticket_subject', texts[i]!.replaceAll('\\', '\\\\')]))
  await redis.del(ids.map(id => `${prefix}ticket:${id}`))
  t.strictSame((await call('GET', `/tickets?ids=${ids.join()}`)).body.tickets.map(({ subject }: { subject: string }) => subject), texts, 'what WordPress writes is read as well')
})

t.test('a field that is taken away leaves no row, and one that did not change is not written again', async t => {
  const site = await createSite(t)
  const { call, sql } = await createService(t, site.variables, site.stores)
  const [id] = await site.posts(1) as [number]
  await closeTicket(call, id, { subject: 'S', category: 'c', assigned_to: 3, custom_fields: { a: 1 } })
  await call('POST', '/flush')
  const before = await site.meta(id)
  await sql.query('CREATE TABLE changes (meta_key VARCHAR(255))')
  await sql.query('CREATE TRIGGER record AFTER UPDATE ON wp_postmeta FOR EACH ROW INSERT INTO changes VALUES (NEW.meta_key)')

  await call('PATCH', `/tickets/${id}`, { status: 'open', subject: null, assigned_to: null, custom_fields: null, category: 'd' })
  t.match((await call('POST', '/flush')).body, { synced: 1 })
  const after = await site.meta(id)
  t.strictSame(after.map(row => row.meta_key), ['_ticket_customer_id', '_ticket_status', '_ticket_category', '_ticket_created_at', '_ticket_updated_at', '_ticket_version'])
  t.strictSame(after.map(row => row.meta_id), before.filter(row => after.some(({ meta_key: key }) => key === row.meta_key)).map(row => row.meta_id), 'rows keep their meta_id')
  const [changes] = await sql.query('SELECT DISTINCT meta_key FROM changes WHERE meta_key IN (\'_ticket_customer_id\', \'_ticket_created_at\')')
  t.strictSame(changes, [], 'what is equal was not updated')
  t.match((await sql.query('SELECT meta_key FROM changes WHERE meta_key = \'_ticket_category\''))[0], [{}], 'what was changed was')
})

t.test('duplicates that other programs left are cleaned; the lowest meta_id stays', async t => {
  const site = await createSite(t)
  const { call } = await createService(t, site.variables, site.stores)
  const [id] = await site.posts(1) as [number]
  await site.calls(...['_ticket_subject', '_ticket_subject', '_ticket_priority', '_ticket_priority', '_other', '_other'].map((key, i): [string, ...unknown[]] => ['add_post_meta', id, key, `foreign ${i}`]))
  const [first] = await site.meta(id)
  await closeTicket(call, id, { subject: 'S' })
  await call('POST', '/flush')
  const rows = await site.meta(id)
  t.equal(new Set(rows.map(row => row.meta_key)).size, rows.length)
  t.match(rows[0], { meta_id: first!.meta_id, meta_key: '_ticket_subject', meta_value: 'S' })
  t.notOk(rows.some(row => row.meta_key === '_ticket_priority'), 'the ticket has none')
  t.strictSame(await site.call('get_post_meta', id, '_other'), ['foreign 4', 'foreign 5'], 'keys that are not ours are let alone')

  await site.calls(['add_post_meta', id, '_ticket_version', '1'], ['add_post_meta', id, '_ticket_version', '9000000000000000'])
  const { body } = await call('PATCH', `/tickets/${id}`, { subject: 'T' })
  t.match((await call('POST', '/flush')).body, { synced: 1 }, 'the version is that of the lowest meta_id, as in WordPress')
  t.strictSame(await site.call('get_post_meta', id, '_ticket_version'), [String(body.version)])
})

t.test('another prefix, and more than the server takes in one statement', async t => {
  const mariadb = await privateMariadb(t, { args: ['--max-allowed-packet=4M'] })
  const site = await createSite(t, { prefix: 'shop_2_', mysql: mariadb.url })
  const { app, sql } = await createService(t, site.variables, site.stores)
  const ids = await site.posts(150)
  const tickets = ids.map((id): Ticket => ({
    ticket_id: id, customer_id: 1, status: 'closed', created_at: 1, updated_at: 1, version: 1, synced_version: 1, custom_fields: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, 'x'.repeat(1000)])),
  }))
  t.strictSame(await app.tickets.database.upsert(tickets), { refused: [], outdated: [] })
  const [rows] = await sql.query('SELECT ID FROM shop_2_posts WHERE post_status = \'closed\' ORDER BY ID')
  t.strictSame((rows as { ID: number }[]).map(({ ID }) => ID), ids)
  const read: unknown[] = []
  let left: readonly number[] = ids
  // A look-up answers as many as it may hold.
  while (left.length > 0) {
    const part = await app.tickets.database.find(left, PATIENT_MS)
    read.push(...part.found.values())
    left = [...part.left]
  }
  t.strictSame(read, tickets)
})
