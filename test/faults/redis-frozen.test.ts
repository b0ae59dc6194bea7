import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { eventually, privateRedis } from '../helper.ts'
import { cycles } from './harness/cycles.ts'
import type { Instance } from './harness/instance.ts'
import { createRig } from './harness/rig.ts'

const COMMAND_TIMEOUT_MS = 200

t.test('a frozen Redis applies nothing on waking that callers were told otherwise of', async t => {
  const server = await privateRedis(t, { appendfsync: 'always' })
  const rig = await createRig(t, { redis: server.url })
  const { ledger, stores: { redis } } = rig
  const variables = { REDIS_COMMAND_TIMEOUT_MS: COMMAND_TIMEOUT_MS, SYNC_STRATEGY: 'event', FALLBACK: 'off' }
  const instances = await Promise.all([rig.start(variables), rig.start(variables)])
  const load = rig.load(...instances)

  /** Changes and creates, once each: whether all were answered with 503. No write is under way when Redis freezes, so that none of these may ever be seen. */
  async function writeInVain (instance: Instance) {
    const writer = rig.writer(instance, 'refused')
    const ids = ledger.ids().slice(-5)
    const told = await Promise.all([
      ...ids.map(id => writer.send('PATCH', id, { subject: 'late' })),
      ...ids.map(() => writer.send('POST', ledger.nextId(), { customer_id: 1 })),
    ])
    return told.every(({ status }) => status === 503)
  }

  /** Until the service has given up its connection, and says that it reached nothing. */
  const givesUp = (instance: Instance) => eventually(async () => {
    const { outcome } = await rig.writer(instance).send('PATCH', 1, { subject: 'late' })
    if (outcome !== 'refused') throw new Error(outcome)
  })

  /** The connections of the services, by the ids that Redis gave them. */
  const connections = async (): Promise<string[]> => String(await redis.client('LIST')).match(/^id=\d+(?=.* name=ticket-metadata-service )/gm) ?? []

  for (const isLong of [false, true]) {
    t.test(isLong ? 'for longer than services keep their connections' : 'for longer than the deadline', async t => {
      await cycles(t, async name => {
        load.resume()
        await ledger.acknowledged(100)
        await load.pause()
        const before = await connections()
        t.equal(before.length, 2, 'each instance has its connection')
        await server.pause()
        t.strictSame(await Promise.all(instances.map(writeInVain)), [true, true], 'every write is answered with 503')
        if (isLong) await Promise.all(instances.map(givesUp))
        // An answer can come before the deadline of its write, when the connection breaks.
        await sleep(COMMAND_TIMEOUT_MS)
        server.resume()
        if (isLong) {
          await eventually(async () => {
            const open = await connections()
            if (before.some(id => open.includes(id))) throw new Error('Redis has not read all that was sent to it')
          })
        }
        load.resume()
        await ledger.acknowledged(100)
        await rig.check(t, instances[0]!, name)
      })
    })
  }
})
