import t from 'tap'
import { eventually, privateMariadb } from '../helper.ts'
import { cycles } from './harness/cycles.ts'
import { startProxy } from './harness/proxy.ts'
import { createRig } from './harness/rig.ts'

/** REDIS_COMMAND_TIMEOUT_MS, and as much again for a busy machine. */
const ANSWER_WITHIN_MS = 2000

t.test('MySQL', async t => {
  // Every commit on disk, as in production.
  const mariadb = await privateMariadb(t, { flushLogAtCommit: 1 })
  const proxy = await startProxy(t, mariadb.url)
  const rig = await createRig(t, { mysql: mariadb.url, answerWithinMs: ANSWER_WITHIN_MS })
  const { ledger, stores: { redis, prefix } } = rig
  const service = await rig.start({ MYSQL_URL: proxy.through(String(rig.stores.variables.MYSQL_URL)), SYNC_STRATEGY: 'event', SYNC_LINGER_MS: 10 })
  const load = rig.load(service)

  t.test('frozen: no write waits for it, and no ticket is blamed', async t => {
    await cycles(t, async name => {
      load.resume()
      await ledger.acknowledged(200)
      // So that no create is under way with an id that has become lower than MySQL's highest: it would have to ask MySQL.
      await load.pause()
      const failures = service.count(/the flush failed/)
      await mariadb.pause()
      load.resume()
      await ledger.acknowledged(200)
      await eventually(async () => {
        if (service.count(/the flush failed/) < failures + 2) throw new Error('no flush has failed')
      })
      await ledger.acknowledged(200)
      await load.pause()
      mariadb.resume()
      await rig.check(t, service, name)
      t.match(ledger.counts, { refused: 0, doubtful: 0 }, 'every write was acknowledged')
      t.equal(await redis.exists(`${prefix}tickets:failures`), 0, 'nothing is counted against a ticket')
    })
  })

  t.test('kill -9 during writes and flushes', async t => {
    await cycles(t, async name => {
      load.resume()
      await ledger.acknowledged(300)
      await mariadb.kill()
      await ledger.acknowledged(100)
      await mariadb.restart()
      await ledger.acknowledged(100)
      await rig.check(t, service, name)
    })
  })

  t.test('kill -9 between its commit and the settling in Redis', async t => {
    await cycles(t, async name => {
      const committed = proxy.holdReply(/INSERT INTO `wp_support_tickets`/)
      const id = ledger.nextId()
      await rig.writer(service).create(id, { customer_id: 1, status: 'closed' })
      await committed.held
      t.equal(await rig.archived(id), ledger.version(id), 'another connection sees the row')
      t.not(await rig.due(id), null, 'Redis does not know it yet')
      await mariadb.kill()
      committed.drop()
      await mariadb.restart()
      await rig.check(t, service, name)
    })
  })
})
