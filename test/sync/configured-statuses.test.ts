import t from 'tap'
import { createService, createStores, privateMariadb, type Variables } from '../helper.ts'
import { scrape } from '../routes/metrics/scrape.ts'
import { handlerOf } from '../../src/tickets/operation.ts'

/** Without `resolved`, which closes tickets by default. */
const WITHOUT_RESOLVED = { TICKET_STATUSES: 'open,closed', TICKET_CLOSED_STATUSES: 'closed' }

t.test('a ticket whose status was taken out of the configuration stays closed until its status changes', async t => {
  const stores = await createStores(t)
  const before = await createService(t, {}, stores)
  for (const id of [1, 2, 3]) await before.call('POST', `/tickets/${id}`, { customer_id: 1, status: 'resolved' })
  // It was closed an hour ago.
  const closedAt = Number((await before.hash(1)).closed_at) - 3600
  for (const id of [1, 2, 3]) await stores.redis.hset(`${stores.prefix}ticket:${id}`, 'closed_at', closedAt)
  await before.call('POST', '/flush')
  await before.app.close()

  const { call, row, hash, due, redis, prefix } = await createService(t, WITHOUT_RESOLVED, stores)
  t.match(await call('PATCH', '/tickets/1', { subject: 'x' }), { status: 200, body: { status: 'resolved', closed_at: closedAt, subject: 'x' } })
  t.not(await due(1), 'inf', 'it is due as a change of a closed ticket')
  t.match((await call('POST', '/flush')).body, { synced: 1 })
  t.match(await row(1), { status: 'resolved', subject: 'x', closed_at: new Date(closedAt * 1000).toISOString().slice(0, 19).replace('T', ' ') })
  t.ok(await redis.ttl(`${prefix}ticket:1`) > 0, 'it expires once MySQL has it')

  t.match((await call('PATCH', '/tickets/2', { status: 'closed' })).body, { status: 'closed', closed_at: closedAt }, 'from one closed status to another')
  const reopened = (await call('PATCH', '/tickets/3', { status: 'open' })).body
  t.notOk('closed_at' in reopened, 'another status reopens it')
  t.notOk('closed_at' in await hash(3))
  t.not(await due(3), 'inf', 'MySQL holds it as closed')
})

t.test('a status that no longer closes tickets leaves those closed that it has closed, also when it is sent again', async t => {
  const stores = await createStores(t)
  const before = await createService(t, {}, stores)
  await before.call('POST', '/tickets/1', { customer_id: 1, status: 'resolved' })
  await before.app.close()
  const { call } = await createService(t, { TICKET_STATUSES: 'open,resolved,closed', TICKET_CLOSED_STATUSES: 'closed' }, stores)
  t.type((await call('PATCH', '/tickets/1', { subject: 'x' })).body.closed_at, 'number')
  t.type((await call('PATCH', '/tickets/1', { status: 'resolved' })).body.closed_at, 'number', 'that is no change of the status')
})

t.test('a status that closes tickets from now on closes those that have it at their next change', async t => {
  const stores = await createStores(t)
  const before = await createService(t, { TICKET_CLOSED_STATUSES: 'closed' }, stores)
  await before.call('POST', '/tickets/1', { customer_id: 1, status: 'resolved' })
  t.equal(await before.due(1), 'inf')
  await before.app.close()
  const { call, due, redis, prefix } = await createService(t, {}, stores)
  t.notOk('closed_at' in (await call('GET', '/tickets/1')).body)
  const { body } = await call('PATCH', '/tickets/1', { subject: 'x' })
  t.equal(body.closed_at, body.updated_at, 'the time of the change: nobody knows an earlier one')
  t.not(await due(1), 'inf')
  await call('POST', '/flush')
  t.ok(await redis.ttl(`${prefix}ticket:1`) > 0)
})

t.test('a change that waits in the journal shows the ticket as it will be', t => {
  const statuses = { closedStatuses: ['closed'], defaultStatus: 'open' }
  const ticket = { ticket_id: 1, customer_id: 1, status: 'resolved', created_at: 1, updated_at: 2, closed_at: 2, version: 3, synced_version: 3 }
  const preview = (fields: { subject?: string, status?: string }, before: typeof ticket | Omit<typeof ticket, 'closed_at'> = ticket) =>
    handlerOf({ op: 'update', ticket_id: 1, fields }).preview(before, { op: 'update', ticket_id: 1, fields }, 9, statuses)
  t.equal(preview({ subject: 'x' })!.closed_at, 2)
  t.equal(preview({ status: 'resolved' })!.closed_at, 2)
  t.equal(preview({ status: 'closed' })!.closed_at, 2)
  t.notOk('closed_at' in preview({ status: 'open' })!)
  const { closed_at: _, ...open } = ticket
  t.notOk('closed_at' in preview({ subject: 'x' }, open)!, 'of a status that was never a closed one')
  t.equal(preview({ subject: 'x' }, { ...open, status: 'closed' })!.closed_at, 9)
  t.end()
})

