import type { Test } from 'tap'
import { createStores, eventually, type AnyStores, type Stores } from '../../helper.ts'
import { createCaller } from './http.ts'
import { startInstance, type Instance } from './instance.ts'
import { createLedger } from './ledger.ts'
import { startLoad, type Load } from './load.ts'
import { readVersion, verify, watchVersions } from './verify.ts'
import { createWriter } from './writers.ts'

/** Above every time limit of the service itself: a call that takes longer is a finding. */
const ANSWER_WITHIN_MS = 5000

/** The findings of one cause repeat themselves. */
const FINDINGS_MAX = 20

interface RigOptions<Own> {
  /** What the instances work on; default: stores on the servers of these URLs. */
  stores?: Own
  /** URLs of private servers; default: those that the tests share. */
  redis?: string
  mysql?: string
  /** A call that takes longer is a finding. */
  answerWithinMs?: number
}

/** What a case stands on: stores, instances of the service, writers, and the ledger of what they were told. */
export async function createRig<Own extends AnyStores = Stores> (t: Test, { answerWithinMs = ANSWER_WITHIN_MS, stores: given, ...urls }: RigOptions<Own> = {}) {
  const stores = given ?? await createStores(t, urls) as AnyStores as Own
  const call = createCaller(t, answerWithinMs)
  const ledger = createLedger()
  const directory = t.testdir()
  const loads: Load[] = []
  let watching: Promise<void> | undefined

  async function start (variables: Record<string, unknown> = {}): Promise<Instance> {
    // A machine that runs many instances is slow, and a write that is refused for that is no finding.
    const slow = { MAX_EVENT_LOOP_DELAY_MS: 86_400_000 }
    const instance = await startInstance(t, directory, { ...stores.variables, ...slow, FLUSH_LEASE_MS: 500, FLUSH_INTERVAL_MS: 50, ...variables })
    await (watching ??= watchVersions(stores))
    return instance
  }

  /** Until MySQL holds all, and the journal has nothing left to make. */
  async function drain (instance: Instance) {
    await eventually(async () => {
      const journal = await call('GET', `${await instance.url()}/journal`)
      // With FALLBACK=off there is none.
      if (journal.status !== 404 && (journal.body as { pending?: number }).pending !== 0) throw new Error(`not replayed: ${JSON.stringify(journal.body)}`)
      await call('POST', `${await instance.url()}/flush`, { scope: 'all' })
      const { body } = await call('GET', `${await instance.url()}/flush`)
      if ((body as { unsynced?: number }).unsynced !== 0) throw new Error(`not drained: ${JSON.stringify(body)}`)
    })
  }

  return {
    stores,
    ledger,
    call,
    /** One instance that flushes all the time, with short leases. */
    start,
    writer: (instance: Instance, unknown?: 'doubtful' | 'refused') => createWriter(call, ledger, instance.url, unknown),
    due: stores.readDue,
    /** The version that MySQL holds; undefined: none. */
    archived: (id: number) => readVersion(stores, id),
    load (...instances: Instance[]): Load {
      const load = startLoad(t, call, ledger, instances)
      loads.push(load)
      return load
    },
    /** Stops the writers, drains, and asserts that nothing is lost, nothing went back, and both sides hold the same. */
    async check (t: Test, instance: Instance, name: string, conflicts: 'none' | 'some' = 'none') {
      await Promise.all(loads.map(load => load.pause()))
      await drain(instance)
      const findings = await verify(stores, ledger, conflicts)
      const { acknowledged, journaled, refused, doubtful } = ledger.counts
      t.strictSame(findings.slice(0, FINDINGS_MAX), [], `${name}: ${acknowledged} writes acknowledged so far, ${journaled} of them by the journal, ${refused} refused, ${doubtful} in doubt`)
    },
  }
}

export type Rig = Awaited<ReturnType<typeof createRig>>
