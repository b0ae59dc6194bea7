import { createBatcher } from '../util/batcher.ts'
import { createBudget, type Refusal } from '../util/budget.ts'
import { Problem, ticketExists } from '../errors.ts'
import { FIND_TIMEOUT_MS, type TicketDatabase } from '../database/ticket-database.ts'
import { byTicket, inOrder } from '../tickets/by-ticket.ts'
import { handlerOf, isKnown, type Change, type Operation } from '../tickets/operation.ts'
import type { CallOptions, Journaled } from '../tickets/repository.ts'
import type { Journal } from './journal.ts'
import type { JournalGate } from './gate.ts'

/** Of one INSERT: enough to share its cost, few enough for a statement of bounded size. */
const TICKETS_PER_INSERT_MAX = 500
const CHARACTERS_PER_INSERT_MAX = 1024 * 1024

/** That run at a time: what comes meanwhile shares the next. */
const INSERTS_MAX = 2

/** What may wait for MySQL: some batches of the largest size. */
const PENDING_MAX = 10_000
const PENDING_CHARACTERS_MAX = 16 * 1024 * 1024

export interface JournalWriterOptions {
  journal: Journal
  database: TicketDatabase
  gate: JournalGate
  /** ms of Redis's clock, as far as it is known; undefined: it never was. */
  redisNow: () => number | undefined
  /** This number of operations was kept, or had been before. */
  onJournaled: (operations: number) => void
  /** A write or a look-up was refused, because too much waits. */
  onRefused?: (refusal: Refusal) => void
}

/** Changes of one caller to one ticket: they stay together, so that nothing comes between them. */
interface OnTicket { changes: readonly Change[], size: number, caller: string }

type Answer = Journaled | Problem

/**
 * Keeps operations in the journal. Concurrent callers share an INSERT.
 *
 * @returns a function of operations and who asks (the name of an API key; default: nobody), whose answers stand in the order
 * of the operations; a Problem with store_unavailable or overloaded: it was surely not kept
 */
export function createJournalWriter ({ journal, database, gate, redisNow, onJournaled, onRefused }: JournalWriterOptions) {
  const append = createBatcher<OnTicket, Answer[]>({
    itemsMax: TICKETS_PER_INSERT_MAX,
    runningMax: INSERTS_MAX,
    sizeMax: CHARACTERS_PER_INSERT_MAX,
    sizeOf: ({ size }) => size,
    budget: createBudget(PENDING_MAX, PENDING_CHARACTERS_MAX, onRefused),
    async run (tickets) {
      const isTaken = await findTaken(tickets)
      const refused = new Set(tickets.flatMap(({ changes }) => repeatedCreates(changes, isTaken)))
      const kept = tickets.flatMap(({ changes, caller }) => changes.filter(change => !refused.has(change)).map(change => ({ change, caller })))
      const answers = (kept.length > 0 ? await journal.append(kept, redisNow()) : []).values()
      return tickets.map(({ changes }) => changes.map(change => refused.has(change) ? ticketExists(change.ticket_id) : answers.next().value!))
    },
  })

  /** Tells of a create whether MySQL knows that its ticket exists. */
  async function findTaken (tickets: readonly OnTicket[]): Promise<(create: Change) => boolean> {
    const ids = tickets.flatMap(({ changes }) => changes.some(creates) ? [changes[0]!.ticket_id] : [])
    if (ids.length === 0) return () => false
    const [held, waiting] = await Promise.all([database.versions(ids, FIND_TIMEOUT_MS), journal.creates(ids)])
    return ({ ticket_id: id, idempotency }) => {
      // Redis alone knows whether the row is what an earlier request with this key has created.
      if (held.has(id) && !idempotency) return true
      const keys = waiting.get(id)
      return keys !== undefined && (keys.firstKey !== idempotency?.key || keys.lastKey !== idempotency.key)
    }
  }

  return async (operations: readonly Operation[], options?: CallOptions): Promise<Answer[]> => {
    // What was read through is restored below, and is nobody's operation.
    const tickets = byTicket(operations as readonly Change[])
    const answers = await gate.trackAppend(
      tickets.map(([first]) => first!.ticket_id),
      () => append(tickets.map(changes => ({ changes, size: JSON.stringify(changes).length, caller: options?.caller ?? '' })), options),
      answers => answers.some(mayBeKept),
    )
    const inTheirOrder = inOrder(operations as readonly Change[], tickets, answers)
    const journaled = inTheirOrder.filter(answer => 'journaled' in answer).length
    if (journaled > 0) onJournaled(journaled)
    return inTheirOrder
  }
}

const creates = (change: Change): boolean => isKnown(change) && handlerOf(change).creates

const mayBeKept = (answers: Answer[] | Problem): boolean =>
  answers instanceof Problem ? answers.code === 'outcome_unknown' : answers.some(answer => 'journaled' in answer)

/** Of the changes to one ticket those that create what is there, or what an earlier one has created. */
function repeatedCreates (changes: readonly Change[], isTaken: (create: Change) => boolean): Change[] {
  const [first, ...others] = changes.filter(creates)
  if (!first) return []
  return isTaken(first) ? [first, ...others] : others
}
