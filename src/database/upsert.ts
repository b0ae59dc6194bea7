import { setTimeout as sleep } from 'node:timers/promises'
import { RowsRefused, isLockConflict, mayBeForRows, toDatabaseError, type DatabaseUnavailable } from '../mysql/failure.ts'
import { escapedBytes, inParts } from '../mysql/statements.ts'
import type { Failure, FirstVersions, TicketDatabase, Unwritten } from './ticket-database.ts'
import type { Ticket } from '../tickets/fields.ts'

const LOCK_CONFLICT_RETRIES = 5

const NOT_HELD = 'MySQL has taken the ticket and does not hold it: a unique key of the table finds another row equal, a trigger changed it, or another program deleted it meanwhile'

export interface UpsertOptions {
  /**
   * Writes tickets, sorted by id, where they are newer than what MySQL holds. When it rejects, any of them may be
   * written. May be repeated. `firstVersions`: as TicketDatabase.upsert has them.
   */
  writeRows: (tickets: readonly Ticket[], firstVersions: FirstVersions) => Promise<WrittenRows>
  versions: TicketDatabase['versions']
  /** Bytes of the tickets, as statements hold them, that `writeRows` gets at once: what the server takes now. */
  bytesMax: () => number
}

export interface WrittenRows {
  /** Those that it sees itself cannot be written. */
  refused: Failure[]
  /** MySQL held none of the others before, or is known to hold none of them in a newer version. */
  areNewest: boolean
}

interface Outcome extends WrittenRows {
  written: number
  /** An error that may be of its row, or of the server. */
  doubtful?: DatabaseUnavailable
}

/** TicketDatabase.upsert by a function that writes rows: what is refused for one row does not stop the others. */
export function createUpsert ({ writeRows, versions, bytesMax }: UpsertOptions): TicketDatabase['upsert'] {
  async function writeWithRetries (tickets: readonly Ticket[], firstVersions: FirstVersions): Promise<WrittenRows> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await writeRows(tickets, firstVersions)
      } catch (error) {
        if (!isLockConflict(error) || attempt === LOCK_CONFLICT_RETRIES) throw error
        await sleep(Math.random() * 20 * 2 ** attempt)
      }
    }
  }

  /** Writes what can be written: what is refused is halved until the row is found that it was refused for. */
  async function writeAll (tickets: readonly Ticket[], firstVersions: FirstVersions, outcome: Outcome): Promise<void> {
    try {
      const { refused, areNewest } = await writeWithRetries(tickets, firstVersions)
      outcome.refused.push(...refused)
      outcome.areNewest &&= areNewest
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
      await writeAll(tickets.slice(0, middle), firstVersions, outcome)
      await writeAll(tickets.slice(middle), firstVersions, outcome)
    }
  }

  return async (tickets, firstVersions = new Map()): Promise<Unwritten> => {
    const outcome: Outcome = { written: 0, refused: [], areNewest: true }
    // One order for all writers, so that they wait for each other instead of deadlocking.
    const sorted = tickets.toSorted((a, b) => a.ticket_id - b.ticket_id)
    for (const part of inParts(sorted, bytesOf, bytesMax())) await writeAll(part, firstVersions, outcome)
    // An error that all rows meet is the server's, not theirs.
    if (outcome.doubtful && outcome.written === 0) throw outcome.doubtful

    // A refused row may be one that it holds in a newer version.
    if (outcome.areNewest && outcome.refused.length === 0) return { refused: [], outdated: [] }
    const held = await versions(tickets.map(ticket => ticket.ticket_id))
    // What MySQL takes for a duplicate may be another row.
    const refused = new Set(outcome.refused.map(({ ticketId }) => ticketId))
    for (const { ticket_id: ticketId, version } of sorted) {
      if (!refused.has(ticketId) && (held.get(ticketId) ?? -1) < version) outcome.refused.push({ ticketId, version, reason: NOT_HELD })
    }
    return { refused: outcome.refused, outdated: tickets.filter(({ ticket_id: id, version }) => held.get(id)! > version).map(ticket => ticket.ticket_id) }
  }
}

/** Bytes of a row beside its texts: numbers, dates and what stands between them. */
const ROW_OVERHEAD = 250

/** Bytes that the ticket is in a statement. */
function bytesOf (ticket: Ticket): number {
  let bytes = ROW_OVERHEAD
  for (const name in ticket) {
    const value = ticket[name as keyof Ticket]
    if (typeof value === 'string') bytes += escapedBytes(value)
    else if (typeof value === 'object' && value !== null) bytes += escapedBytes(JSON.stringify(value))
  }
  return bytes
}
