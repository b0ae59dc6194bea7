import type { RowDataPacket } from 'mysql2/promise'
import { setTimeout as sleep } from 'node:timers/promises'
import { escapeId } from 'mysql2'
import type { Database } from '../mysql/database.js'
import { RowsRefused, isLockConflict, toDatabaseError } from '../mysql/failure.js'
import { COLUMNS, CorruptTicketError, fromRow, toRow, type Row } from './codec.js'
import type { Failure } from './due-index.js'
import type { Ticket } from './ticket.js'

/** A caller waits for a look-up, so it has no more time than a write to Redis. */
const FIND_TIMEOUT_MS = 1000

/** Characters of one statement; after escaping it stays below MariaDB's smallest usual max_allowed_packet, 16 MiB. */
const STATEMENT_SIZE_MAX = 1024 * 1024

const LOCK_CONFLICT_RETRIES = 5

/**
 * The MySQL side: the table that reports and other programs read.
 * @param statementTimeoutMs for the statements of a flush
 */
export function createTicketArchive (database: Database, table: string, statementTimeoutMs: number) {
  const name = escapeId(table)
  const select = `SELECT ${COLUMNS.join(', ')} FROM ${name} WHERE ticket_id IN (?)`

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
        if (!isLockConflict(error) || attempt === LOCK_CONFLICT_RETRIES) throw toDatabaseError(error)
        await sleep(Math.random() * 20 * 2 ** attempt)
      }
    }
  }

  /** Writes what can be written: a statement that is refused is halved until the row is found that it was refused for. */
  async function writeAll (tickets: readonly Ticket[], refused: Failure[]): Promise<void> {
    try {
      await writeRows(tickets)
    } catch (error) {
      if (!(error instanceof RowsRefused)) throw error
      if (tickets.length === 1) {
        refused.push({ ticketId: tickets[0]!.ticket_id, reason: error.message })
        return
      }
      const middle = tickets.length >> 1
      await writeAll(tickets.slice(0, middle), refused)
      await writeAll(tickets.slice(middle), refused)
    }
  }

  /** Tickets of which MySQL holds a version that Redis does not know: Redis was restored, or its clock set back. */
  async function findNewer (tickets: readonly Ticket[]): Promise<Failure[]> {
    const ids = tickets.map(ticket => ticket.ticket_id)
    const rows = await database.query<RowDataPacket[]>(`SELECT ticket_id, version FROM ${name} WHERE ticket_id IN (?)`, [ids], statementTimeoutMs).catch(rethrow)
    const held = new Map(rows.map(row => [Number(row.ticket_id), Number(row.version)]))
    return tickets.flatMap(({ ticket_id: ticketId, version }) => {
      const other = held.get(ticketId) ?? version
      return other > version ? [{ ticketId, reason: `MySQL holds version ${other}, which is newer than ${version}` }] : []
    })
  }

  return {
    /**
     * Writes the tickets, where they are newer than their rows, and looks whether MySQL holds them.
     *
     * @returns the ones that it refuses for what is in them, or holds in a newer version; all others are committed
     * @throws {DatabaseUnavailable} any of them may be committed
     */
    async upsert (tickets: readonly Ticket[]): Promise<Failure[]> {
      const refused: Failure[] = []
      // One order for all writers, so that they wait for each other instead of deadlocking.
      const sorted = tickets.toSorted((a, b) => a.ticket_id - b.ticket_id)
      for (const statement of chunks(sorted)) await writeAll(statement, refused)
      return [...refused, ...await findNewer(sorted)]
    },

    /**
     * The tickets among `ids` that MySQL holds.
     * @throws {DatabaseUnavailable}
     */
    async find (ids: readonly number[]): Promise<Map<number, Ticket | CorruptTicketError>> {
      const rows = await database.query<(RowDataPacket & Row)[]>(select, [ids], FIND_TIMEOUT_MS).catch(rethrow)
      return new Map(rows.map(row => [Number(row.ticket_id), decode(row)]))
    },

    /**
     * The highest id that MySQL holds; 0 when the table is empty.
     * @throws {DatabaseUnavailable}
     */
    async highestId (): Promise<number> {
      const rows = await database.query<RowDataPacket[]>(`SELECT MAX(ticket_id) AS highest FROM ${name}`, [], FIND_TIMEOUT_MS).catch(rethrow)
      return Number(rows[0]!.highest ?? 0)
    },

    /**
     * Asks MySQL for an answer.
     * @throws {DatabaseUnavailable} saying why there is none
     */
    async ping (): Promise<void> {
      await database.query('SELECT 1', [], FIND_TIMEOUT_MS).catch(rethrow)
    },
  }
}

export type TicketArchive = ReturnType<typeof createTicketArchive>

const rethrow = (error: unknown): never => { throw toDatabaseError(error) }

function decode (row: Row): Ticket | CorruptTicketError {
  try {
    return fromRow(row)
  } catch (error) {
    if (error instanceof CorruptTicketError) return error
    throw error
  }
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
