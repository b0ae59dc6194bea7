import t from 'tap'
import { eventually } from '../helper.ts'
import { cycles } from './harness/cycles.ts'
import { startProxy } from './harness/proxy.ts'
import { createRig } from './harness/rig.ts'

t.test('kill -9 of the service', async t => {
  const rig = await createRig(t)
  const { ledger, stores: { redis, prefix, variables } } = rig
  const proxy = await startProxy(t, String(variables.MYSQL_URL))
  const service = await rig.start({
    MYSQL_URL: proxy.url,
    SYNC_STRATEGY: 'event',
    SYNC_LINGER_MS: 10,
    // Its statements time out after a third of the lease: too late to give claims back before it is killed.
    FLUSH_LEASE_MS: 1500,
  })
  const load = rig.load(service)

  t.test('during writes and flushes', async t => {
    await cycles(t, async name => {
      load.resume()
      await ledger.acknowledged(300)
      await service.kill()
      await service.start()
      await ledger.acknowledged(100)
      await rig.check(t, service, name)
    })
  })

  t.test('while its upsert is under way', async t => {
    const due = `${prefix}tickets:due`
    await cycles(t, async name => {
      const upsert = proxy.holdRequest(/INSERT INTO `wp_support_tickets`/)
      const writer = rig.writer(service)
      const ids = Array.from({ length: 10 }, () => ledger.nextId())
      await Promise.all(ids.map(id => writer.create(id, { customer_id: 1, status: 'closed' })))
      await upsert.held
      await service.kill()
      upsert.drop()
      const scores = await Promise.all(ids.map(rig.due))
      // A lease ends on a half millisecond.
      t.ok(scores.some(score => Number(score) % 1 === 0.5), 'the dead process holds claims')
      await service.start()
      await eventually(async () => {
        if (await redis.zcard(due) > 0) throw new Error('the claims did not come back by themselves')
      })
      await rig.check(t, service, name)
    })
  })
})
