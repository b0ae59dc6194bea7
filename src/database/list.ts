import { escapeId } from 'mysql2'
import { toDatabaseError } from '../mysql/failure.ts'
import type { Mysql } from '../mysql/mysql.ts'
import { SNAPSHOT, type Query as MysqlQuery } from '../mysql/transaction.ts'
import { createSelect, inStatements } from '../mysql/statements.ts'
import { toDateTime } from '../tickets/fields.ts'
import type { Filters, GroupField, Listed, Position, Query } from '../tickets/query.ts'
import type { TicketDatabase } from './ticket-database.ts'

/** A caller waits for it, and a filter without an index of its own takes a while. */
const LIST_TIMEOUT_MS = 5000

interface Where { sql: string[], values: unknown[] }

/** The rows of tickets that fit, as a condition. Texts that MySQL holds equal are found by the index, and told apart by their bytes. */
function toWhere (filters: Filters): Where {
  const where: Where = { sql: ['deleted_at IS NULL'], values: [] }
  const add = (sql: string, ...values: unknown[]) => {
    where.sql.push(sql)
    where.values.push(...values)
  }
  for (const name of ['status', 'category', 'priority'] as const) {
    const texts = filters[name]
    if (texts) add(`${name} IN (?) AND CAST(${name} AS BINARY) IN (?)`, texts, texts)
  }
  const { assigned_to: assignees, customer_id: customer } = filters
  if (assignees) {
    const agents = assignees.filter(id => id !== 0)
    const conditions = [...agents.length > 0 ? ['assigned_to IN (?)'] : [], ...agents.length < assignees.length ? ['assigned_to IS NULL'] : []]
    add(`(${conditions.join(' OR ')})`, ...agents.length > 0 ? [agents] : [])
  }
  if (customer !== undefined) add('customer_id = ?', customer)
  for (const name of ['created', 'updated'] as const) {
    const [since, until] = [filters[`${name}_since`], filters[`${name}_until`]]
    if (since !== undefined) add(`${name}_at >= ?`, toDateTime(since))
    if (until !== undefined) add(`${name}_at <= ?`, toDateTime(until))
  }
  return where
}

/** Rows beyond a position of the list. */
function addAfter ({ sql, values }: Where, { sort: { field, isDescending }, after }: Query) {
  if (!after) return
  const beyond = isDescending ? '<' : '>'
  if (field === 'ticket_id') {
    sql.push(`ticket_id ${beyond} ?`)
    values.push(after.id)
  } else {
    const at = toDateTime(after.value)
    sql.push(`${field} ${beyond}= ? AND (${field} ${beyond} ? OR ticket_id ${beyond} ?)`)
    values.push(at, at, after.id)
  }
}

/** Where the tickets of the table stand in a list. */
export function createList (mysql: Mysql, table: string) {
  const select = createSelect(mysql)
  return async (query: Query): Promise<Listed> => {
    const { sort: { field, isDescending }, limit } = query
    const where = toWhere(query.filters)
    addAfter(where, query)
    const direction = isDescending ? 'DESC' : 'ASC'
    const order = field === 'ticket_id' ? `ticket_id ${direction}` : `${field} ${direction}, ticket_id ${direction}`
    const value = field === 'ticket_id' ? 'ticket_id' : `TIMESTAMPDIFF(SECOND, '1970-01-01', ${field})`
    const rows = await select<{ ticket_id: number, value: number }>(
      `SELECT ticket_id, ${value} AS value FROM ${escapeId(table)} WHERE ${where.sql.join(' AND ')} ORDER BY ${order} LIMIT ?`, [...where.values, limit], LIST_TIMEOUT_MS)
    const positions = rows.map((row): Position => ({ id: Number(row.ticket_id), value: Number(row.value) }))
    return { positions, ...(rows.length === limit && { end: positions.at(-1)! }) }
  }
}

/** How many tickets of the table fit, by a field. */
export function createCount (mysql: Mysql, table: string): TicketDatabase['count'] {
  async function counts (query: MysqlQuery, filters: Filters, by: GroupField, ids?: readonly number[]) {
    const where = toWhere(filters)
    if (ids) where.sql.push('ticket_id IN (?)')
    // Byte by byte: `Open` and `open` are two.
    const group = by === 'assigned_to' ? by : `CAST(${by} AS BINARY)`
    return await query<{ value: string | number | null, tickets: number }[]>(
      `SELECT MIN(${by}) AS value, COUNT(*) AS tickets FROM ${escapeId(table)} WHERE ${where.sql.join(' AND ')} GROUP BY ${group}`, [...where.values, ...ids ? [ids] : []])
  }

  // In a snapshot, so that it need not be repeated because something was written while MySQL passed over its rows.
  return (filters, by, except, isCurrent, timeoutMs) => mysql.transaction(async query => {
    if (!await isCurrent()) return undefined
    const total = new Map<string, number>()
    const addAll = (rows: Awaited<ReturnType<typeof counts>>, sign: 1 | -1) => {
      for (const { value, tickets } of rows) {
        const name = value === null ? by === 'assigned_to' ? '0' : '' : String(value)
        total.set(name, (total.get(name) ?? 0) + sign * Number(tickets))
      }
    }
    addAll(await counts(query, filters, by), 1)
    for (const part of inStatements(except)) addAll(await counts(query, filters, by, part), -1)
    return total
  }, timeoutMs, SNAPSHOT).catch((error: unknown) => { throw toDatabaseError(error) })
}
