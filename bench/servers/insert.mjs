/** A ticket's row, inserted and committed by itself. */
import { createPool } from 'mysql2/promise'
import { built } from './built.mjs'

/** @type {typeof import('../../src/tickets/codec.js')} */
const { COLUMNS, dateTime, toRow } = await built('src/tickets/codec.js')

/**
 * @param {string} uri
 * @param {string} table
 */
export function createInsert (uri, table) {
  const pool = createPool({ uri, charset: 'utf8mb4' })
  const sql = `INSERT INTO ${table} (synced_at, ${COLUMNS.join(', ')}) VALUES (?)`
  return async (/** @type {object} */ ticket) => {
    await pool.query(sql, [[dateTime(Math.floor(Date.now() / 1000)), ...toRow(/** @type {import('../../src/tickets/ticket.js').Ticket} */ (ticket))]])
  }
}
