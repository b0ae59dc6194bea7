import t from 'tap'
import { privateRedis } from '../helper.js'
import { cycles } from './harness/cycles.js'
import { createRig } from './harness/rig.js'

t.test('SCRIPT FLUSH under load is not noticed', async t => {
  const server = await privateRedis(t)
  const rig = await createRig(t, { redis: server.url })
  const service = await rig.start({ SYNC_STRATEGY: 'event', SYNC_LINGER_MS: 10 })
  const load = rig.load(service)
  await cycles(t, async name => {
    load.resume()
    for (let i = 0; i < 50; i += 1) {
      await rig.ledger.acknowledged(20)
      await rig.stores.redis.script('FLUSH')
    }
    await rig.check(service, name)
    t.match(rig.ledger.counts, { refused: 0, doubtful: 0 }, 'every write was acknowledged')
    t.strictSame(service.complaints(), [])
  })
})
