import t from 'tap'
import { storeUnavailable } from '../../src/errors.ts'
import { DatabaseUnavailable } from '../../src/mysql/failure.ts'
import { createService } from '../helper.ts'
import { closed, watchCalls } from './calls.ts'

t.test('the next batch is claimed while MySQL writes the last one', async t => {
  const { app, call } = await createService(t, { FLUSH_BATCH_SIZE: 10 })
  await call('POST', '/tickets/batch', closed(40))
  const { names } = watchCalls(app)
  t.match((await call('POST', '/flush')).body, { claimed: 40, synced: 40 })
  t.strictSame(names.slice(0, 2), ['claim', 'claim'])
  t.strictSame(names.toSorted(), [...Array<string>(4).fill('acknowledge'), ...Array<string>(4).fill('claim')], 'each batch is acknowledged, and no call is made in vain')
})

t.test('while MySQL writes a batch the last one is acknowledged, and no third is written before', async t => {
  const { app, call } = await createService(t, { FLUSH_BATCH_SIZE: 10 })
  await call('POST', '/tickets/batch', closed(40))
  const { database, shards } = app.tickets
  const { dueIndex } = shards.all[0]!
  const { upsert } = database
  const { acknowledge } = dueIndex
  const steps: string[] = []
  const { names, calls } = watchCalls(app)
  const secondIsWritten = Promise.withResolvers<void>()
  const thirdIsClaimed = Promise.withResolvers<void>()
  calls.on('ended', () => { if (names.filter(name => name === 'claim').length === 3) thirdIsClaimed.resolve() })
  database.upsert = async (...args) => {
    steps.push('write')
    const unwritten = await upsert(...args)
    if (steps.filter(step => step === 'write').length === 2) secondIsWritten.resolve()
    return unwritten
  }
  // Redis answers late.
  dueIndex.acknowledge = async (...args) => {
    if (!steps.includes('acknowledged')) await Promise.all([secondIsWritten.promise, thirdIsClaimed.promise])
    const acknowledged = await acknowledge(...args)
    steps.push('acknowledged')
    return acknowledged
  }
  t.match((await call('POST', '/flush')).body, { claimed: 40, synced: 40 })
  t.strictSame(steps.slice(0, 3), ['write', 'write', 'acknowledged'])
})

t.test('a batch that cannot be acknowledged ends the pass; what MySQL is writing meanwhile is acknowledged, what is claimed is given back', async t => {
  const { app, call, rows } = await createService(t, { FLUSH_BATCH_SIZE: 10 })
  await call('POST', '/tickets/batch', closed(40))
  const { dueIndex } = app.tickets.shards.all[0]!
  const { acknowledge } = dueIndex
  const { names, calls } = watchCalls(app)
  const thirdIsClaimed = new Promise<void>(resolve => {
    calls.on('ended', () => { if (names.filter(name => name === 'claim').length === 3) resolve() })
  })
  let asked = 0
  dueIndex.acknowledge = async (...args) => {
    if (++asked > 1) return await acknowledge(...args)
    await thirdIsClaimed
    throw storeUnavailable(new Error('Redis is gone'))
  }
  t.match(await call('POST', '/flush'), { status: 503, body: { code: 'store_unavailable' } })
  t.strictSame(names.toSorted(), ['acknowledge', 'claim', 'claim', 'claim', 'release'])
  t.equal((await rows()).length, 20)
})

t.test('batches that are in flight together hold no ticket twice, also where tickets are named', async t => {
  const { call, rows } = await createService(t, { FLUSH_BATCH_SIZE: 7 })
  await call('POST', '/tickets/batch', closed(200))
  const ticket_ids = Array.from({ length: 100 }, (_, i) => i + 1)
  t.match((await call('POST', '/flush', { ticket_ids })).body, { claimed: 100, synced: 100 })
  t.match((await call('POST', '/flush')).body, { claimed: 100, synced: 100 })
  t.equal((await rows()).length, 200)
})

t.test('a batch that fails when the next has been claimed: both are given back as they were, and no more is claimed', async t => {
  const { app, call, sql, redis, prefix } = await createService(t, { FLUSH_BATCH_SIZE: 10 })
  await call('POST', '/tickets/batch', closed(40))
  const marks = () => redis.zrange(`${prefix}tickets:due`, '0', '-1', 'WITHSCORES')
  const before = await marks()
  const { names, calls } = watchCalls(app)
  await sql.query("CREATE TRIGGER refuse BEFORE INSERT ON wp_support_tickets FOR EACH ROW SIGNAL SQLSTATE 'HY000' SET MESSAGE_TEXT = 'closed for today'")
  // MySQL holds the first batch up until the second has been claimed.
  await sql.query('LOCK TABLES wp_support_tickets WRITE')
  const claimedTwice = new Promise<void>(resolve => {
    calls.on('ended', () => { if (names.filter(name => name === 'claim').length === 2) resolve() })
  })
  const flushed = call('POST', '/flush')
  await claimedTwice
  await sql.query('UNLOCK TABLES')
  t.match(await flushed, { status: 503, body: { code: 'store_unavailable' } })
  t.strictSame(names, ['claim', 'claim', 'release', 'release'])
  t.strictSame(await marks(), before)
})