const isStatusWarning = ({ level, msg }: { level: number, msg: string }) => level === 40 && /TICKET_STATUSES does not name/.test(msg)

t.test('the start warns of statuses that tickets have and the configuration does not', async t => {
  const stores = await createStores(t)
  const before = await createService(t, { TICKET_STATUSES: 'open,waiting,done,new', TICKET_CLOSED_STATUSES: 'done' }, stores)
  await before.call('POST', '/tickets/1', { customer_id: 1, status: 'done' })
  await before.call('POST', '/flush')
  await before.redis.del(`${before.prefix}ticket:1`)
  await before.call('POST', '/tickets/2', { customer_id: 1, status: 'waiting' })
  await before.app.close()
  t.notOk(before.lines.all.find(isStatusWarning), 'none while all are configured')

  const { lines } = await createService(t, {}, stores)
  t.strictSame((await lines.waitFor(line => isStatusWarning(line) && (line.statuses as string[]).includes('done'))).statuses, ['done'], 'what MySQL holds')
  t.strictSame((await lines.waitFor(line => isStatusWarning(line) && (line.statuses as string[]).includes('waiting'))).statuses, ['waiting'], 'what only Redis holds')
})

t.test('what only Redis holds is told by the indexes, or by each ticket where these are not whole', async t => {
  const stores = await createStores(t)
  const before = await createService(t, { TICKET_STATUSES: 'open,waiting,gone', TICKET_CLOSED_STATUSES: 'gone' }, stores)
  for (const [id, status] of [[1, 'waiting'], [2, 'gone']] as const) await before.call('POST', `/tickets/${id}`, { customer_id: 1, status })
  await before.call('POST', '/flush')
  await before.call('PATCH', '/tickets/2', { status: 'open' })
  await before.call('POST', '/flush', { ticket_ids: [2] })
  await before.app.close()
  const look = async (variables: Variables) => {
    const { lines, app } = await createService(t, variables, stores)
    t.strictSame((await lines.waitFor(isStatusWarning)).statuses, ['waiting'], 'and none that no ticket has any more')
    const { value } = await scrape(app)
    await app.close()
    return ['count', 'scan'].map(name => value(`tickets_redis_call_duration_seconds_count{call="${name}"}`) ?? 0)
  }
  t.strictSame(await look({}), [1, 0])
  await stores.redis.hdel(`${stores.prefix}tickets:index`, 'state')
  t.strictSame(await look({ LISTS: 'off' }), [1, 1])
})

t.test('a start without MySQL warns when it is there', async t => {
  const mariadb = await privateMariadb(t)
  const stores = await createStores(t, { mysql: mariadb.url })
  const before = await createService(t, { TICKET_STATUSES: 'open,done', TICKET_CLOSED_STATUSES: 'done' }, stores)
  await before.call('POST', '/tickets/1', { customer_id: 1, status: 'done' })
  await before.call('POST', '/flush')
  await before.app.close()
  await mariadb.stop()
  const { lines } = await createService(t, {}, stores)
  t.notOk(lines.all.find(isStatusWarning))
  await mariadb.restart()
  t.strictSame((await lines.waitFor(isStatusWarning)).statuses, ['done'])
})

t.test('statuses that MySQL holds equal are told apart, and their number is bounded', async t => {
  const stores = await createStores(t)
  const before = await createService(t, {}, stores)
  await before.app.close()
  const insert = (statuses: readonly string[]) => stores.sql.query('INSERT INTO wp_support_tickets (ticket_id, customer_id, status, created_at, updated_at, version) VALUES ?',
    [statuses.map((status, i) => [1000 * statuses.length + i, 1, status, '2020-01-01', '2020-01-01', 1])])
  await insert(['open', 'Open', 'open ', '\u00f6pen', 'closed'])
  const { lines, app } = await createService(t, {}, stores)
  t.strictSame(((await lines.waitFor(({ statuses }) => statuses !== undefined)).statuses as string[]).sort(), ['Open', 'open ', '\u00f6pen'])
  await insert(Array.from({ length: 1500 }, (_, i) => `of another program ${i}`))
  t.equal((await app.tickets.database.statuses()).length, 100)
})
