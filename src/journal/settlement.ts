import { Problem } from '../errors.js'
import type { TicketRepository, Written } from '../tickets/repository.js'
import type { Change, Entry, Journal } from './journal.js'

const notFound = (seq: number) => new Problem('journal_entry_not_found', `There is no journal entry ${seq}. GET /journal lists those in conflict.`)

const notInConflict = (seq: number) => new Problem('journal_entry_pending', `Journal entry ${seq} is made by itself as soon as Redis can be written to.`)

/** What operators decide of entries that are in conflict. */
export function createSettlement (journal: Journal, repository: TicketRepository) {
  /** @throws {Problem} when there is none, or it is not in conflict */
  async function conflict (seq: number): Promise<Entry> {
    const entry = await journal.get(seq)
    if (!entry) throw notFound(seq)
    if (entry.state !== 'conflict') throw notInConflict(seq)
    return entry
  }

  /** Whatever the ticket is by now: that is what was decided. */
  async function force ({ op, ticket_id, fields }: Change): Promise<Written | Problem> {
    const { created_at: _, ...changes } = { created_at: undefined, ...fields }
    const change: Change = { op: 'update', ticket_id, fields: changes }
    const [answer] = await repository.write([op === 'create' ? { op, ticket_id, fields } as Change : change])
    if (op === 'update' || !(answer instanceof Problem) || answer.code !== 'ticket_exists') return answer!
    return (await repository.write([change]))[0]!
  }

  return {
    /**
     * Makes the change, over what the ticket has become, and removes the entry.
     * @throws {Problem} when it cannot be made; the entry stays
     */
    async apply (seq: number): Promise<Written> {
      const { operation } = await conflict(seq)
      const answer = await force(operation)
      if (answer instanceof Problem) throw answer
      await journal.remove([seq])
      return answer
    },

    /** Removes the entry. Resolves with it. */
    async discard (seq: number): Promise<Entry> {
      const entry = await conflict(seq)
      await journal.remove([seq])
      return entry
    },
  }
}
