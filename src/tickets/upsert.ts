import { setTimeout as sleep } from 'node:timers/promises'
import { RowsRefused, isLockConflict, mayBeForRows, toDatabaseError, type DatabaseUnavailable } from '../mysql/failure.js'
import { inParts } from '../mysql/statements.js'
import type { TicketArchive, Unwritten } from './archive.js'
import type { Failure } from './due-index.js'
import type { Ticket } from './ticket.js'

const LOCK_CONFLICT_RETRIES = 5

export interface UpsertOptions {
  /**
   * Writes tickets, sorted by id, where they are newer than what MySQL holds; all of them or, when it
   * rejects, none. May be repeated. Resolves with those that it sees itself cannot be written.
   */
  writeRows: (tickets: readonly Ticket[]) => Promise<Failure[]>
  versions: TicketArchive['versions']
  /** Characters of the tickets that `writeRows` gets at once. */
  sizeMax: number
}

interface Outcome {
  written: number
  refused: Failure[]
  /** An error that may be of its row, or of the server. */
  doubtful?: DatabaseUnavailable
}

/** TicketArchive.upsert by a function that writes rows: what is refused for one row does not stop the others. */
export function createUpsert ({ writeRows, versions, sizeMax }: UpsertOptions): TicketArchive['upsert'] {
  async function writeWithRetries (tickets: readonly Ticket[]): Promise<Failure[]> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await writeRows(tickets)
      } catch (error) {
        if (!isLockConflict(error) || attempt === LOCK_CONFLICT_RETRIES) throw error
        await sleep(Math.random() * 20 * 2 ** attempt)
      }
    }
  }

  /** Writes what can be written: what is refused is halved until the row is found that it was refused for. */
  async function writeAll (tickets: readonly Ticket[], outcome: Outcome): Promise<void> {
    try {
      const refused = await writeWithRetries(tickets)
      outcome.refused.push(...refused)
      outcome.written += tickets.length - refused.length
    } catch (error) {
      const failure = toDatabaseError(error)
      const isCertain = failure instanceof RowsRefused
      if (!isCertain && !mayBeForRows(error)) throw failure
      if (tickets.length === 1) {
        const { ticket_id: ticketId, version } = tickets[0]!
        outcome.refused.push({ ticketId, version, reason: isCertain ? failure.message : (failure.cause as Error).message })
        if (!isCertain) outcome.doubtful = failure
        return
      }
      const middle = tickets.length >> 1
      await writeAll(tickets.slice(0, middle), outcome)
      await writeAll(tickets.slice(middle), outcome)
    }
  }

  return async (tickets): Promise<Unwritten> => {
    const outcome: Outcome = { written: 0, refused: [] }
    // One order for all writers, so that they wait for each other instead of deadlocking.
    const sorted = tickets.toSorted((a, b) => a.ticket_id - b.ticket_id)
    for (const part of inParts(sorted, ticket => JSON.stringify(ticket).length, sizeMax)) await writeAll(part, outcome)
    // An error that all rows meet is the server's, not theirs.
    if (outcome.doubtful && outcome.written === 0) throw outcome.doubtful

    const held = await versions(tickets.map(ticket => ticket.ticket_id))
    return { refused: outcome.refused, outdated: tickets.filter(({ ticket_id: id, version }) => held.get(id)! > version).map(ticket => ticket.ticket_id) }
  }
}
