import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { fromMetaValue, toMetaValue } from '../../src/database/wordpress/meta.ts'
import { createSiteTime } from '../../src/database/wordpress/site-time.ts'
import { createSite } from '../../src/database/wordpress/site.ts'

const wordpress = (variables: Record<string, string> = {}) => createSite(loadConfig({ SYNC_TARGET: 'wordpress', WORDPRESS_POST_TYPE: 'ticket', ...variables }))

t.test('maps: what is named, and the rest', async t => {
  t.equal(loadConfig({}).SYNC_TARGET, 'table')
  const { statuses, metaKeys, posts, isTicket } = wordpress({ WORDPRESS_STATUS_MAP: 'open=publish, closed=private', WORDPRESS_META_KEYS: 'customer_id=_ticket_customer,assigned_to=_agent', WORDPRESS_TABLE_PREFIX: 'x_' })
  t.strictSame(Object.fromEntries(statuses), { open: 'publish', pending: 'pending', 'on-hold': 'on-hold', resolved: 'resolved', closed: 'private' })
  t.strictSame(Object.fromEntries(metaKeys), {
    customer_id: '_ticket_customer',
    subject: '_ticket_subject',
    status: '_ticket_status',
    category: '_ticket_category',
    priority: '_ticket_priority',
    channel: '_ticket_channel',
    assigned_to: '_agent',
    custom_fields: '_ticket_custom_fields',
    created_at: '_ticket_created_at',
    updated_at: '_ticket_updated_at',
    closed_at: '_ticket_closed_at',
    version: '_ticket_version',
  })
  t.equal(posts, '`x_posts`')
  t.equal(isTicket, "CAST(post_type AS BINARY) = 'ticket'")
  t.equal(wordpress({ WORDPRESS_META_KEYS: 'category=_ticket_priority,priority=_ticket_category' }).metaKeys.get('category'), '_ticket_priority', 'keys may change places')
})

t.test('what does not do is refused by its name, in one line', async t => {
  for (const [name, value, message] of [
    ['SYNC_TARGET', 'post', /must be/],
    ['WORDPRESS_TABLE_PREFIX', 'wp-', /pattern/],
    ['WORDPRESS_TABLE_PREFIX', 'wp_posts`; --', /pattern/],
    ['WORDPRESS_POST_TYPE', 'A ticket', /pattern/],
    ...['post', 'page', 'attachment', 'revision', 'nav_menu_item', 'wp_block', 'wp_template', 'wp_global_styles'].map(type => ['WORDPRESS_POST_TYPE', type, /is a type of WordPress itself/] as const),
    ...['shop_order', 'shop_order_refund', 'product', 'acf-field', 'elementor_library'].map(type => ['WORDPRESS_POST_TYPE', type, /whose posts are no tickets/] as const),
    ...['wp_posts', 'WP_Options', 'wp_2_postmeta', 'wp_users'].map(table => ['TICKETS_TABLE', table, /is a table of WordPress itself/] as const),
    ...['trash', 'auto-draft', 'inherit', 'future'].map(status => ['WORDPRESS_STATUS_MAP', `open=${status}`, /by itself/] as const),
    ...['_edit_lock', '_edit_last', '_thumbnail_id', '_wp_page_template', '_WP_Old_Slug', '_menu_item_url', '_oembed_x', 'enclosure'].map(key => ['WORDPRESS_META_KEYS', `subject=${key}`, /WordPress itself keeps/] as const),
    ['WORDPRESS_STATUS_MAP', 'open', /open, which is not of the form name=value/],
    ['WORDPRESS_STATUS_MAP', 'open=', /form name=value/],
    ['WORDPRESS_STATUS_MAP', 'new=publish', /names new, which is not one of TICKET_STATUSES/],
    ['WORDPRESS_STATUS_MAP', 'open=publish,open=private', /names open twice/],
    ['WORDPRESS_STATUS_MAP', 'open=Published', /only a-z/],
    ['WORDPRESS_STATUS_MAP', 'open=waiting-for-an-answer', /at most 20 characters; waiting-for-an-answer has 21/],
    ['WORDPRESS_META_KEYS', 'colour=_x', /names colour, which is not one of the fields customer_id, subject/],
    ['WORDPRESS_META_KEYS', 'ticket_id=_x', /names ticket_id/],
    ['WORDPRESS_META_KEYS', 'subject=_x,subject=_y', /names subject twice/],
    ['WORDPRESS_META_KEYS', 'subject=_x,category=_X', /gives subject and category the same key/],
    ['WORDPRESS_META_KEYS', 'subject=_ticket_status', /gives subject and status the same key/],
    ['WORDPRESS_META_KEYS', 'subject=a b', /letters, digits/],
    ['WORDPRESS_META_KEYS', `subject=${'x'.repeat(192)}`, /1 to 191/],
  ] as const) {
    for (const target of ['wordpress', 'table']) {
      t.throws(() => createSite(loadConfig({ SYNC_TARGET: target, WORDPRESS_POST_TYPE: 'ticket', [name]: value })), { name: 'ConfigError', message: new RegExp(`^${name} [^\\n]*${message.source}[^\\n]*$`) }, `${name}=${value}`)
    }
  }
  t.throws(() => loadConfig({ SYNC_TARGET: 'wordpress' }), { name: 'ConfigError', message: /^WORDPRESS_POST_TYPE is not set, and SYNC_TARGET=wordpress needs it[^\n]*$/ })
  t.equal(loadConfig({}).WORDPRESS_POST_TYPE, undefined, 'only there')
  t.equal(loadConfig({ WORDPRESS_TABLE_PREFIX: 'x_', TICKETS_TABLE: 'wp_posts' }).TICKETS_TABLE, 'wp_posts', 'of no site with that prefix')
  t.throws(() => wordpress({ TICKET_STATUSES: 'open,trash', TICKET_CLOSED_STATUSES: 'trash' }), { message: /^WORDPRESS_STATUS_MAP must give trash another post_status/ })
  // Also where a table is the target: who names something means it.
  await t.rejects(buildApp(loadConfig({ WORDPRESS_STATUS_MAP: 'open' })), { name: 'ConfigError' }, 'the service is not built')
  await t.rejects(buildApp(loadConfig({ WORDPRESS_META_KEYS: 'colour=_x' })), { name: 'ConfigError' })
  const statuses = { TICKET_STATUSES: 'waiting-for-an-answer,closed', TICKET_CLOSED_STATUSES: 'closed' }
  t.throws(() => wordpress(statuses), { message: /^WORDPRESS_STATUS_MAP must give waiting-for-an-answer a post_status of at most 20/ })
  t.ok(loadConfig(statuses), 'a table holds longer ones')
  const named = { TICKET_STATUSES: 'In Progress,a=b,Wartet auf Kunde,closed', TICKET_CLOSED_STATUSES: 'closed' }
  for (const [WORDPRESS_STATUS_MAP, message] of [
    ['', /^WORDPRESS_STATUS_MAP must give In Progress another post_status than In Progress: only a-z/],
    ['In Progress=in-progress,a=b=ab', /^WORDPRESS_STATUS_MAP must give Wartet auf Kunde another post_status/],
    ['In Progress=in-progress,a=ab', /names a, which is not one of TICKET_STATUSES/],
  ] as const) t.throws(() => wordpress({ ...named, WORDPRESS_STATUS_MAP }), { name: 'ConfigError', message })
  t.strictSame(wordpress({ ...named, WORDPRESS_STATUS_MAP: 'In Progress=in-progress, a=b = ab ,Wartet auf Kunde=waiting' }).statuses,
    new Map([['In Progress', 'in-progress'], ['a=b', 'ab'], ['Wartet auf Kunde', 'waiting'], ['closed', 'closed']]), 'the last = divides')
  t.equal(wordpress({ ...statuses, WORDPRESS_STATUS_MAP: 'waiting-for-an-answer=waiting' }).statuses.get('waiting-for-an-answer'), 'waiting')
})

