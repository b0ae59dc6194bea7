import { escapeId, type ResultSetHeader } from 'mysql2'
import type { Mysql } from '../mysql/mysql.ts'
import { createSelect, inStatements } from '../mysql/statements.ts'
import { FIND_TIMEOUT_MS, isOfPartition, partitionValues, refuseForeign, WHOLE, type Failure, type FirstVersions, type TicketDatabase } from './ticket-database.ts'
import { COLUMNS, fromRow, orCorrupt, toRow, type Row } from '../tickets/codec.ts'
import { toDateTime, type Ticket } from '../tickets/fields.ts'
import { inBytes } from './in-bytes.ts'
import { createCount, createList } from './list.ts'
import { IS_TOMBSTONE, createPurge } from './tombstones.ts'
import { createUpsert, type WrittenRows } from './upsert.ts'

/** Rows of one page of a scan. */
const PAGE_ROWS = 500

/** Statuses that are told of, and the tickets of each that are looked through for others that MySQL holds equal: other programs write the table, too. */
const STATUSES_MAX = 100
const LOOK_THROUGH_MAX = 10_000

/**
 * MySQL counts the rows that were there, changed or not (FOUND_ROWS, which is on by default, and which MYSQL_URL may not
 * turn off); about a single one it says nothing.
 */
const areAllNew = (info: string): boolean => info.includes('Duplicates: 0 ')

/**
 * The database that is a table of the service's own, which its migrations make.
 * @param retentionSeconds that a tombstone stays
 * @param statementTimeoutMs for the statements of a flush
 */
