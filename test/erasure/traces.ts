import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RowDataPacket } from 'mysql2/promise'
import { eventually, type Stores } from '../helper.ts'

async function valueOf ({ redis }: Pick<Stores, 'redis'>, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'hash': return await redis.hgetall(key)
    case 'zset': return await redis.zrange(key, 0, '-1', 'WITHSCORES')
    case 'set': return await redis.smembers(key)
    case 'stream': return await redis.xrange(key, '-', '+')
    case 'string': return await redis.get(key)
    default: return undefined
  }
}

/** Where one of the texts stands: in the name or the value of a key, in a row of any table. Looked for past the service. */
export async function findTraces ({ redis, sql, prefix }: Pick<Stores, 'redis' | 'sql' | 'prefix'>, ...texts: string[]): Promise<string[]> {
  const has = (value: unknown) => texts.some(text => JSON.stringify(value)?.includes(text))
  const traces: string[] = []
  for (const key of await redis.keys(`${prefix}*`)) {
    if (has(key) || has(await valueOf({ redis }, key))) traces.push(key)
  }
  const [tables] = await sql.query<RowDataPacket[]>('SHOW TABLES')
  for (const table of tables.map(row => String(Object.values(row)[0]))) {
    const [rows] = await sql.query<RowDataPacket[]>(`SELECT * FROM ${table}`)
    traces.push(...rows.filter(has).map(row => `${table} ${String(Object.values(row)[0])}`))
  }
  return traces
}

/** Which files in and below the directory hold one of the texts. */
export function findInFiles (directory: string, ...texts: string[]): string[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  return files.filter(file => {
    const content = readFileSync(file)
    return texts.some(text => content.includes(text))
  })
}

/** Has a Redis of the test's own rewrite its append-only file. */
export async function rewriteAppendOnlyFile ({ redis }: Pick<Stores, 'redis'>) {
  await redis.bgrewriteaof()
  await eventually(async () => {
    if (!/aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0/.test(await redis.info('persistence'))) throw new Error('it is being rewritten')
  })
}
