import t from 'tap'
import { asService } from '../../scripts/lib/redis-users.mjs'
import { eventually, privateRedis } from '../helper.ts'
import { cycles } from './harness/cycles.ts'
import { startProxy } from './harness/proxy.ts'
import { createRig } from './harness/rig.ts'
import { verifyClosed } from './harness/verify.ts'

t.test('SIGTERM', async t => {
  const server = await privateRedis(t)
  const proxy = await startProxy(t, asService(server.url))
  const rig = await createRig(t, { redis: server.url })
  const { ledger, stores: { redis, prefix } } = rig
  // It ends with 0 only within its grace.
  const service = await rig.start({ REDIS_URL: proxy.url, REDIS_COMMAND_TIMEOUT_MS: 2000, SHUTDOWN_GRACE_MS: 8000 })
  const load = rig.load(service)

  t.test('under load', async t => {
    await cycles(t, async name => {
      load.resume()
      await ledger.acknowledged(300)
      t.equal(await service.stop(), 0, 'ends within its grace')
      await load.pause()
      t.strictSame(await verifyClosed(rig.stores, ledger), [], 'closed tickets are in MySQL')
      await service.start()
      await rig.check(t, service, name)
    })
  })

  t.test('while requests are in flight', async t => {
    await cycles(t, async name => {
      const writer = rig.writer(service)
      // Once the range is known, creates do not ask MySQL first.
      t.equal((await writer.send('POST', ledger.nextId(), { customer_id: 1 })).status, 201)
      const replies = proxy.holdReply(/"create"/)
      // As many calls as run at a time before one is full.
      const inFlight = []
      for (const status of ['open', 'closed']) {
        const id = ledger.nextId()
        inFlight.push(writer.send('POST', id, { customer_id: 1, status }))
        // Redis has executed it and its answer does not come back: the service has taken it and not answered.
        await eventually(async () => { if (await redis.exists(`${prefix}ticket:${id}`) === 0) throw new Error('it has not arrived') })
      }
      await replies.held
      const stopped = service.stop()
      await service.line(/"closing"/)
      await replies.release()
      t.strictSame((await Promise.all(inFlight)).map(({ status }) => status), [201, 201], 'all are answered')
      t.equal(await stopped, 0, 'ends within its grace')
      t.strictSame(await verifyClosed(rig.stores, ledger), [], 'closed tickets are in MySQL')
      await service.start()
      await rig.check(t, service, name)
    })
  })
})