export function createTableDatabase (mysql: Mysql, table: string, retentionSeconds: number, statementTimeoutMs: number): TicketDatabase {
  const name = escapeId(table)
  const select = createSelect(mysql)

  // Only a newer version changes a row, so every write may be repeated and come late. Assignments run
  // from left to right: version is the last, because the others compare with it. The row may be another ticket's, where
  // somebody has given the table a unique key of his own.
  const newer = 'VALUES(ticket_id) = ticket_id AND VALUES(version) > version'
  const insertSql = `INSERT INTO ${name} (synced_at, ${COLUMNS.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE `
  const upsertSql = insertSql +
    ['synced_at', ...COLUMNS.slice(1)].map(column => `${column} = IF(${newer}, VALUES(${column}), ${column})`).join(', ')

  const values = (tickets: readonly Ticket[]) => {
    const syncedAt = toDateTime(Math.floor(Date.now() / 1000))
    return tickets.map(ticket => [syncedAt, ...toRow(ticket)])
  }

  async function versions (ids: readonly number[], timeoutMs = statementTimeoutMs): Promise<Map<number, number>> {
    const held = new Map<number, number>()
    for (const part of inStatements(ids)) {
      const rows = await select<{ ticket_id: number, version: number }>(`SELECT ticket_id, version FROM ${name} WHERE ticket_id IN (?)`, [part], timeoutMs)
      for (const row of rows) held.set(Number(row.ticket_id), Number(row.version))
    }
    return held
  }

  /**
   * Inserts tickets that MySQL has not taken yet, and lets be what it holds.
   * @returns those whose older row is their own: an instance has written it, and nobody could record that; and what is refused
   */
  async function insertFirst (tickets: readonly Ticket[], firstVersions: FirstVersions): Promise<WrittenRows & { own: Ticket[] }> {
    if (tickets.length === 0) return { own: [], refused: [], areNewest: true }
    const { info } = await mysql.query<ResultSetHeader>(`${insertSql} ticket_id = ${name}.ticket_id`, [values(tickets)], statementTimeoutMs)
    if (areAllNew(info)) return { own: [], refused: [], areNewest: true }
    const held = await versions(tickets.map(ticket => ticket.ticket_id))
    const foreign = tickets.filter(({ ticket_id: id }) => held.get(id)! < firstVersions.get(id)!)
    if (foreign.length > 0 && await removeExpired(foreign)) return await insertFirst(tickets, firstVersions)
    const own: Ticket[] = []
    const refused: Failure[] = []
    for (const ticket of tickets) {
      const { ticket_id: id, version } = ticket
      const heldVersion = held.get(id)
      if (heldVersion === undefined) refused.push({ ticketId: id, version, reason: 'another program deleted the row while it was written' })
      else if (heldVersion < firstVersions.get(id)!) refused.push(refuseForeign(id, version, heldVersion))
      else if (heldVersion < version) own.push(ticket)
    }
    return { own, refused, areNewest: tickets.every(({ ticket_id: id, version }) => (held.get(id) ?? 0) <= version) }
  }

  /** The ids of tombstones that have expired are free again. Resolves with whether there were such. */
  async function removeExpired (tickets: readonly Ticket[]): Promise<boolean> {
    const before = toDateTime(Math.floor(Date.now() / 1000) - retentionSeconds)
    const { affectedRows } = await mysql.query<ResultSetHeader>(`DELETE FROM ${name} WHERE ticket_id IN (?) AND ${IS_TOMBSTONE} AND deleted_at < ?`, [tickets.map(ticket => ticket.ticket_id), before], statementTimeoutMs)
    return affectedRows > 0
  }

  async function update (tickets: readonly Ticket[]): Promise<boolean> {
    if (tickets.length === 0) return true
    const { info } = await mysql.query<ResultSetHeader>(upsertSql, [values(tickets)], statementTimeoutMs)
    return areAllNew(info)
  }

  /**
   * The statuses, each of which stands for all that MySQL holds equal (`Open` and `open`). The index on (status, updated_at)
   * gives them without the rows between (a loose index scan).
   */
  async function * distinctStatuses (): AsyncGenerator<string> {
    for (let after: string[] | undefined = []; after;) {
      const rows: { status: string }[] = await select<{ status: string }>(
        `SELECT DISTINCT status FROM ${name}${after.length > 0 ? ' WHERE status > ?' : ''} ORDER BY status LIMIT ${PAGE_ROWS}`, after, statementTimeoutMs)
      for (const { status } of rows) yield status
      after = rows.length === PAGE_ROWS ? [rows.at(-1)!.status] : undefined
    }
  }

  /** Those that differ in a byte are two. */
  async function statuses (): Promise<string[]> {
    const found: string[] = []
    for await (const status of distinctStatuses()) {
      // A tombstone's.
      if (status === '') continue
      const rows = await select<{ status: string }>(
        `SELECT MIN(status) AS status FROM (SELECT status FROM ${name} WHERE status = ? ORDER BY updated_at DESC LIMIT ${LOOK_THROUGH_MAX}) AS newest GROUP BY CAST(status AS BINARY) LIMIT ${STATUSES_MAX}`,
        [status], statementTimeoutMs)
      found.push(...rows.map(row => row.status))
      if (found.length >= STATUSES_MAX) break
    }
    return found
  }

  return {
    versions,

    upsert: createUpsert({
      async writeRows (tickets, firstVersions) {
        const [first = [], others = []] = [true, false].map(isFirst => tickets.filter(ticket => firstVersions.has(ticket.ticket_id) === isFirst))
        const { own, refused, areNewest } = await insertFirst(first, firstVersions)
        return { refused, areNewest: await update([...others, ...own]) && areNewest }
      },
      versions,
      bytesMax: mysql.rowsBytesMax,
    }),

    async find (ids, timeoutMs = FIND_TIMEOUT_MS) {
      const { now, left } = await inBytes(ids, async ids => {
        const rows = await select<{ ticket_id: number, bytes: number | null }>(`SELECT ticket_id, LENGTH(custom_fields) AS bytes FROM ${name} WHERE ticket_id IN (?)`, [ids], timeoutMs)
        return new Map(rows.map(row => [Number(row.ticket_id), Number(row.bytes)]))
      })
      const rows = await select<Row>(`SELECT ${COLUMNS.join(', ')} FROM ${name} WHERE ticket_id IN (?)`, [now], timeoutMs)
      return { found: new Map(rows.map(row => [Number(row.ticket_id), orCorrupt(() => fromRow(row))])), left }
    },

    statuses,

    async * changedSince (since, partition = WHOLE) {
      // One status at a time, so that the index on (status, updated_at) gives the pages in their order.
      for await (const status of distinctStatuses()) {
        for (let after = { updated_at: toDateTime(since), ticket_id: 0 } as Row | undefined; after;) {
          const rows: Row[] = await select<Row>(
            `SELECT updated_at, ticket_id, version FROM ${name} WHERE status = ? AND updated_at >= ? AND (updated_at > ? OR ticket_id > ?) AND ${isOfPartition('ticket_id')} ` +
            `ORDER BY updated_at, ticket_id LIMIT ${PAGE_ROWS}`,
            [status, after.updated_at, after.updated_at, after.ticket_id, ...partitionValues(partition)], statementTimeoutMs)
          if (rows.length > 0) yield new Map(rows.map(row => [Number(row.ticket_id), Number(row.version)]))
          after = rows.length === PAGE_ROWS ? rows.at(-1) : undefined
        }
      }
    },

    async highestIds (ranges) {
      const rows = await select<{ place: number, highest: number | null }>(
        ranges.map((_range, place) => `SELECT ${place} AS place, MAX(ticket_id) AS highest FROM ${name} WHERE ticket_id BETWEEN ? AND ?`).join(' UNION ALL '),
        ranges.flatMap(({ from, to }) => [from, to]), FIND_TIMEOUT_MS)
      const highest = new Map(rows.map(row => [Number(row.place), Number(row.highest ?? 0)]))
      return ranges.map((_range, place) => highest.get(place)!)
    },

    refusal: () => undefined,

    list: createList(mysql, table),

    count: createCount(mysql, table),

    async ofCustomer (customerId, after, limit) {
      const rows = await select<{ ticket_id: number }>(`SELECT ticket_id FROM ${name} WHERE customer_id = ? AND ticket_id > ? ORDER BY ticket_id LIMIT ?`, [customerId, after, limit], statementTimeoutMs)
      return rows.map(row => Number(row.ticket_id))
    },

    purgeTombstones: createPurge(mysql, table, retentionSeconds, statementTimeoutMs),

    async ping () {
      await select('SELECT 1', [], FIND_TIMEOUT_MS)
    },
  }
}
