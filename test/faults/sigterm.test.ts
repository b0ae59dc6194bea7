import t from 'tap'
import { eventually, privateRedis } from '../helper.js'
import { cycles } from './harness/cycles.js'
import { startProxy } from './harness/proxy.js'
import { createRig } from './harness/rig.js'
import { verifyClosed } from './harness/verify.js'

/** It ends with 0 only within this time. */
const SHUTDOWN_GRACE_MS = 5000

t.test('SIGTERM under load', async t => {
  const rig = await createRig(t)
  const service = await rig.start({ SHUTDOWN_GRACE_MS })
  const load = rig.load(service)
  await cycles(t, async name => {
    load.resume()
    await rig.ledger.acknowledged(300)
    t.equal(await service.stop(), 0, 'ends within its grace')
    await load.pause()
    t.strictSame(await verifyClosed(rig.stores, rig.ledger), [], 'closed tickets are in MySQL')
    await service.start()
    load.resume()
    await rig.ledger.acknowledged(50)
    await rig.check(service, name)
  })
})

t.test('SIGTERM while requests are in flight', async t => {
  const rig = await createRig(t, { redis: (await privateRedis(t)).url })
  const { ledger, stores: { redis, variables, prefix } } = rig
  const proxy = await startProxy(t, String(variables.REDIS_URL))
  const service = await rig.start({ REDIS_URL: proxy.url, SHUTDOWN_GRACE_MS, REDIS_COMMAND_TIMEOUT_MS: 2000, FLUSH_INTERVAL_MS: 3_600_000 })
  const writer = rig.writer(service)
  await cycles(t, async name => {
    // From here on Redis knows the script, and does not ask for it first.
    await writer.create(ledger.nextId(), { customer_id: 1 })
    const ids = Array.from({ length: 30 }, () => ledger.nextId())
    const replies = proxy.holdReply(/"create"/)
    const inFlight = Promise.all(ids.map(id => writer.send('POST', id, { customer_id: 1, status: id % 2 ? 'closed' : 'open' })))
    await replies.held
    // Redis has executed them all and no answer has come back: the service has taken every one and answered none.
    await eventually(async () => {
      if (await redis.exists(ids.map(id => `${prefix}ticket:${id}`)) < ids.length) throw new Error('not all have arrived')
    })
    const stopped = service.stop()
    await service.line(/"closing"/)
    await replies.release()
    t.ok((await inFlight).every(({ status }) => status === 201), 'all are answered')
    t.equal(await stopped, 0, 'ends within its grace')
    t.strictSame(await verifyClosed(rig.stores, ledger), [], 'closed tickets are in MySQL')
    await service.start()
    await rig.check(service, name)
  })
})
