import t, { type Test } from 'tap'
import { startSentinelSet } from '../../../scripts/lib/sentinel-set.mjs'
import { eventually, privateDirectory } from '../../helper.ts'
import { createSetStores } from '../../redis-sets.ts'
import { cycles } from '../../faults/harness/cycles.ts'
import { createOutageReport } from '../../faults/harness/outage-report.ts'
import { createRig } from '../../faults/harness/rig.ts'

t.test('Sentinel: a replica takes the place of the master', async t => {
  const directory = privateDirectory(t)
  // On disk at the end of each second, as deploy/redis has it: what was acknowledged is on a replica.
  const set = await startSentinelSet({ directory })
  t.teardown(() => set.stop())
  const rig = await createRig(t, { stores: await createSetStores(t, set) })
  const { ledger } = rig
  // Nobody crashes: with the rig's short lease a busy machine would make MySQL count as unavailable.
  const service = await rig.start({ REDIS_WAIT_REPLICAS: 1, SYNC_STRATEGY: 'event', SYNC_LINGER_MS: 10, FLUSH_LEASE_MS: 3000 })
  const load = rig.load(service)

  /** Until Redis takes writes again; the old master is not there yet. */
  async function untilReplaced (t: Test, name: string, old: Awaited<ReturnType<typeof set.master>>, fail: () => Promise<unknown>) {
    const report = createOutageReport(ledger)
    await fail()
    await ledger.acknowledgedBy('journal', 1)
    await set.untilMaster(node => node !== old)
    await report.untilBack()
    await ledger.acknowledgedBy('redis', 100)
    report.tell(t, name)
  }

  /** The old one comes back as a replica, under load; and then everything is compared. */
  async function untilChecked (t: Test, name: string, old: Awaited<ReturnType<typeof set.master>>) {
    await ledger.acknowledgedBy('redis', 50)
    await load.pause()
    await set.untilInSync()
    t.not(await set.master(), old, 'the old master follows')
    await rig.check(t, service, name)
    t.strictSame(ledger.unexpectedCodes(['outcome_unknown']), [], 'nothing else was answered than 2xx and outcome_unknown')
  }

  t.test('kill -9 of the master', async t => {
    await cycles(t, async name => {
      load.resume()
      await ledger.acknowledgedBy('redis', 300)
      const old = await set.master()
      await untilReplaced(t, name, old, () => old.kill())
      await old.restart()
      await untilChecked(t, name, old)
    })
  })

  t.test('the master hangs, and wakes when another has taken its place', async t => {
    await cycles(t, async name => {
      load.resume()
      await ledger.acknowledgedBy('redis', 300)
      // So that nothing is under way but what the old master must not apply on waking.
      await load.pause()
      const old = await set.master()
      // As many as are on their way at once: what waits behind them is never sent, and the journal takes it.
      const ids = ledger.ids().slice(-2)
      await untilReplaced(t, name, old, async () => {
        await old.pause()
        const writer = rig.writer(service, 'refused')
        const told = await Promise.all(ids.map(id => writer.send('PATCH', id, { subject: 'late' })))
        t.ok(told.every(({ status }) => status === 503), 'what was sent to it is answered with 503')
        load.resume()
      })
      old.resume()
      // It has read all that was sent to it when it answers a new connection.
      await eventually(async () => {
        const subjects = await Promise.all(ids.map(id => set.call(old, 'HGET', `ticket:${id}`, 'subject')))
        t.notOk(subjects.includes('late'), 'the old master has taken no write')
      })
      await untilChecked(t, name, old)
    })
  })
})
