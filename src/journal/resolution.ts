import { randomUUID } from 'node:crypto'
import pLimit from 'p-limit'
import { Problem, outcomeUnknown, storeUnavailable } from '../errors.ts'
import type { Query } from '../mysql/transaction.ts'
import { handlerOf, isKnown, type Change } from '../tickets/operation.ts'
import type { TicketRepository, Written } from '../tickets/repository.ts'
import type { Entry } from './entry.ts'
import type { Journal } from './journal.ts'

/** A write to Redis, and some statements. */
const RESOLVE_TIMEOUT_MS = 10_000

/** Each holds a connection to MySQL while it needs another: no more than the others can do without. */
const RESOLVING_MAX = 2

const notFound = (seq: number) => new Problem('journal_entry_not_found', `There is no journal entry ${seq}. GET /journal lists those in conflict.`)

const notInConflict = (seq: number) => new Problem('journal_entry_pending', `Journal entry ${seq} is not in conflict. It is applied by itself as soon as Redis can be written to.`)

const beingResolved = (seq: number) => new Problem('journal_entry_pending', `Somebody else is resolving journal entry ${seq} at this moment. Look at GET /journal.`)

/** What operators decide of entries that are in conflict: one decision for each entry. */
export function createConflictResolution (journal: Journal, repository: TicketRepository) {
  const inTurn = pLimit(RESOLVING_MAX)

  /** @throws {Problem} when there is none, it is not in conflict, or somebody else is resolving it */
  async function resolve<T> (seq: number, work: (entry: Entry, query: Query) => Promise<T>): Promise<T> {
    const done = await inTurn(() => journal.exclusively(`settle:${seq}`, RESOLVE_TIMEOUT_MS, async query => {
      const entry = await journal.get(seq, query)
      if (!entry) throw notFound(seq)
      if (entry.state !== 'conflict') throw notInConflict(seq)
      return { result: await work(entry, query) }
    }))
    if (!done) throw beingResolved(seq)
    return done.result
  }

  /** Whatever the ticket is by now: that is what was decided. Applied once for each key. */
  async function force (change: Change, key: string): Promise<Written | Problem> {
    let answer: Written | Problem | undefined
    for (const attempt of handlerOf(change).forced(change)) {
      const index = handlerOf(attempt).creates ? 0 : 1
      const answers = await repository.write([{ ...attempt, idempotency: { key, fingerprint: 'apply', index } }])
      answer = answers[0]
      if (!(answer instanceof Problem) || answer.code !== 'ticket_exists') break
    }
    return answer!
  }

  return {
    /**
     * Applies the change, over what the ticket has become, and removes the entry.
     * @throws {Problem} when it cannot be applied; the entry stays. outcome_unknown: it may have been applied, and
     * is not applied again when this is repeated
     */
    apply: (seq: number): Promise<Written> => resolve(seq, async ({ operation, resolveKey }, query) => {
      if (!isKnown(operation)) throw storeUnavailable(new Error(`journal entry ${seq} is of an operation that only a newer version of the service knows`))
      const key = resolveKey ?? randomUUID()
      if (!resolveKey) await journal.setResolveKey(seq, key, query)
      const answer = await force(operation, key)
      if (answer instanceof Problem) {
        // What was refused is remembered by the key, and may be right later.
        if (answer.status !== 503) await journal.setResolveKey(seq, null, query)
        throw answer
      }
      await journal.remove([seq], query).catch((error: unknown) => { throw outcomeUnknown(error) })
      return answer
    }),

    /** Removes the entry. Resolves with it. */
    discard: (seq: number): Promise<Entry> => resolve(seq, async (entry, query) => {
      await journal.remove([seq], query)
      return entry
    }),
  }
}
