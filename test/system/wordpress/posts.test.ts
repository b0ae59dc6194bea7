import t from 'tap'
import { createService, eventually } from '../../helper.ts'
import { createSite, PATIENT_MS, type Call } from './site.ts'

const closed = (ids: readonly number[]) => ({ operations: ids.map(id => ({ op: 'create', ticket_id: id, customer_id: 1, status: 'closed' })) })

t.test('the highest id of a range is that of a ticket, not of a post', async t => {
  const site = await createSite(t)
  const { app, call, sql } = await createService(t, site.variables, site.stores)
  const { database } = app.tickets
  const ids = await site.posts(6)
  const ranges = [{ from: 0, to: 99_999 }, { from: 100_000, to: 199_999 }]
  t.strictSame(await database.highestIds(ranges), [0, 0], 'no post is a ticket')
  await call('POST', '/tickets/batch', closed(ids.slice(0, 3)))
  await call('POST', '/flush')
  t.strictSame(await database.highestIds(ranges), [ids[2], 0])

  // More posts than are looked through: any of the others may be a ticket.
  const posts = Array.from({ length: 1000 }, (_, i) => [50_000 + i, '', '', '', '', '', ''])
  await sql.query('INSERT INTO wp_posts (ID, post_content, post_title, post_excerpt, to_ping, pinged, post_content_filtered) VALUES ?', [posts])
  t.strictSame(await database.highestIds(ranges), [49_999, 0])
})

t.test('the start warns of a status that a post has as a ticket, and the configuration does not have', async t => {
  const site = await createSite(t)
  const before = await createService(t, { ...site.variables, TICKET_STATUSES: 'open,done', TICKET_CLOSED_STATUSES: 'done' }, site.stores)
  const [id] = await site.posts(1)
  await before.call('POST', `/tickets/${id}`, { customer_id: 1, status: 'done' })
  await before.call('POST', '/flush')
  await before.app.close()
  const { lines } = await createService(t, site.variables, site.stores)
  t.match(await lines.waitFor(({ msg }) => /TICKET_STATUSES does not name/.test(msg)), { level: 40, statuses: ['done'] })
})

