/** What a ticket takes in the databases. */
import { count, withRedis, withSql } from './stores.mjs'

/**
 * @param {import('./stage.mjs').RedisNode} node
 * @param {() => Promise<number>} work that leaves so many tickets more
 * @returns {Promise<number>} bytes of Redis's memory for each
 */
export async function redisBytes (node, work) {
  const before = await usedMemory(node)
  const tickets = await work()
  return (await usedMemory(node) - before) / tickets
}

/**
 * @param {import('./stage.mjs').Mariadb} mariadb
 * @param {string} table
 * @returns {Promise<number>} bytes of its data and indexes for each row
 */
export async function mysqlBytes (mariadb, table) {
  await withSql(mariadb, (sql) => sql.query(`ANALYZE TABLE ${table}`))
  const bytes = await count(mariadb, `SELECT DATA_LENGTH + INDEX_LENGTH AS count FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${table}'`)
  return bytes / await count(mariadb, `SELECT COUNT(*) AS count FROM ${table}`)
}

/** @param {import('./stage.mjs').RedisNode} node */
function usedMemory (node) {
  return withRedis(node, async (redis) => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]))
}
