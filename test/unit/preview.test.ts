import t from 'tap'
import { Problem } from '../../src/errors.ts'
import type { Waiting } from '../../src/journal/append.ts'
import type { Entry } from '../../src/journal/entry.ts'
import { createFallback, type FallbackOptions } from '../../src/journal/fallback.ts'
import { createJournalGate } from '../../src/journal/gate.ts'
import { UNDIVIDED } from '../../src/tickets/partitioning.ts'
import type { Journal } from '../../src/journal/journal.ts'
import { createPreviews } from '../../src/journal/preview.ts'
import type { Ticket } from '../../src/tickets/fields.ts'
import { handlerOf } from '../../src/tickets/operation.ts'
import type { ReadOptions, TicketRepository } from '../../src/tickets/repository.ts'

const statuses = { closedStatuses: ['closed'], defaultStatus: 'open' }

const ticket = (subject: string): Ticket => ({ ticket_id: 1, customer_id: 1, subject, status: 'open', created_at: 1, updated_at: 1, version: 1, synced_version: 1 })

const entry = (seq: number, fields: object, id = 1): Entry =>
  ({ seq, operation: { op: 'update', ticket_id: id, fields }, isRepeatable: false, acceptedAtMs: 1000, clock: 'redis', state: 'pending', reason: null, resolveKey: null })

/** A journal of these, in pages of two. */
function journalOf (entries: Entry[]) {
  const pages: number[] = []
  const find: Journal['find'] = async ({ tickets = [], after = 0, upTo = Infinity }) => {
    const rest = entries.filter(({ seq, operation }) => tickets.includes(operation.ticket_id) && seq > after && seq <= upTo)
    pages.push(Math.min(2, rest.length))
    return { entries: rest.slice(0, 2), next: rest.length > 2 ? rest[1]!.seq : undefined }
  }
  const waitingOf = async (ids: readonly number[]) => new Map(ids.flatMap((id): [number, Waiting][] => {
    const seqs = entries.filter(({ operation }) => operation.ticket_id === id).map(({ seq }) => seq)
    return seqs.length > 0 ? [[id, { entries: seqs.length, bytes: 100, last: seqs.at(-1)!, sum: BigInt(seqs.reduce((sum, seq) => sum + seq, 0)) }]] : []
  }))
  return { entries, pages, find, waitingOf }
}

t.test('entries are folded page by page, those that were counted and no others', async t => {
  const journal = journalOf([entry(1, { subject: 'a' }), entry(2, { priority: 'x' }, 2), entry(4, { category: 'b' }), entry(7, { subject: 'c' }), entry(9, { priority: 'y' }, 2)])
  const waiting = await journal.waitingOf([1, 2])
  journal.entries.splice(4, 0, entry(8, { subject: 'came later' }))
  const preview = createPreviews(journal, statuses)
  const items = [1, 2].map(id => ({ id, ticket: { ...ticket('before'), ticket_id: id }, waiting: waiting.get(id)! }))
  t.match(await preview([...items, items[0]!]), [
    { ticket: { ticket_id: 1, subject: 'c', category: 'b' }, isOutdated: false },
    { ticket: { ticket_id: 2, subject: 'before', priority: 'y' }, isOutdated: false },
    { ticket: { ticket_id: 1, subject: 'c', category: 'b' }, isOutdated: false },
  ], 'for all who ask')
  t.strictSame(journal.pages, [2, 2, 2])

  // One was applied and another kept: there are as many.
  journal.entries.shift()
  journal.entries.splice(2, 0, entry(5, { subject: 'kept late' }))
  t.match(await preview(items), [{ isOutdated: true }, { isOutdated: false }])
})

/** Reads of ticket 1 by a fallback whose Redis has `stored`, and whose journal changes while it is read. */
function createReads (journal: ReturnType<typeof journalOf>, read: (options?: ReadOptions) => Ticket) {
  const gate = createJournalGate(UNDIVIDED)
  gate.markPending(0)
  const below = { read: async (_ids: number[], options?: ReadOptions) => [{ ticket: read(options), source: 'redis' }] } as unknown as TicketRepository
  return createFallback(below, { ...statuses, journal, gate, database: {}, onCorrupt () {}, onJournaled () {}, redisNow: () => undefined } as unknown as FallbackOptions)
}

t.test('a change that is applied while its ticket is read is part of the answer', async t => {
  const journal = journalOf([entry(1, { subject: 'applied' }), entry(2, { priority: 'waits' })])
  let stored = ticket('before')
  const { read } = createReads(journal, () => {
    const found = stored
    // Between the look at Redis and that at the entries.
    if (journal.entries.length === 2) {
      stored = ticket('applied')
      journal.entries.shift()
    }
    return found
  })
  t.match(await read([1]), [{ ticket: { subject: 'applied', priority: 'waits' }, pending: 1 }])
})

t.test('what was told before the journal was asked is read anew', async t => {
  const told = new Map([[1, { ticket: ticket('before'), source: 'redis' as const }]])
  const { read } = createReads(journalOf([]), options => options?.told?.get(1) ? ticket('before') : ticket('applied since'))
  t.match(await read([1], { told }), [{ ticket: { subject: 'applied since' } }])
})

t.test('a ticket whose changes are applied again and again is 503, and no older one is shown', async t => {
  const journal = journalOf(Array.from({ length: 100 }, (_, i) => entry(i + 1, { subject: `change ${i}` })))
  const { read } = createReads(journal, () => {
    journal.entries.shift()
    return ticket('before')
  })
  const [answer] = await read([1])
  t.match(answer, { code: 'store_unavailable' })
  t.ok(answer instanceof Problem)
  t.equal(journal.entries.length, 92)
})

t.test('a change that will be refused for the number of custom fields is not shown', t => {
  const fields = (count: number, from = 0) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${from + i}`, 1]))
  const preview = (custom: object | null, before = fields(50)) => {
    const operation = { op: 'update' as const, ticket_id: 1, fields: { custom_fields: custom as never, subject: 'after' } }
    return handlerOf(operation).preview({ ...ticket('before'), custom_fields: before }, operation, 9, statuses)
  }
  t.match(preview(fields(1, 50)), { subject: 'before', custom_fields: fields(50) })
  t.match(preview({ f0: 2 }), { subject: 'after', custom_fields: { f0: 2 } })
  t.match(preview({ f0: null, f50: 1 }), { subject: 'after', custom_fields: { f50: 1 } })
  t.match(preview({ f0: null }, fields(60)), { subject: 'after' }, 'another program has written more')
  t.notOk('custom_fields' in preview(null)!)
  t.end()
})
