import t from 'tap'
import { privateMariadb } from '../helper.js'
import { cycles } from './harness/cycles.js'
import { startProxy } from './harness/proxy.js'
import { createRig } from './harness/rig.js'

t.test('kill -9 of MySQL', async t => {
  // Every commit on disk, as in production.
  const mariadb = await privateMariadb(t, { flushLogAtCommit: 1 })

  t.test('during writes and flushes', async t => {
    const rig = await createRig(t, { mysql: mariadb.url })
    const service = await rig.start({ SYNC_STRATEGY: 'event', SYNC_LINGER_MS: 10 })
    const load = rig.load(service)
    await cycles(t, async name => {
      load.resume()
      await rig.ledger.acknowledged(300)
      await mariadb.kill()
      await rig.ledger.acknowledged(100)
      await mariadb.restart()
      await rig.ledger.acknowledged(100)
      await rig.check(service, name)
    })
  })

  t.test('between its commit and the settling in Redis', async t => {
    const rig = await createRig(t, { mysql: mariadb.url })
    const proxy = await startProxy(t, String(rig.stores.variables.MYSQL_URL))
    const service = await rig.start({ MYSQL_URL: proxy.url })
    await cycles(t, async name => {
      const committed = proxy.holdReply(/INSERT INTO `wp_support_tickets`/)
      const id = rig.ledger.nextId()
      await rig.writer(service).create(id, { customer_id: 1, status: 'closed' })
      await committed.held
      t.equal(await rig.archived(id), rig.ledger.version(id), 'another connection sees the row')
      t.not(await rig.due(id), null, 'Redis does not know it yet')
      await mariadb.kill()
      committed.drop()
      await mariadb.restart()
      await rig.check(service, name)
    })
  })
})
