import type { Test } from 'tap'
import type { Ledger } from './ledger.ts'

/** What callers notice of an outage that begins now. Told, not asserted: how long it takes is the machine's matter too. */
export function createOutageReport (ledger: Ledger, isAffected: (id: number) => boolean = () => true) {
  const before = { ...ledger.counts }
  const began = performance.now()
  let lastedMs: number | undefined

  return {
    /** Resolves when Redis takes writes again. */
    async untilBack () {
      await ledger.acknowledgedBy('redis', 1, isAffected)
      lastedMs = performance.now() - began
    },
    tell (t: Test, name: string) {
      const { acknowledged, journaled, refused, doubtful } = ledger.counts
      const told = `${name}: Redis took writes again after ${((lastedMs ?? NaN) / 1000).toFixed(1)} s; meanwhile ` +
        `${acknowledged - before.acknowledged} writes were acknowledged, ${journaled - before.journaled} of them by the journal, ` +
        `${doubtful - before.doubtful} were in doubt, ${refused - before.refused} refused`
      t.comment(told)
      if (process.env.FAULT_CYCLES) process.stderr.write(`${told}\n`)
    },
  }
}
