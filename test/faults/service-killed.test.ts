import t from 'tap'
import { eventually } from '../helper.js'
import { cycles } from './harness/cycles.js'
import { startProxy } from './harness/proxy.js'
import { createRig } from './harness/rig.js'

t.test('kill -9 of the service during writes and flushes', async t => {
  const rig = await createRig(t)
  const service = await rig.start({ SYNC_STRATEGY: 'event', SYNC_LINGER_MS: 10 })
  const load = rig.load(service)
  await cycles(t, async name => {
    load.resume()
    await rig.ledger.acknowledged(500)
    await service.kill()
    await service.start()
    await rig.ledger.acknowledged(100)
    await rig.check(service, name)
  })
})

t.test('kill -9 of the service while its upsert is under way', async t => {
  const rig = await createRig(t)
  const proxy = await startProxy(t, String(rig.stores.variables.MYSQL_URL))
  // Its statements time out after a third of the lease: too late to give the claims back.
  const service = await rig.start({ MYSQL_URL: proxy.url, FLUSH_LEASE_MS: 1500 })
  const { redis, prefix } = rig.stores
  const due = `${prefix}tickets:due`
  await cycles(t, async name => {
    const upsert = proxy.holdRequest(/INSERT INTO `wp_support_tickets`/)
    const writer = rig.writer(service)
    const ids = Array.from({ length: 10 }, () => rig.ledger.nextId())
    await Promise.all(ids.map(id => writer.create(id, { customer_id: 1, status: 'closed' })))
    await upsert.held
    await service.kill()
    upsert.drop()
    const scores = await Promise.all(ids.map(rig.due))
    // A lease ends on a half millisecond.
    t.ok(scores.some(score => Number(score) % 1 === 0.5), 'the dead process holds claims')
    await service.start()
    await eventually(async () => {
      if (await redis.zcard(due) > 0) throw new Error('the claims did not come back')
    })
    await rig.check(service, name)
  })
})
