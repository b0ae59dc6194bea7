/** Looks past the service at what its databases hold and count. */
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { type Connection, createConnection } from 'mysql2/promise'
import { createKeys, includeLua } from './service-modules.ts'
import type { Mariadb } from './stage.ts'
import type { Ids } from './tickets.ts'

/** With these a call is worth it, and takes Redis no longer than a few ms. */
const IDS_PER_CALL = 1000

const REMOVE = includeLua(readFileSync(new URL('../lua/remove.lua', import.meta.url), 'utf8'))

/** The service's own keys. */
export const KEYS = createKeys('')

export async function withRedis<T> ({ url }: { url: string }, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url)
  try {
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}

export async function withSql<T> (server: Mariadb, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await createConnection({ uri: server.url })
  try {
    return await work(connection)
  } finally {
    connection.destroy()
  }
}

/** @param sql that answers one row with `count` */
export async function count (server: Mariadb, sql: string): Promise<number> {
  const [rows] = await withSql(server, connection => connection.query(sql))
  return Number((rows as { count: number }[])[0]?.count)
}

/**
 * @param names of its status variables
 * @returns what MySQL has counted since it was started
 */
export async function mysqlCounters (mariadb: Mariadb, names: readonly string[]): Promise<Map<string, number>> {
  const [rows] = await withSql(mariadb, sql => sql.query('SHOW GLOBAL STATUS WHERE Variable_name IN (?)', [names]))
  return new Map((rows as { Variable_name: string, Value: string }[]).map(({ Variable_name: name, Value: value }) => [name, Number(value)]))
}

/**
 * Takes tickets away again, with their marks and their entries in the indexes.
 *
 * @param ids some may not be there
 */
export async function removeFromRedis (node: { url: string }, { first, count }: Ids): Promise<void> {
  await withRedis(node, async redis => {
    for (let start = 0; start < count; start += IDS_PER_CALL) {
      const ids = idsFrom(first + start, Math.min(IDS_PER_CALL, count - start))
      const keys = [KEYS.due, KEYS.index, KEYS.synced, ...ids.map(KEYS.ticket)]
      await redis.eval(REMOVE, keys.length, ...keys, ...ids)
    }
  })
}

/** @returns how many of the tickets have a hash */
export async function countInRedis (node: { url: string }, { first, count }: Ids): Promise<number> {
  return await withRedis(node, async redis => {
    let found = 0
    for (let start = 0; start < count; start += IDS_PER_CALL) {
      found += await redis.exists(idsFrom(first + start, Math.min(IDS_PER_CALL, count - start)).map(KEYS.ticket))
    }
    return found
  })
}

const idsFrom = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i)

export async function removeFromMysql (mariadb: Mariadb, table: string, { first, count }: Ids): Promise<void> {
  await withSql(mariadb, sql => sql.query(`DELETE FROM ${table} WHERE ticket_id BETWEEN ? AND ?`, [first, first + count - 1]))
}

/**
 * @param work that leaves as many tickets more
 * @returns bytes of Redis's memory for each of them
 */
export async function redisBytes (node: { url: string }, tickets: number, work: () => Promise<unknown>): Promise<number> {
  const used = () => withRedis(node, async redis => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]))
  const before = await used()
  await work()
  return (await used() - before) / tickets
}

/** @returns bytes of the table's data and indexes for each row */
export async function mysqlBytes (mariadb: Mariadb, table: string): Promise<number> {
  await withSql(mariadb, sql => sql.query(`ANALYZE TABLE ${table}`))
  const bytes = await count(mariadb, `SELECT DATA_LENGTH + INDEX_LENGTH AS count FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${table}'`)
  return bytes / await count(mariadb, `SELECT COUNT(*) AS count FROM ${table}`)
}
