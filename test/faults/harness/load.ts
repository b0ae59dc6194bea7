import type { Test } from 'tap'
import { createGate } from './gate.ts'
import type { Call } from './http.ts'
import type { Instance } from './instance.ts'
import type { Ledger } from './ledger.ts'
import { createWriter, type Writer } from './writers.ts'

export const WRITERS = 8

/** Writers that take tickets from beginning to end, each its own, spread over the instances. They wait until they are resumed. */
export function startLoad (t: Test, call: Call, ledger: Ledger, instances: readonly Instance[]) {
  const gate = createGate(call)
  void gate.pause()
  t.teardown(gate.pause)
  for (let i = 0; i < WRITERS; i += 1) {
    const writer = createWriter(gate.call, ledger, () => instances[i % instances.length]!.url())
    work(writer, ledger).catch((error: unknown) => { ledger.find(`a writer ended: ${String(error)}`) })
  }
  return { pause: gate.pause, resume: gate.resume }
}

export type Load = ReturnType<typeof startLoad>

async function work (writer: Writer, ledger: Ledger) {
  for (;;) await liveOneTicket(writer, ledger.nextId())
}

async function liveOneTicket (writer: Writer, id: number) {
  await writer.create(id, { customer_id: id, subject: 'new', created_at: 1_700_000_000 + id })
  for (let i = 1; i <= 4; i += 1) await writer.change(id, { subject: `change ${i}`, assigned_to: i })
  await writer.change(id, { status: 'closed' })
  // Every end of a ticket's life: closed, changed once more, reopened, closed again.
  if (id % 4 === 1) await writer.change(id, { subject: 'changed while closed' })
  if (id % 4 >= 2) await writer.change(id, { status: 'open', assigned_to: null })
  if (id % 4 === 3) await writer.change(id, { status: 'closed' })
}
