import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { eventually, privateRedis } from '../../helper.ts'
import { cycles } from '../../faults/harness/cycles.ts'
import { WRITERS } from '../../faults/harness/load.ts'
import { createRig } from '../../faults/harness/rig.ts'

/** Long enough for the service to know that Redis is unavailable, and for thousands of writes. */
const UNAVAILABLE_MS = 10_000

t.test('Redis is killed and stays unavailable: every write is acknowledged', async t => {
  const redis = await privateRedis(t, { appendfsync: 'always' })
  const rig = await createRig(t, { redis: redis.url })
  const { ledger } = rig
  const service = await rig.start({ SYNC_STRATEGY: 'event', SYNC_LINGER_MS: 10 })
  const load = rig.load(service)
  let doubtful = 0

  await cycles(t, async name => {
    load.resume()
    await ledger.acknowledged(300)
    const { journaled } = ledger.counts
    await redis.kill()
    await sleep(UNAVAILABLE_MS)
    t.ok(ledger.counts.journaled > journaled, `${name}: ${ledger.counts.journaled - journaled} writes were journaled`)
    await redis.restart()
    await eventually(async () => {
      const { body } = await rig.call('GET', `${await service.url()}/health/ready`)
      if ((body as { status: string }).status !== 'ready') throw new Error(JSON.stringify(body))
    })
    await ledger.acknowledged(300)
    await rig.check(t, service, name)
    t.equal(ledger.counts.refused, 0, 'none is refused')
    t.ok(ledger.counts.doubtful - doubtful <= WRITERS, `${ledger.counts.doubtful - doubtful} in doubt, at most the one of each connection that was in flight`)
    doubtful = ledger.counts.doubtful
  })
})
