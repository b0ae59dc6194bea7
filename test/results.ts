import type { Mysql } from '../src/mysql/mysql.ts'
import type { Query } from '../src/mysql/transaction.ts'

/** What a service asks MySQL for from now on: the bytes of the largest answer, about, and the statement that it was for. */
export function watchResults (mysql: Mysql) {
  const largest = { bytes: 0, sql: '' }
  const { query, exclusively, transaction } = mysql
  const watched = (ask: Query): Query => async <Rows>(sql: string, values: unknown[]) => {
    const rows = await ask<Rows>(sql, values)
    const bytes = JSON.stringify(rows).length
    if (bytes > largest.bytes) Object.assign(largest, { bytes, sql })
    return rows
  }
  mysql.query = (sql, values, timeoutMs) => watched((sql, values) => query(sql, values, timeoutMs))(sql, values)
  mysql.exclusively = (lock, timeoutMs, work) => exclusively(lock, timeoutMs, ask => work(watched(ask)))
  mysql.transaction = (work, timeoutMs) => transaction(ask => work(watched(ask)), timeoutMs)
  return largest
}
