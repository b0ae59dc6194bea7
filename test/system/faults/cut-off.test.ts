import t from 'tap'
import { eventually, privateRedis } from '../../helper.ts'
import { cycles } from '../../faults/harness/cycles.ts'
import { startProxy } from '../../faults/harness/proxy.ts'
import { createRig } from '../../faults/harness/rig.ts'
import type { Instance } from '../../faults/harness/instance.ts'

const TICKETS = 20

t.test('two instances write the same tickets, and one is cut off from Redis', async t => {
  const redis = await privateRedis(t, { appendfsync: 'always' })
  const rig = await createRig(t, { redis: redis.url })
  const { ledger } = rig
  const proxy = await startProxy(t, String(rig.stores.variables.REDIS_URL))
  const variables = { SYNC_STRATEGY: 'event', SYNC_LINGER_MS: 10, FLUSH_LEASE_MS: 30_000 }
  const whole = await rig.start(variables)
  const cut = await rig.start({ ...variables, REDIS_URL: proxy.url })

  const ready = (instance: Instance, status: string) => eventually(async () => {
    const { body } = await rig.call('GET', `${await instance.url()}/health/ready`)
    if ((body as { status: string }).status !== status) throw new Error(JSON.stringify(body))
  })

  await cycles(t, async name => {
    const ids = Array.from({ length: TICKETS }, () => ledger.nextId())
    await Promise.all(ids.map(id => rig.writer(whole).create(id, { customer_id: 1 })))
    const { journaled } = ledger.counts

    const passing = proxy.refuse()
    await ready(cut, 'degraded')
    let isOver = false
    const writing = [whole, whole, cut, cut].map(async (instance, i) => {
      const writer = rig.writer(instance)
      for (let at = i; !isOver || at < 10 * TICKETS; at += 1) await writer.change(ids[at % TICKETS]!, { subject: `by ${i}`, status: at % 3 ? 'open' : 'closed' })
    })
    await ledger.acknowledged(200)
    passing.resume()
    await ready(cut, 'ready')
    isOver = true
    await Promise.all(writing)

    await rig.check(t, whole, name, 'some')
    t.ok(ledger.counts.journaled > journaled, `${ledger.counts.journaled - journaled} writes were journaled`)
    const { body } = await rig.call('GET', `${await whole.url()}/journal`)
    t.comment(`${name}: ${(body as { conflicts: number }).conflicts} conflicts in all`)
  })
})
