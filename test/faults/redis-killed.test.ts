import t from 'tap'
import { privateRedis } from '../helper.js'
import { cycles } from './harness/cycles.js'
import { createRig } from './harness/rig.js'

t.test('kill -9 of Redis, which has written every command to disk, during writes and flushes', async t => {
  const redis = await privateRedis(t, { appendfsync: 'always' })
  const rig = await createRig(t, { redis: redis.url })
  const service = await rig.start({ SYNC_STRATEGY: 'event', SYNC_LINGER_MS: 10 })
  const load = rig.load(service)
  await cycles(t, async name => {
    load.resume()
    await rig.ledger.acknowledged(300)
    await redis.kill()
    await redis.restart()
    await rig.ledger.acknowledged(100)
    await rig.check(service, name)
  })
})
