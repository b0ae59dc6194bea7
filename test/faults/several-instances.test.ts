import t from 'tap'
import { cycles } from './harness/cycles.ts'
import { createRig } from './harness/rig.ts'

const TICKETS = 40

t.test('three instances write and flush the same tickets', async t => {
  const rig = await createRig(t)
  const { ledger } = rig
  // Nobody crashes, so that a lease may be long: a short one would cut statements off on a busy machine.
  const variables = { SYNC_STRATEGY: 'event', SYNC_LINGER_MS: 10, FLUSH_LEASE_MS: 30_000 }
  const instances = await Promise.all(Array.from({ length: 3 }, () => rig.start(variables)))
  const [first] = instances as [typeof instances[number]]

  await cycles(t, async name => {
    const ids = Array.from({ length: TICKETS }, () => ledger.nextId())
    await Promise.all(ids.map(id => rig.writer(first).create(id, { customer_id: 1 })))
    // Each begins at another ticket and comes by all of them, so that every ticket is written through every instance.
    await Promise.all(instances.flatMap((instance, i) => Array.from({ length: 4 }, async (_, j) => {
      const writer = rig.writer(instance)
      const begin = (i * 4 + j) * 3
      for (const status of ['pending', 'closed', 'open']) {
        for (let at = 0; at < TICKETS; at += 1) await writer.change(ids[(begin + at) % TICKETS]!, { status, assigned_to: i + 1 })
      }
    })))
    await rig.check(t, first, name)
    t.match(ledger.counts, { refused: 0, doubtful: 0 }, 'every write was acknowledged')
    const complaints = instances.flatMap(instance => instance.complaints())
    t.strictSame(complaints, [], 'no duplicate key, no deadlock, nothing else to complain of')
  })
})