t.test('a batch that still waits for MySQL when another has failed is not tried, and the next pass asks for half', async t => {
  const { app, call, rows } = await createService(t, { FLUSH_BATCH_SIZE: 10 })
  await call('POST', '/tickets/batch', closed(13))
  const { names, calls } = watchCalls(app)
  const claimedTwice = new Promise<void>(resolve => {
    calls.on('ended', () => { if (names.length === 2) resolve() })
  })
  const { database } = app.tickets
  const { upsert } = database
  const sizes: number[] = []
  database.upsert = async tickets => {
    sizes.push(tickets.length)
    if (tickets.length <= 5) return await upsert(tickets)
    await claimedTwice
    throw new DatabaseUnavailable('too slow for so many')
  }
  t.equal((await call('POST', '/flush')).status, 503)
  t.strictSame(sizes, [10])
  t.strictSame(names, ['claim', 'claim', 'release', 'release'])
  t.match((await call('POST', '/flush')).body, { synced: 13 })
  t.strictSame(sizes.slice(0, 3), [10, 5, 5])
  t.equal((await rows()).length, 13)
})

t.test('what MySQL was too slow for is not tried again at once: from half of it the size grows by small steps', async t => {
  const { app, call, rows } = await createService(t, { FLUSH_BATCH_SIZE: 100 })
  await call('POST', '/tickets/batch', closed(400))
  const { database, traffic } = app.tickets
  // Beside the requests of this test batches would be small.
  traffic.isServing = () => false
  const { upsert } = database
  const sizes: number[] = []
  database.upsert = async tickets => {
    sizes.push(tickets.length)
    if (tickets.length > 60) throw new DatabaseUnavailable('no answer in time', { kind: 'timeout' })
    return await upsert(tickets)
  }
  t.match((await call('POST', '/flush')).body, { code: 'store_unavailable', detail: /did not answer in time/ })
  t.match((await call('GET', '/flush')).body.last_flush, { failure: { store: 'mysql', kind: 'timeout', message: 'no answer in time' } })
  const tooMany = sizes.indexOf(100)
  t.equal((await call('POST', '/flush')).status, 200, 'all the rest in one pass')
  t.ok(sizes.slice(tooMany + 1).every(size => size <= 60), sizes.join())
  t.ok(Math.max(...sizes.slice(tooMany + 1)) > 50, 'they grow')
  t.equal((await rows()).length, 400)
})

t.test('a pass that is running when the service stops ends after its present batches', async t => {
  const { app, call, rows } = await createService(t, { FLUSH_BATCH_SIZE: 1 })
  await call('POST', '/tickets/batch', closed(100))
  const { names, calls } = watchCalls(app)
  const closing = new Promise<void>(resolve => {
    calls.once('ended', () => { void app.close().then(resolve) })
  })
  const { body } = await call('POST', '/flush')
  t.ok(body.claimed < 100, `${body.claimed} tickets, and ${names.length} calls`)
  await closing
  t.equal((await rows()).length, 100, 'the rest is for the last pass')
})

t.test('one statement is with MySQL at a time', async t => {
  const { app, call } = await createService(t, { FLUSH_BATCH_SIZE: 5 })
  await call('POST', '/tickets/batch', closed(50))
  const { database } = app.tickets
  const { upsert } = database
  let running = 0
  let most = 0
  database.upsert = async tickets => {
    running += 1
    most = Math.max(most, running)
    return await upsert(tickets).finally(() => { running -= 1 })
  }
  await call('POST', '/flush')
  t.equal(most, 1)
})

t.test('who names tickets does not wait for a pass over a backlog', async t => {
  const { app, call } = await createService(t, { FLUSH_BATCH_SIZE: 1 })
  await call('POST', '/tickets/batch', closed(300))
  const { calls } = watchCalls(app)
  const begun = new Promise<void>(resolve => { calls.once('ended', () => { resolve() }) })
  const ended: string[] = []
  const backlog = call('POST', '/flush').then(() => { ended.push('backlog') })
  await begun
  t.match((await call('POST', '/flush', { ticket_ids: [300] })).body, { results: [{ ticket_id: 300, state: 'synced' }] })
  ended.push('named')
  await backlog
  t.strictSame(ended, ['named', 'backlog'])
})
