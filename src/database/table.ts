import { escapeId, type ResultSetHeader } from 'mysql2'
import type { Mysql } from '../mysql/mysql.ts'
import { createSelect, inStatements } from '../mysql/statements.ts'
import { FIND_TIMEOUT_MS, type TicketDatabase } from './ticket-database.ts'
import { COLUMNS, fromRow, orCorrupt, toRow, type Row } from '../tickets/codec.ts'
import { toDateTime } from '../tickets/fields.ts'
import { createUpsert } from './upsert.ts'

/** Rows of one page of a scan. */
const PAGE_ROWS = 500

/**
 * The database that is a table of the service's own, which its migrations make.
 * @param statementTimeoutMs for the statements of a flush
 */
export function createTableDatabase (mysql: Mysql, table: string, statementTimeoutMs: number): TicketDatabase {
  const name = escapeId(table)
  const select = createSelect(mysql)

  // Only a newer version changes a row, so every write may be repeated and come late. Assignments run
  // from left to right: version is the last, because the others compare with it.
  const newer = 'VALUES(version) > version'
  const upsertSql = `INSERT INTO ${name} (synced_at, ${COLUMNS.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE ` +
    ['synced_at', ...COLUMNS.slice(1)].map(column => `${column} = IF(${newer}, VALUES(${column}), ${column})`).join(', ')

  async function versions (ids: readonly number[]): Promise<Map<number, number>> {
    const held = new Map<number, number>()
    for (const part of inStatements(ids)) {
      const rows = await select<{ ticket_id: number, version: number }>(`SELECT ticket_id, version FROM ${name} WHERE ticket_id IN (?)`, [part], statementTimeoutMs)
      for (const row of rows) held.set(Number(row.ticket_id), Number(row.version))
    }
    return held
  }

  return {
    versions,

    upsert: createUpsert({
      async writeRows (tickets) {
        const syncedAt = toDateTime(Math.floor(Date.now() / 1000))
        const { info } = await mysql.query<ResultSetHeader>(upsertSql, [tickets.map(ticket => [syncedAt, ...toRow(ticket)])], statementTimeoutMs)
        // MySQL counts the rows that were there, changed or not (FOUND_ROWS, which is on by default, and which MYSQL_URL
        // may not turn off); about a single one it says nothing.
        return { refused: [], areNew: info.includes('Duplicates: 0 ') }
      },
      versions,
      bytesMax: mysql.rowsBytesMax,
    }),

    async find (ids, timeoutMs = FIND_TIMEOUT_MS) {
      const rows = await select<Row>(`SELECT ${COLUMNS.join(', ')} FROM ${name} WHERE ticket_id IN (?)`, [ids], timeoutMs)
      return new Map(rows.map(row => [Number(row.ticket_id), orCorrupt(() => fromRow(row))]))
    },

    async * changedSince (since, { index, count } = { index: 0, count: 1 }) {
      // One status at a time, so that the index on (status, updated_at) gives the pages in their order.
      for (const { status } of await select<Row>(`SELECT DISTINCT status FROM ${name}`, [], statementTimeoutMs)) {
        for (let after = { updated_at: toDateTime(since), ticket_id: 0 } as Row | undefined; after;) {
          const rows: Row[] = await select<Row>(
            `SELECT updated_at, ticket_id, version FROM ${name} WHERE status = ? AND updated_at >= ? AND (updated_at > ? OR ticket_id > ?) AND MOD(ticket_id, ?) = ? ` +
            `ORDER BY updated_at, ticket_id LIMIT ${PAGE_ROWS}`,
            [status, after.updated_at, after.updated_at, after.ticket_id, count, index], statementTimeoutMs)
          if (rows.length > 0) yield new Map(rows.map(row => [Number(row.ticket_id), Number(row.version)]))
          after = rows.length === PAGE_ROWS ? rows.at(-1) : undefined
        }
      }
    },

    async highestId () {
      const rows = await select<{ highest: number | null }>(`SELECT MAX(ticket_id) AS highest FROM ${name}`, [], FIND_TIMEOUT_MS)
      return Number(rows[0]!.highest ?? 0)
    },

    async ping () {
      await select('SELECT 1', [], FIND_TIMEOUT_MS)
    },
  }
}
