import { randomUUID } from 'node:crypto'
import { Problem, outcomeUnknown } from '../errors.ts'
import { createLimit } from '../util/limit.ts'
import type { Query } from '../mysql/mysql.ts'
import type { TicketRepository, Written } from '../tickets/repository.ts'
import type { Change, Entry, Journal } from './journal.ts'

/** A write to Redis, and some statements. */
const SETTLE_TIMEOUT_MS = 10_000

/** Each holds a connection to MySQL while it needs another: no more than the others can do without. */
const SETTLEMENTS_MAX = 2

const notFound = (seq: number) => new Problem('journal_entry_not_found', `There is no journal entry ${seq}. GET /journal lists those in conflict.`)

const notInConflict = (seq: number) => new Problem('journal_entry_pending', `Journal entry ${seq} is made by itself as soon as Redis can be written to.`)

const beingSettled = (seq: number) => new Problem('journal_entry_pending', `Journal entry ${seq} is being settled by somebody else at this moment. Look at GET /journal.`)

/** What operators decide of entries that are in conflict: one decision for each entry. */
export function createSettlement (journal: Journal, repository: TicketRepository) {
  const inTurn = createLimit(SETTLEMENTS_MAX)

  /** @throws {Problem} when there is none, it is not in conflict, or somebody else is settling it */
  async function settle<T> (seq: number, work: (entry: Entry, query: Query) => Promise<T>): Promise<T> {
    const done = await inTurn(() => journal.exclusively(`settle:${seq}`, SETTLE_TIMEOUT_MS, async query => {
      const entry = await journal.get(seq, query)
      if (!entry) throw notFound(seq)
      if (entry.state !== 'conflict') throw notInConflict(seq)
      return { result: await work(entry, query) }
    }))
    if (!done) throw beingSettled(seq)
    return done.result
  }

  /** Whatever the ticket is by now: that is what was decided. Made once for each key. */
  async function force ({ op, ticket_id, fields }: Change, key: string): Promise<Written | Problem> {
    const once = (index: number) => ({ key, fingerprint: 'apply', index })
    const { created_at: _, ...changes } = { created_at: undefined, ...fields }
    const change: Change = { op: 'update', ticket_id, fields: changes, idempotency: once(1) }
    const [answer] = await repository.write([op === 'create' ? { op, ticket_id, fields, idempotency: once(0) } as Change : change])
    if (op === 'update' || !(answer instanceof Problem) || answer.code !== 'ticket_exists') return answer!
    return (await repository.write([change]))[0]!
  }

  return {
    /**
     * Makes the change, over what the ticket has become, and removes the entry.
     * @throws {Problem} when it cannot be made; the entry stays. outcome_unknown: it may have been made, and
     * is not made again when this is repeated
     */
    apply: (seq: number): Promise<Written> => settle(seq, async ({ operation, settleKey }, query) => {
      const key = settleKey ?? randomUUID()
      if (!settleKey) await journal.setSettleKey(seq, key, query)
      const answer = await force(operation, key)
      if (answer instanceof Problem) {
        // What was refused is remembered by the key, and may be right later.
        if (answer.status !== 503) await journal.setSettleKey(seq, null, query)
        throw answer
      }
      await journal.remove([seq], query).catch((error: unknown) => { throw outcomeUnknown(error) })
      return answer
    }),

    /** Removes the entry. Resolves with it. */
    discard: (seq: number): Promise<Entry> => settle(seq, async (entry, query) => {
      await journal.remove([seq], query)
      return entry
    }),
  }
}
