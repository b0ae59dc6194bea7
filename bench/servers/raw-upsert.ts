/**
 * Writes tickets as Redis holds them into a table, in multi-row upserts over one connection, and prints how many rows it
 * wrote a second: what a flush would cost without claims, checks and marks. The rows are made before the time is taken.
 * Arguments: the table, rows of a statement, the first ticket id, how many.
 */
import { Redis } from 'ioredis'
import { createConnection } from 'mysql2/promise'
import { COLUMNS, toDateTime, fromHash, toRow } from '../lib/service-modules.ts'

/** Rows that are written before, elsewhere: code is compiled by then. */
const WARMUP = 5000

const [table = '', ...numbers] = process.argv.slice(2)
const [batchSize = 0, first = 0, count = 0] = numbers.map(Number)
const columns = ['synced_at', ...COLUMNS]
const newer = 'VALUES(version) > version'

const redis = new Redis(process.env.REDIS_URL ?? '')
const rows: unknown[][] = []
for (let id = first; id < first + count; id += batchSize) {
  const ids = Array.from({ length: Math.min(batchSize, first + count - id) }, (_, i) => id + i)
  const pipeline = redis.pipeline()
  for (const each of ids) pipeline.hgetall(`ticket:${each}`)
  const hashes = await pipeline.exec() ?? []
  const syncedAt = toDateTime(Math.floor(Date.now() / 1000))
  rows.push(...hashes.map(([, hash], i) => [syncedAt, ...toRow(fromHash(ids[i]!, Object.entries(hash as Record<string, string>).flat()))]))
}
redis.disconnect()

const connection = await createConnection({ uri: process.env.MYSQL_URL!, charset: 'utf8mb4' })

async function upsert (into: string, written: unknown[][]) {
  const sql = `INSERT INTO ${into} (${columns.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE ` +
    columns.filter(column => column !== 'ticket_id').map(column => `${column} = IF(${newer}, VALUES(${column}), ${column})`).join(', ')
  for (let start = 0; start < written.length; start += batchSize) await connection.query(sql, [written.slice(start, start + batchSize)])
}

await connection.query(`CREATE TEMPORARY TABLE warmup LIKE ${table}`)
await upsert('warmup', rows.slice(0, WARMUP))
const startedAt = performance.now()
await upsert(table, rows)
console.log(count / ((performance.now() - startedAt) / 1000))
connection.destroy()
