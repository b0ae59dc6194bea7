import fc from 'fast-check'
import type { Ticket } from '../../../src/tickets/ticket.ts'
import type { Ledger } from '../harness/ledger.ts'
import type { Writer } from '../harness/writers.ts'
import type { TicketModel } from './model.ts'

export const STATUSES = ['open', 'pending', 'resolved', 'closed']
export const AGENTS = [7, 8, 9]
export const CUSTOMERS = 5

/** A ticket has room for 50 custom fields, and each write leaves one. */
const WRITES_MAX = 40

/** Of a writer: all others are left alone while lists are walked. */
const TICKETS_IN_WORK = 8

const fields = fc.record({
  status: fc.constantFrom(...STATUSES),
  assigned_to: fc.option(fc.constantFrom(...AGENTS)),
  priority: fc.option(fc.constantFrom('low', 'high')),
  subject: fc.option(fc.constantFrom('a', 'ü "b"')),
}, { requiredKeys: [] })

const step = fc.record({
  kind: fc.constantFrom('leave', 'delete', 'change', 'change', 'change', 'change', 'change', 'change'),
  nth: fc.nat(TICKETS_IN_WORK - 1),
  customer: fc.integer({ min: 1, max: CUSTOMERS }),
  fields,
})

/** As many as are taken; the same ones for the same seed. */
export function * sample<T> (arbitrary: fc.Arbitrary<T>, seed: number): Generator<T, never> {
  for (let part = 0; ; part += 1) yield * fc.sample(arbitrary, { numRuns: 200, seed: seed + part * 1_000_003 })
}

/** Writes at random, one write after the other, to tickets of its own. */
export function createRandomWriter (writer: Writer, ledger: Ledger, model: TicketModel, seed: number) {
  const steps = sample(step, seed)
  /** The tickets in work, and how often each was written. */
  const writes = new Map<number, number>()

  async function write (method: 'POST' | 'PATCH' | 'DELETE', id: number, sent: object = {}) {
    const expected: Partial<Ticket> = { ...model.get(id), ...sent }
    model.begin(id)
    const ticket = await writer.surely(method, id, sent)
    model.end(id, ticket)
    for (const name of ticket ? ['customer_id', 'status', 'assigned_to', 'priority', 'subject'] as const : []) {
      // What a create leaves out has a default.
      if (name in expected && ticket![name] !== (expected[name] ?? undefined)) ledger.find(`ticket ${id}: ${name} is ${ticket![name]} after ${JSON.stringify(sent)}`)
    }
    const count = (writes.get(id) ?? 0) + 1
    if (ticket && count < WRITES_MAX) writes.set(id, count)
    else writes.delete(id)
  }

  return async () => {
    const { kind, nth, customer, fields } = steps.next().value
    const id = [...writes.keys()][nth]
    if (id === undefined) await write('POST', ledger.nextId(), { customer_id: customer, created_at: 1_700_000_000 + nth, ...withoutNull(fields) })
    // It stays as it is from now on, and another takes its place.
    else if (kind === 'leave') writes.delete(id)
    else if (kind === 'delete') await write('DELETE', id)
    else await write('PATCH', id, { subject: 'again', ...fields })
  }
}

const withoutNull = (fields: object) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
