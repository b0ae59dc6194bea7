import { escapeId, type ResultSetHeader } from 'mysql2'
import type { Mysql } from '../mysql/mysql.ts'
import type { Query } from '../mysql/transaction.ts'
import { createSelect, inStatements } from '../mysql/statements.ts'
import { COLUMNS, fromRow, toRow, type Row } from '../tickets/codec.ts'
import { toDateTime, type Ticket } from '../tickets/fields.ts'
import type { IdRange } from '../tickets/keys.ts'
import { isOfPartition, partitionValues, type Partition } from './ticket-database.ts'

/** Rows of one page, and of one statement that removes them. */
const PAGE_ROWS = 500

/** A condition on a row of the table: what it holds is a tombstone. The status, which no ticket has, lets the index on (status, updated_at) find them. */
export const IS_TOMBSTONE = "status = '' AND deleted_at IS NOT NULL"

const nowSeconds = () => Math.floor(Date.now() / 1000)

/**
 * Removes tombstones that MySQL has had for so long that they have expired.
 * @returns a function that resolves with the number of rows: PAGE_ROWS when there may be more
 */
export function createPurge (mysql: Mysql, table: string, retentionSeconds: number, timeoutMs: number) {
  const select = createSelect(mysql)
  const name = escapeId(table)
  return async (): Promise<number> => {
    const before = toDateTime(nowSeconds() - retentionSeconds)
    const result = await select(`DELETE FROM ${name} WHERE ${IS_TOMBSTONE} AND updated_at < ? AND synced_at < ? LIMIT ${PAGE_ROWS}`, [before, before], timeoutMs) as unknown as ResultSetHeader
    return result.affectedRows
  }
}

/**
 * The tombstones of a site whose tickets are posts: a post keeps nothing of the service's, so the table of the service
 * keeps them. What else is in the table is of no interest.
 */
export function createPostTombstones (mysql: Mysql, table: string) {
  const name = escapeId(table)
  const select = createSelect(mysql)
  const newer = 'VALUES(version) > version'
  const upsertSql = `INSERT INTO ${name} (synced_at, ${COLUMNS.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE ` +
    ['synced_at', ...COLUMNS.slice(1)].map(column => `${column} = IF(${newer}, VALUES(${column}), ${column})`).join(', ')

  const asking = (timeoutMs: number): Query => <Rows>(sql: string, values: unknown[]) => select(sql, values, timeoutMs) as Promise<Rows>

  return {
    /** In the transaction of `query`, in which the posts are locked: the versions of those among `ids` that were deleted. */
    async versions (query: Query, ids: readonly number[]): Promise<Map<number, number>> {
      const held = new Map<number, number>()
      for (const part of inStatements(ids)) {
        const rows = await query<{ ticket_id: number, version: number }[]>(`SELECT ticket_id, version FROM ${name} WHERE ticket_id IN (?) AND ${IS_TOMBSTONE}`, [part])
        for (const row of rows) held.set(Number(row.ticket_id), Number(row.version))
      }
      return held
    },

    /** What `versions` asks with outside of a transaction. */
    asking,

    async find (ids: readonly number[], timeoutMs: number): Promise<Ticket[]> {
      if (ids.length === 0) return []
      const rows = await select<Row>(`SELECT ${COLUMNS.join(', ')} FROM ${name} WHERE ticket_id IN (?) AND ${IS_TOMBSTONE}`, [ids], timeoutMs)
      return rows.map(fromRow)
    },

    async write (query: Query, tombstones: readonly Ticket[]): Promise<void> {
      if (tombstones.length === 0) return
      const syncedAt = toDateTime(nowSeconds())
      await query(upsertSql, [tombstones.map(tombstone => [syncedAt, ...toRow(tombstone)])])
    },

    /** The ids are those of other tickets now. */
    async remove (query: Query, ids: readonly number[]): Promise<void> {
      if (ids.length > 0) await query(`DELETE FROM ${name} WHERE ticket_id IN (?) AND ${IS_TOMBSTONE}`, [ids])
    },

    /** Those (of the partition) since a time, in pages. */
    async * changedSince (since: number, partition: Partition, timeoutMs: number): AsyncGenerator<Map<number, number>> {
      for (let after: number | undefined = 0; after !== undefined;) {
        const rows: { ticket_id: number, version: number }[] = await select<{ ticket_id: number, version: number }>(
          `SELECT ticket_id, version FROM ${name} WHERE ${IS_TOMBSTONE} AND updated_at >= ? AND ticket_id > ? AND ${isOfPartition('ticket_id')} ORDER BY ticket_id LIMIT ${PAGE_ROWS}`,
          [toDateTime(since), after, ...partitionValues(partition)], timeoutMs)
        if (rows.length > 0) yield new Map(rows.map(row => [Number(row.ticket_id), Number(row.version)]))
        after = rows.length === PAGE_ROWS ? Number(rows.at(-1)!.ticket_id) : undefined
      }
    },

    /** The highest id of each range; 0: none. */
    async highestIds (ranges: readonly IdRange[], timeoutMs: number): Promise<number[]> {
      const rows = await select<{ place: number, highest: number | null }>(
        ranges.map((_range, place) => `SELECT ${place} AS place, MAX(ticket_id) AS highest FROM ${name} WHERE ticket_id BETWEEN ? AND ?`).join(' UNION ALL '),
        ranges.flatMap(({ from, to }) => [from, to]), timeoutMs)
      const highest = new Map(rows.map(row => [Number(row.place), Number(row.highest ?? 0)]))
      return ranges.map((_range, place) => highest.get(place)!)
    },
  }
}

export type PostTombstones = ReturnType<typeof createPostTombstones>
