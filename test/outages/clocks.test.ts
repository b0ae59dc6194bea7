import t, { type Test } from 'tap'
import { createService, createStores, eventually, type Service } from '../helper.ts'
import { insertEntry, replayed, replayLock } from './journal.ts'

/** Longer than two clocks are uncertain on a busy machine. */
const APART_MS = 500

/** `work`, on an instance whose machine's clock is ahead by so much. */
async function withClock<T> (t: Test, aheadMs: number, work: () => Promise<T>): Promise<T> {
  const { now } = Date
  t.teardown(() => { Date.now = now })
  Date.now = () => now() + aheadMs
  try {
    return await work()
  } finally {
    Date.now = now
  }
}

async function redisNow ({ redis }: Pick<Service, 'redis'>) {
  const [seconds, microseconds] = await redis.time() as unknown as [string, string]
  return Number(seconds) * 1000 + Number(microseconds) / 1000
}

t.test('instances that have never reached Redis, whose clocks are wrong: the order of events decides', async t => {
  const stores = await createStores(t)
  const direct = await createService(t, {}, stores)
  const cutOff = { ...await createStores(t), variables: { ...stores.variables, REDIS_URL: 'redis://127.0.0.1:1/0' } }
  const [ahead, behind] = [await createService(t, {}, cutOff), await createService(t, {}, cutOff)]
  for (const id of [1, 2, 3]) await direct.call('POST', `/tickets/${id}`, { customer_id: 1 })
  // Nobody applies the entries before all has happened.
  const lock = replayLock(String(stores.variables.MYSQL_URL))
  await stores.sql.query('SELECT GET_LOCK(?, 1)', [lock])

  t.equal((await withClock(t, 2000, () => ahead.call('PATCH', '/tickets/1', { subject: 'earlier' }))).status, 202)
  t.equal((await direct.call('PATCH', '/tickets/1', { subject: 'later' })).status, 200)

  const { body: { version } } = await direct.call('PATCH', '/tickets/2', { subject: 'earlier' })
  await eventually(async () => {
    if (await redisNow(stores) < version + APART_MS) throw new Error('not yet')
  })
  t.equal((await withClock(t, -2000, () => behind.call('PATCH', '/tickets/2', { subject: 'later' }))).status, 202)

  t.equal((await withClock(t, -2000, () => behind.call('PATCH', '/tickets/3', { subject: 'first' }))).status, 202)
  t.equal((await withClock(t, 2000, () => ahead.call('PATCH', '/tickets/3', { subject: 'second' }))).status, 202)
  t.equal((await withClock(t, -2000, () => behind.call('PATCH', '/tickets/3', { subject: 'third' }))).status, 202)

  await stores.sql.query('DO RELEASE_LOCK(?)', [lock])
  await replayed(direct)
  t.match((await direct.call('GET', '/journal')).body, { conflicts: 1, entries: [{ ticket_id: 1, fields: { subject: 'earlier' }, reason: /^version_conflict/ }] }, 'a conflict is shown')
  t.strictSame(await Promise.all([1, 2, 3].map(async id => (await direct.hash(id)).subject)), ['later', 'later', 'third'])
})

t.test('what an instance knew of another Redis, whose clock was ahead, does not count', async t => {
  const service = await createService(t)
  const { call, sql, hash } = service
  const { body: { version } } = await call('POST', '/tickets/1', { customer_id: 1, subject: 'newer' })
  await insertEntry(sql, { ticket_id: 1, fields: { subject: 'older' }, accepted_at: version + 60_000, kept_at: version - 1000 })
  await replayed(service)
  t.equal((await hash(1)).subject, 'newer')
  t.match((await call('GET', '/journal')).body, { conflicts: 1 })
})

t.test('an entry that an instance of an older version keeps, beside those of this one', async t => {
  const service = await createService(t)
  const { call, sql, hash } = service
  const { body: { version } } = await call('POST', '/tickets/1', { customer_id: 1 })
  await insertEntry(sql, { ticket_id: 1, fields: { subject: 'old version' }, accepted_at: version + 1000 },
    { ticket_id: 1, fields: { category: 'new version' }, accepted_at: version + 1000, kept_at: version + 1000, clock: 'mysql' })
  await replayed(service)
  t.match(await hash(1), { subject: 'old version', category: 'new version' })
  t.match((await call('GET', '/journal')).body, { conflicts: 0 })
})
