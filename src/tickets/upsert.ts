import { setTimeout as sleep } from 'node:timers/promises'
import { escapeId } from 'mysql2'
import type { Database } from '../mysql/database.js'
import { RowsRefused, isLockConflict, mayBeForRows, toDatabaseError, type DatabaseUnavailable } from '../mysql/failure.js'
import { COLUMNS, toRow } from './codec.js'
import type { Failure } from './due-index.js'
import type { Ticket } from './ticket.js'

/** Characters of one statement; after escaping it stays below MariaDB's smallest usual max_allowed_packet, 16 MiB. */
const STATEMENT_SIZE_MAX = 1024 * 1024

const LOCK_CONFLICT_RETRIES = 5

/**
 * Writes tickets to MySQL, where they are newer than their rows.
 *
 * @returns a function that resolves with the ones that MySQL refuses for what is in them; all others
 * are committed, or MySQL holds a newer version. It rejects with DatabaseUnavailable, and then any of
 * them may be committed
 */
export function createUpsert (database: Database, table: string, statementTimeoutMs: number) {
  const name = escapeId(table)

  // Only a newer version changes a row, so every write may be repeated and come late. Assignments run
  // from left to right: version is the last, because the others compare with it.
  const newer = 'VALUES(version) > version'
  const upsert = `INSERT INTO ${name} (synced_at, ${COLUMNS.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE ` +
    ['synced_at', ...COLUMNS.slice(1)].map(column => `${column} = IF(${newer}, VALUES(${column}), ${column})`).join(', ')

  async function writeRows (tickets: readonly Ticket[]) {
    const syncedAt = new Date().toISOString().slice(0, 19).replace('T', ' ')
    const rows = tickets.map(ticket => [syncedAt, ...toRow(ticket)])
    for (let attempt = 0; ; attempt += 1) {
      try {
        await database.query(upsert, [rows], statementTimeoutMs)
        return
      } catch (error) {
        if (!isLockConflict(error) || attempt === LOCK_CONFLICT_RETRIES) throw error
        await sleep(Math.random() * 20 * 2 ** attempt)
      }
    }
  }

  /** Writes what can be written: a statement that is refused is halved until the row is found that it was refused for. */
  async function writeAll (tickets: readonly Ticket[], outcome: Outcome): Promise<void> {
    try {
      await writeRows(tickets)
      outcome.written += tickets.length
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

  return async (tickets: readonly Ticket[]): Promise<Failure[]> => {
    const outcome: Outcome = { written: 0, refused: [] }
    // One order for all writers, so that they wait for each other instead of deadlocking.
    const sorted = tickets.toSorted((a, b) => a.ticket_id - b.ticket_id)
    for (const statement of chunks(sorted)) await writeAll(statement, outcome)
    // An error that all rows meet is the server's, not theirs.
    if (outcome.doubtful && outcome.written === 0) throw outcome.doubtful
    return outcome.refused
  }
}

interface Outcome {
  written: number
  refused: Failure[]
  /** An error that may be of its row, or of the server. */
  doubtful?: DatabaseUnavailable
}

/** Cuts the batch into statements of bounded size. */
function * chunks (tickets: readonly Ticket[]): Generator<Ticket[]> {
  let chunk: Ticket[] = []
  let size = 0
  for (const ticket of tickets) {
    const ticketSize = JSON.stringify(ticket).length
    if (chunk.length > 0 && size + ticketSize > STATEMENT_SIZE_MAX) {
      yield chunk
      chunk = []
      size = 0
    }
    chunk.push(ticket)
    size += ticketSize
  }
  if (chunk.length > 0) yield chunk
}
