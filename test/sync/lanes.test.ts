import t from 'tap'
import { inLanes } from '../../src/sync/lanes.js'
import { createService } from '../helper.js'
import { closed, watchCalls } from './calls.js'

/** A promise that the test ends. */
function gate () {
  let open = () => {}
  let fail = (_error: Error) => {}
  const passed = new Promise<void>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  return { passed, open, fail }
}

const turn = () => new Promise(setImmediate)

t.test('so many are in work at a time, and one is asked for at a time', async t => {
  const works = [gate(), gate(), gate()]
  let asked = 0
  const done = inLanes(2, async () => {
    const work = works[asked]
    asked += 1
    await turn()
    return work && (() => work.passed)
  })
  t.equal(asked, 1, 'the second waits until the first is there')
  while (asked < 2) await turn()
  await turn()
  await turn()
  t.equal(asked, 2, 'both are in work')
  works[1]!.open()
  while (asked < 3) await turn()
  works[0]!.open()
  works[2]!.open()
  await done
})

t.test('after a failure nothing is asked for, what is in work ends, and the first failure is thrown', async t => {
  const works = [gate(), gate()]
  let asked = 0
  let ended = false
  const done = inLanes(2, async () => {
    const { passed } = works[asked]!
    asked += 1
    return () => passed
  }).finally(() => { ended = true })
  while (asked < 2) await turn()
  works[0]!.fail(new Error('first'))
  await turn()
  t.notOk(ended, 'the other is waited for')
  works[1]!.fail(new Error('second'))
  await t.rejects(done, { message: 'first' })
  t.equal(asked, 2)
})

t.test('the next batch is claimed while MySQL writes the last one', async t => {
  const { app, call } = await createService(t, { FLUSH_BATCH_SIZE: 10 })
  await call('POST', '/tickets/batch', closed(40))
  const { names } = watchCalls(app)
  t.match((await call('POST', '/flush')).body, { claimed: 40, synced: 40 })
  t.strictSame(names.slice(0, 2), ['claim', 'claim'])
  t.strictSame(names.toSorted(), [...Array<string>(4).fill('claim'), ...Array<string>(4).fill('settle')], 'each batch is settled, and no call is made in vain')
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
