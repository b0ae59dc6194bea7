import type { RowDataPacket } from 'mysql2/promise'
import { escapeId } from 'mysql2'
import type { Database } from '../mysql/database.js'
import { toDatabaseError } from '../mysql/failure.js'
import { COLUMNS, CorruptTicketError, dateTime, fromRow, type Row } from './codec.js'
import type { Failure } from './due-index.js'
import type { Ticket } from './ticket.js'
import { createUpsert } from './upsert.js'

/** A caller waits for a look-up, so it has no more time than a write to Redis. */
const FIND_TIMEOUT_MS = 1000

/** Rows of one page of a scan. */
const PAGE_ROWS = 500

/** What an upsert left undone. */
export interface Unwritten {
  /** MySQL refuses them for what is in them. */
  refused: Failure[]
  /** MySQL holds a newer version, which Redis does not know: Redis has come back with older data, or its clock was set back. */
  outdated: number[]
}

/**
 * The MySQL side: the table that reports and other programs read.
 * @param statementTimeoutMs for the statements of a flush
 * @throws {DatabaseUnavailable} every function; the same call may succeed later
 */
export function createTicketArchive (database: Database, table: string, statementTimeoutMs: number) {
  const name = escapeId(table)
  const upsert = createUpsert(database, table, statementTimeoutMs)

  const select = <T>(sql: string, values: unknown[], timeoutMs: number) =>
    database.query<(RowDataPacket & T)[]>(sql, values, timeoutMs).catch((error: unknown) => { throw toDatabaseError(error) })

  /** The versions of those among `ids` that MySQL holds. */
  async function versions (ids: readonly number[]): Promise<Map<number, number>> {
    const rows = await select<{ ticket_id: number, version: number }>(`SELECT ticket_id, version FROM ${name} WHERE ticket_id IN (?)`, [ids], statementTimeoutMs)
    return new Map(rows.map(row => [Number(row.ticket_id), Number(row.version)]))
  }

  return {
    versions,

    /**
     * Writes the tickets where they are newer than their rows, and looks whether MySQL holds them.
     * All that is not in the answer is committed. When it rejects, any of them may be.
     */
    async upsert (tickets: readonly Ticket[]): Promise<Unwritten> {
      const refused = await upsert(tickets)
      const held = await versions(tickets.map(ticket => ticket.ticket_id))
      return { refused, outdated: tickets.filter(({ ticket_id: id, version }) => held.get(id)! > version).map(ticket => ticket.ticket_id) }
    },

    /**
     * The tickets among `ids` that MySQL holds.
     * @param timeoutMs default: for a caller who waits
     */
    async find (ids: readonly number[], timeoutMs = FIND_TIMEOUT_MS): Promise<Map<number, Ticket | CorruptTicketError>> {
      const rows = await select<Row>(`SELECT ${COLUMNS.join(', ')} FROM ${name} WHERE ticket_id IN (?)`, [ids], timeoutMs)
      return new Map(rows.map(row => [Number(row.ticket_id), decode(row)]))
    },

    /**
     * The tickets that were last changed at `since` (Unix seconds) or later and their versions, in pages.
     * @param partition of these tickets, by their ids
     */
    async * changedSince (since: number, partition = { index: 0, count: 1 }): AsyncGenerator<Map<number, number>> {
      // One status at a time, so that the index on (status, updated_at) gives the pages in their order.
      for (const { status } of await select<Row>(`SELECT DISTINCT status FROM ${name}`, [], statementTimeoutMs)) {
        for (let after = { updated_at: dateTime(since), ticket_id: 0 } as Row | undefined; after;) {
          const rows: Row[] = await select<Row>(
            `SELECT updated_at, ticket_id, version FROM ${name} WHERE status = ? AND updated_at >= ? AND (updated_at > ? OR ticket_id > ?) AND MOD(ticket_id, ?) = ? ORDER BY updated_at, ticket_id LIMIT ${PAGE_ROWS}`,
            [status, after.updated_at, after.updated_at, after.ticket_id, partition.count, partition.index], statementTimeoutMs)
          if (rows.length > 0) yield new Map(rows.map(row => [Number(row.ticket_id), Number(row.version)]))
          after = rows.length === PAGE_ROWS ? rows.at(-1) : undefined
        }
      }
    },

    /** The highest id that MySQL holds; 0 when the table is empty. */
    async highestId (): Promise<number> {
      const rows = await select<{ highest: number | null }>(`SELECT MAX(ticket_id) AS highest FROM ${name}`, [], FIND_TIMEOUT_MS)
      return Number(rows[0]!.highest ?? 0)
    },

    /** Asks MySQL for an answer. */
    async ping (): Promise<void> {
      await select('SELECT 1', [], FIND_TIMEOUT_MS)
    },
  }
}

export type TicketArchive = ReturnType<typeof createTicketArchive>

function decode (row: Row): Ticket | CorruptTicketError {
  try {
    return fromRow(row)
  } catch (error) {
    if (error instanceof CorruptTicketError) return error
    throw error
  }
}