t.test('a ticket that WordPress holds cannot be created again, one that it does not hold can', async t => {
  const site = await createSite(t)
  const { call, redis, prefix } = await createService(t, site.variables, site.stores)
  const [first, second, third] = await site.posts(3) as [number, number, number]
  await call('POST', '/tickets/batch', closed([first, third]))
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:${first}`)
  await site.call('add_post_meta', second, '_ticket_customer_id', '5')
  t.equal((await call('POST', `/tickets/${first}`, { customer_id: 1 })).status, 409)
  t.equal((await call('POST', `/tickets/${second}`, { customer_id: 1 })).status, 201, 'below the highest, and no ticket: it bears no version')
  await redis.del(`${prefix}ticket:${third}`)
  t.match(await call('PATCH', `/tickets/${third}`, { subject: 'x' }), { status: 200, body: { customer_id: 1, subject: 'x' } })
})

t.test('a post that another program made a ticket is not overwritten by a first push', async t => {
  const site = await createSite(t)
  const { call } = await createService(t, site.variables, site.stores)
  const [first, theirs, ours] = await site.posts(3) as [number, number, number]
  await call('POST', '/tickets/batch', closed([first]))
  await call('POST', '/flush')
  await site.call('add_post_meta', theirs, '_ticket_version', '7')
  await site.call('add_post_meta', theirs, '_ticket_subject', 'theirs')
  t.equal((await call('POST', '/tickets/batch', closed([theirs, ours]))).status, 200, 'nobody has told the service')
  t.match((await call('POST', '/flush')).body, { claimed: 2, synced: 1, dead: 1 })
  t.match((await call('GET', '/flush/dead')).body, { tickets: [{ ticket_id: theirs, reason: /version 7.*another program/ }] })
  t.equal(await site.call('get_post_meta', theirs, '_ticket_subject', true), 'theirs')
  await call('PATCH', `/tickets/${ours}`, { subject: 'again' })
  t.match((await call('POST', '/flush')).body, { synced: 1, dead: 0 })
})

t.test('what is no ticket\'s value is named by its field', async t => {
  const site = await createSite(t)
  const { call, app, redis, prefix, lines } = await createService(t, site.variables, site.stores)
  const damage: [string, unknown][] = [['customer_id', 'abc'], ['customer_id', ''], ['assigned_to', [1, 2]], ['custom_fields', { a: 1 }], ['custom_fields', 'text'], ['custom_fields', '[1]'], ['custom_fields', '{"a":{}}'],
    ['created_at', '2020-01-01'], ['updated_at', '9999999999999'], ['closed_at', 'never'], ['version', '1.5'], ['version', '']]
  const ids = await site.posts(damage.length + 1)
  await call('POST', '/tickets/batch', closed(ids))
  await call('POST', '/flush')
  await site.calls(...damage.map(([field, value], i): Call => ['update_post_meta', ids[i], `_ticket_${field}`, value]))
  await site.call('delete_post_meta', ids.at(-1), '_ticket_status')
  await redis.del(ids.map(id => `${prefix}ticket:${id}`))
  const { found } = await app.tickets.database.find(ids, PATIENT_MS)
  for (const [i, [field]] of [...damage, ['status']].entries()) {
    t.match(found.get(ids[i]!), { name: 'CorruptTicketError', ticketId: ids[i], message: new RegExp(`\\b${field as string} `) })
  }
  t.equal((await call('GET', `/tickets/${ids[0]}`)).status, 500)
  t.ok(await lines.waitFor(({ ticket_id }) => ticket_id === ids[0]))
  t.notOk((await app.tickets.database.versions(ids)).has(ids[10]!), 'a version that is none stands in no way')
})

t.test('what was changed since a time, in pages and by partition', async t => {
  const site = await createSite(t)
  const { app, call, sql } = await createService(t, site.variables, site.stores)
  const ids = await site.posts(10)
  await call('POST', '/tickets/batch', closed(ids))
  await call('POST', '/flush')
  // Posts of other programs between the first and the last ticket: more than a page of them.
  const date = '2099-01-01 00:00:00'
  await sql.query('INSERT INTO wp_posts (post_content, post_title, post_excerpt, to_ping, pinged, post_content_filtered, post_date, post_date_gmt, post_modified, post_modified_gmt) VALUES ?',
    [Array.from({ length: 2500 }, () => ['', '', '', '', '', '', date, date, date, date])])
  const [last] = await site.posts(1) as [number]
  await call('POST', '/tickets/batch', closed([last]))
  await call('POST', '/flush')
  await sql.query('UPDATE wp_posts SET post_modified_gmt = \'2001-01-01 00:00:00\' WHERE ID = ?', [ids[4]])
  const all = async (...args: Parameters<typeof app.tickets.database.changedSince>) => {
    const found = new Map<number, number>()
    for await (const page of app.tickets.database.changedSince(...args)) for (const [id, version] of page) found.set(id, version)
    return found
  }
  const expected = [...ids.filter(id => id !== ids[4]), last]
  const changed = await all(1_500_000_000)
  t.strictSame([...changed.keys()].sort((a, b) => a - b), expected)
  t.strictSame(changed, await app.tickets.database.versions(expected))
  t.strictSame([...(await all(0)).keys()].sort((a, b) => a - b), [...ids, last])
  for (const block of [1, 4]) {
    for (const index of [0, 1, 2]) {
      t.strictSame([...(await all(1_500_000_000, { index, count: 3, block })).keys()].sort((a, b) => a - b), expected.filter(id => Math.floor(id / block) % 3 === index), `blocks of ${block}`)
    }
  }
  t.strictSame(await all(4_000_000_000), new Map())
})

t.test('a list of all tickets by their ids; 501 for filters, other sorts and counts, but for what partial=true tells', async t => {
  const site = await createSite(t)
  const { call } = await createService(t, site.variables, site.stores)
  const [synced, open] = await site.posts(3) as [number, number]
  await call('POST', '/tickets/batch', closed([synced]))
  await call('POST', '/flush')
  await call('POST', `/tickets/${open}`, { customer_id: 1 })
  const idsOf = async (query: string) => (await eventually(async () => {
    const answer = await call('GET', `/tickets?${query}`)
    if (answer.status !== 200) throw new Error(answer.text)
    return answer
  })).body.tickets.map(({ ticket_id: id }: { ticket_id: number }) => id)
  t.strictSame(await idsOf('sort=ticket_id'), [synced, open])
  t.strictSame(await idsOf('limit=1'), [open])
  for (const filter of ['status=open', 'assigned_to=none', 'customer_id=1', 'category=a', 'priority=a', 'created_since=1', 'created_until=1', 'updated_since=1', 'updated_until=1']) {
    t.match(await call('GET', `/tickets?${filter}`), { status: 501, body: { code: 'not_supported', detail: new RegExp(`filter by ${filter.split('=')[0]}: wp_postmeta has no index.*partial=true`) } }, filter)
  }
  for (const sort of ['created_at', '-updated_at']) t.match(await call('GET', `/tickets?sort=${sort}`), { status: 501, body: { detail: new RegExp(`sort by ${sort.replace('-', '')}:.*partial=true`) } }, sort)
  t.match(await call('GET', '/tickets?partial=true&status=open&sort=created_at'), { status: 200, body: { tickets: [{ ticket_id: open }], has_more: false, incomplete: ['mysql'] } })
  for (const query of ['group_by=status', 'group_by=status&status=open', 'group_by=assigned_to', 'group_by=priority', 'group_by=category&customer_id=1']) {
    const { status, body } = await call('GET', `/tickets/counts?${query}`)
    t.match({ status, body }, { status: 501, body: { code: 'not_supported', detail: /count by (status|assigned_to|priority|category): wp_postmeta has no index for it\.$/ } }, query)
  }
})

t.test('Redis came back with older data: what WordPress holds is loaded', async t => {
  const site = await createSite(t)
  const service = await createService(t, site.variables, site.stores)
  const { call, redis, prefix } = service
  const [id] = await site.posts(1) as [number]
  await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  const older = await redis.hgetall(`${prefix}ticket:${id}`)
  const { body } = await call('PATCH', `/tickets/${id}`, { subject: 'newer' })
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:${id}`)
  await redis.hset(`${prefix}ticket:${id}`, older)
  await redis.zadd(`${prefix}tickets:due`, 0, String(id))
  t.match((await call('POST', '/flush')).body, { claimed: 1, synced: 1 })
  t.match((await call('GET', `/tickets/${id}`)).body, { subject: 'newer', version: body.version })
})
