/** Takes tickets away again, so that what is measured next finds as many as it is said to. */
import { withRedis, withSql } from './stores.mjs'
import { createKeys } from '../../src/tickets/keys.ts'

/** So many that a call is worth it, and takes Redis no longer than a few ms. */
const IDS_PER_CALL = 1000

/** @typedef {import('./fill.mjs').Ids} Ids */

/**
 * @param {{ firstId: number, lastId: number }} slice
 * @returns {Ids} of what it has created, and of what nobody waited for
 */
export const idsOf = ({ firstId, lastId }) => ({ first: firstId, count: lastId - firstId + 1 })

/** The service's own keys. */
export async function keysOf () {
  return createKeys('')
}

/**
 * With their marks in the index of what is unsynced.
 * @param {import('./stage.mjs').RedisNode} node
 * @param {Ids} ids some may not be there
 */
export async function removeFromRedis (node, { first, count }) {
  const keys = await keysOf()
  await withRedis(node, async (redis) => {
    for (let start = 0; start < count; start += IDS_PER_CALL) {
      const ids = Array.from({ length: Math.min(IDS_PER_CALL, count - start) }, (_, i) => first + start + i)
      await Promise.all([redis.unlink(ids.map(keys.ticket)), redis.zrem(keys.due, ids)])
    }
  })
}

/**
 * @param {import('./stage.mjs').Mariadb} mariadb
 * @param {string} table
 * @param {Ids} ids
 */
export async function removeFromMysql (mariadb, table, { first, count }) {
  await withSql(mariadb, (sql) => sql.query(`DELETE FROM ${table} WHERE ticket_id BETWEEN ? AND ?`, [first, first + count - 1]))
}
