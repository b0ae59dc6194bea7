import t from 'tap'
import { startSentinelSet } from '../../../scripts/lib/sentinel-set.mjs'
import { createService, eventually, privateDirectory } from '../../helper.ts'
import { createSetStores } from '../../redis-sets.ts'

t.test('Sentinel: the service follows the master, without a restart', async t => {
  const set = await startSentinelSet({ directory: privateDirectory(t), replicas: 1 })
  t.teardown(() => set.stop())
  const service = await createService(t, { REDIS_WAIT_REPLICAS: 1 }, await createSetStores(t, set))
  const { call, hash, row } = service
  t.equal((await call('POST', '/tickets/1', { customer_id: 1 })).status, 201)

  for (const status of ['pending', 'closed']) {
    await set.untilInSync()
    const old = await set.master()
    const promoted = await set.failover()
    t.not(promoted, old)
    await set.untilInSync()
    await eventually(async () => {
      const { body } = await call('GET', '/health/ready')
      const answer = await call('PATCH', '/tickets/1', { subject: `at ${promoted.name}`, status })
      if (answer.status !== 200 || body.status !== 'ready') throw new Error(answer.text + JSON.stringify(body))
    })
    t.match(await hash(1), { subject: `at ${promoted.name}`, status }, 'the new master has it')
    t.match((await call('GET', '/journal')).body, { pending: 0, conflicts: 0 })
  }
  t.match((await call('POST', '/flush')).body, { remaining: 0 })
  t.match(await row(1), { status: 'closed' })
})