t.test('texts that PHP may take for its own are serialized once more', async t => {
  t.equal(toMetaValue('hello'), 'hello')
  t.equal(toMetaValue('{"a":1}'), '{"a":1}')
  t.equal(toMetaValue('O:8:"Whatever":0:{}'), 's:19:"O:8:"Whatever":0:{}";')
  t.equal(toMetaValue('i:5; 😀'), 's:9:"i:5; 😀";', 'lengths are bytes')
  for (const text of ['', 's:1:"x";', 'N;', ' \n a:1:{}', 's:', 'b:1;"', 'i:5;\n']) t.equal(fromMetaValue(toMetaValue(text)), text)
  for (const value of ['s:9:"x";', 's:1:"x"', 'a:1:{i:0;i:1;}', 'i:5;']) t.equal(fromMetaValue(value), value, 'what is no serialized text stays')
})

t.test('the time of a site', async t => {
  const at = (options: Record<string, string>, iso: string) => createSiteTime(new Map(Object.entries(options)))(Date.parse(iso) / 1000)
  t.equal(at({ timezone_string: 'Europe/Berlin', gmt_offset: '9' }, '2026-01-31T23:30:05Z'), '2026-02-01 00:30:05')
  t.equal(at({ timezone_string: 'Europe/Berlin' }, '2026-07-31T22:00:00Z'), '2026-08-01 00:00:00', 'midnight, in summer')
  t.equal(at({ timezone_string: '', gmt_offset: '-3.5' }, '2026-01-01T00:00:00Z'), '2025-12-31 20:30:00')
  t.equal(at({ timezone_string: '', gmt_offset: '' }, '2026-01-01T00:00:00Z'), '2026-01-01 00:00:00')
  t.equal(at({}, '2026-01-01T00:00:00Z'), '2026-01-01 00:00:00')
  t.throws(() => at({ timezone_string: 'Europe/Nowhere' }, '2026-01-01T00:00:00Z'), { name: 'DatabaseUnavailable', cause: { message: /timezone_string of the site is Europe\/Nowhere.*update Node/ } })
  t.throws(() => at({ gmt_offset: 'x' }, '2026-01-01T00:00:00Z'), { name: 'DatabaseUnavailable' })
})
