import t, { type Test } from 'tap'
import { createService, createStores, privateMariadb, privateRedis, type Service } from '../helper.ts'
import { journaling, replayed } from '../outages/journal.ts'

/** What one of JavaScript, Redis and MySQL may cut, fold or round. */
const VALUES = [
  { subject: '\u{1f3ab}'.repeat(255), category: '\u{1f3ab}'.repeat(64), customer_id: Number.MAX_SAFE_INTEGER },
  { subject: 'x', category: 'x ' },
  { subject: 'x ', category: 'x' },
  { subject: '\0', category: 'a\0b' },
  { subject: 'caf\u00e9', category: 'cafe\u0301' },
  { subject: 'STRASSE', category: 'stra\u00dfe' },
  { subject: '\u200d', category: '\ufeffx' },
  { subject: '\\\' " \n \r \x1a %_ \u2028', category: '\x7f' },
  { custom_fields: { a: 0.1, b: 1e-7, c: Number.MAX_SAFE_INTEGER, d: -Number.MAX_SAFE_INTEGER, e: 1.7976931348623e-300, f: true, g: '\u{1f3ab}'.repeat(1024), h: ' x ', i: '', j: '\0' } },
] as const

const idOf = (i: number) => 2 ** 53 - 100 + i

/** Of what was found the members that `wanted` has. */
const pick = (found: Record<string, unknown> | undefined, wanted: object) => Object.fromEntries(Object.keys(wanted).map(name => [name, found?.[name]]))

async function expectAll (t: Test, { call }: Service, what: string) {
  for (const [i, value] of VALUES.entries()) t.strictSame(pick((await call('GET', `/tickets/${idOf(i)}`)).body, value), value, `${i}, ${what}`)
}

t.test('a value that was accepted comes back as it was, from Redis, MySQL and the journal', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const stores = await createStores(t, { redis: server.url })
  const service = await createService(t, { READ_CACHE_SECONDS: 0 }, stores)
  const { call, redis, prefix, row } = service
  for (const [i, value] of VALUES.entries()) t.strictSame(pick((await call('POST', `/tickets/${idOf(i)}`, { customer_id: 1, ...value })).body, value), value)
  await expectAll(t, service, 'from Redis')
  t.match((await call('POST', '/flush', { scope: 'all' })).body, { synced: VALUES.length, dead: 0, retried: 0 })
  for (const [i, { custom_fields: custom, ...value }] of (VALUES as readonly { custom_fields?: object }[]).entries()) t.strictSame(pick(await row(idOf(i)), value), value, custom ? 'JSON' : 'byte by byte')
  await redis.del(VALUES.map((_, i) => `${prefix}ticket:${idOf(i)}`))
  await expectAll(t, service, 'from MySQL')

  for (const i of VALUES.keys()) await call('PATCH', `/tickets/${idOf(i)}`, { subject: null, category: null, custom_fields: null, customer_id: 1 })
  await server.kill()
  await journaling(service)
  for (const [i, value] of VALUES.entries()) t.equal((await call('PATCH', `/tickets/${idOf(i)}`, value)).status, 202)
  await expectAll(t, service, 'from the journal')
  await server.restart()
  t.equal((await replayed(service)).conflicts, 0)
  await expectAll(t, service, 'after the replay')
})

t.test('one character more is refused, and counted as MySQL counts', async t => {
  const { call } = await createService(t)
  for (const [name, length] of [['subject', 255], ['category', 64], ['priority', 64], ['channel', 64]] as const) {
    t.match(await call('POST', '/tickets/1', { customer_id: 1, [name]: '\u{1f3ab}'.repeat(length + 1) }), { status: 400, body: { errors: [{ pointer: `/${name}` }] } })
  }
})

t.test('a server that cuts what is too long, by its own setting, does not cut what the service writes', async t => {
  const mariadb = await privateMariadb(t, { args: ['--sql-mode='] })
  const { app, call, sql, hash, row, redis, prefix } = await createService(t, { FLUSH_MAX_ATTEMPTS: 1 }, await createStores(t, { mysql: mariadb.url }))
  t.match((await sql.query('SELECT @@GLOBAL.sql_mode AS mode'))[0], [{ mode: '' }])
  for (const id of [1, 2]) await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  // Another program has given it more than the column holds.
  await redis.hset(`${prefix}ticket:1`, 'subject', 'x'.repeat(256))
  t.match((await call('POST', '/flush')).body, { synced: 1, dead: 1 })
  t.match([await row(1), await row(2)], [undefined, { ticket_id: 2 }])
  t.equal((await hash(1)).subject!.length, 256)
  // Each connection of the pool, and of the journal.
  const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => app.mysql.query('INSERT INTO wp_support_tickets_journal (ticket_id, partition_index, op, fields, accepted_at, idempotency_key, fingerprint, operation_index) VALUES (1, 0, \'longer than 8\', \'{}\', 0, UUID(), \'\', 0)', [], 5000)))
  t.ok(outcomes.every(outcome => outcome.status === 'rejected' && outcome.reason.errno === 1406))
})
