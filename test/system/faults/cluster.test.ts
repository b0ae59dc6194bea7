import calculateSlot from 'cluster-key-slot'
import t from 'tap'
import { startCluster } from '../../../scripts/lib/redis-cluster.mjs'
import { privateDirectory } from '../../helper.ts'
import { createSetStores, PARTITIONING } from '../../redis-sets.ts'
import { partitionOf } from '../../../src/tickets/partitioning.ts'
import { cycles } from '../../faults/harness/cycles.ts'
import { createOutageReport } from '../../faults/harness/outage-report.ts'
import { createRig } from '../../faults/harness/rig.ts'

/** Slots of one move; the partitions' tags are spread over all. */
const SLOTS = 2000

const MOVES = 2

t.test('Cluster', async t => {
  const cluster = await startCluster({ directory: privateDirectory(t) })
  t.teardown(() => cluster.stop())
  const rig = await createRig(t, { stores: await createSetStores(t, cluster) })
  const { ledger } = rig
  // Nobody crashes: with the rig's short lease a busy machine would make MySQL count as unavailable.
  const service = await rig.start({ REDIS_WAIT_REPLICAS: 1, SYNC_STRATEGY: 'event', SYNC_LINGER_MS: 10, FLUSH_LEASE_MS: 3000 })
  const load = rig.load(service)

  t.test('slots are moved under load', async t => {
    await cycles(t, async name => {
      load.resume()
      await ledger.acknowledgedBy('redis', 300)
      const [from, to] = await cluster.masters()
      for (let move = 1; move <= MOVES; move += 1) {
        const before = { ...ledger.counts }
        await cluster.moveSlots(from!, to!, SLOTS)
        await ledger.acknowledgedBy('redis', 100)
        await cluster.moveSlots(to!, from!, SLOTS)
        await ledger.acknowledgedBy('redis', 100)
        const { acknowledged, journaled, doubtful } = ledger.counts
        t.comment(`${name}, moved there and back: ${acknowledged - before.acknowledged} writes were acknowledged, ${journaled - before.journaled} of them by the journal, ${doubtful - before.doubtful} were in doubt`)
      }
      await rig.check(t, service, name)
      t.strictSame(ledger.unexpectedCodes(['outcome_unknown']), [], 'nothing else was answered than 2xx and outcome_unknown')
    })
  })

  t.test('kill -9 of a master', async t => {
    await cycles(t, async name => {
      load.resume()
      await ledger.acknowledgedBy('redis', 300)
      const old = await cluster.masterOf('{7}')
      const [replica] = await cluster.replicasOf(old)
      const slots = new Set(await cluster.slotsOf(old))
      const isItsOwn = (id: number) => slots.has(calculateSlot(`{${partitionOf(id, PARTITIONING)}}`))
      const report = createOutageReport(ledger, isItsOwn)
      await old.kill()
      await ledger.acknowledgedBy('journal', 1, isItsOwn)
      await cluster.untilMaster(replica!)
      // It has no replica now, so that no write to it can be confirmed.
      await old.restart()
      await report.untilBack()
      await ledger.acknowledgedBy('redis', 50, isItsOwn)
      report.tell(t, name)
      await load.pause()
      await cluster.untilWhole()
      await rig.check(t, service, name)
      t.strictSame(ledger.unexpectedCodes(['outcome_unknown']), [], 'nothing else was answered than 2xx and outcome_unknown')
    })
  })
})
