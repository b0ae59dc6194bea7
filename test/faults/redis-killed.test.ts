import t from 'tap'
import { privateRedis } from '../helper.ts'
import { cycles } from './harness/cycles.ts'
import { createRig } from './harness/rig.ts'

t.test('Redis loses what is in its memory', async t => {
  const redis = await privateRedis(t, { appendfsync: 'always' })
  const rig = await createRig(t, { redis: redis.url })
  const { ledger } = rig
  const service = await rig.start({ SYNC_STRATEGY: 'event', SYNC_LINGER_MS: 10 })
  const load = rig.load(service)

  t.test('SCRIPT FLUSH under load is not noticed', async t => {
    await cycles(t, async name => {
      load.resume()
      for (let i = 0; i < 25; i += 1) {
        await ledger.acknowledged(20)
        await rig.stores.redis.script('FLUSH')
      }
      await rig.check(t, service, name)
      t.match(ledger.counts, { refused: 0, doubtful: 0 }, 'every write was acknowledged')
    })
  })

  t.test('kill -9 during writes and flushes, with every write on disk', async t => {
    await cycles(t, async name => {
      load.resume()
      await ledger.acknowledged(300)
      await redis.kill()
      await redis.restart()
      await ledger.acknowledged(100)
      await rig.check(t, service, name)
    })
  })
})
