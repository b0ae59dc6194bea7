import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PoolConnection, RowDataPacket } from 'mysql2/promise'

/** Where the journal of a tickets table is. */
export const journalTable = (table: string) => `${table}_journal`

/** Where the erasures are that were asked for. */
export const erasureTable = (table: string) => `${table}_erasures`

/** Seconds to wait for another instance that is migrating. */
const LOCK_WAIT_SECONDS = 60

const DIRECTORY = fileURLToPath(new URL('../../migrations', import.meta.url))

type Rows = (sql: string, values?: unknown[]) => Promise<RowDataPacket[]>

/**
 * Brings the schema up to date, one instance at a time (GET_LOCK), and records what was run in
 * `{table}_migrations`. A file holds one statement and may name {table}, {journal} and {erasures}.
 *
 * @returns the names of the migrations that were run now
 * @throws when a file that was run before has changed, or a statement fails
 */
export async function migrate (connection: PoolConnection, table: string): Promise<string[]> {
  const rows: Rows = async (sql, values) => (await connection.query<RowDataPacket[]>(sql, values))[0]
  if (await isUpToDate(rows, table)) return []
  const database = String((await rows('SELECT DATABASE() AS name'))[0]!.name)
  // Lock names are the server's and at most 64 characters long.
  const lock = `migrate:${createHash('sha1').update(`${database}.${table}`).digest('hex')}`

  const granted = (await rows('SELECT GET_LOCK(?, ?) AS granted', [lock, LOCK_WAIT_SECONDS]))[0]!.granted
  if (granted !== 1) throw new Error(`another instance has been migrating ${table} for ${LOCK_WAIT_SECONDS} s`)
  try {
    const { default: Postgrator } = await import('postgrator')
    const run = await new Postgrator({
      migrationPattern: join(DIRECTORY, '*.sql'),
      driver: 'mysql',
      database,
      schemaTable: `${table}_migrations`,
      execQuery: async sql => ({ rows: await rows(sql) }),
      execSqlScript: async sql => { await connection.query(sql.replaceAll('{table}', connection.escapeId(table)).replaceAll('{journal}', connection.escapeId(journalTable(table))).replaceAll('{erasures}', connection.escapeId(erasureTable(table)))) },
    }).migrate()
    return run.map(({ name }) => name)
  } finally {
    await connection.query('DO RELEASE_LOCK(?)', [lock])
  }
}

/** The library makes the table, and adds its columns one after the other: another instance may be in the middle of it. */
const NOT_MADE_YET = ['ER_NO_SUCH_TABLE', 'ER_BAD_FIELD_ERROR']

/** Whether all migrations were run, and none has changed since. It is so at nearly every start, which then needs neither the lock nor the library. */
async function isUpToDate (rows: Rows, table: string): Promise<boolean> {
  const run = await rows('SELECT version, md5 FROM ??', [`${table}_migrations`]).catch((error: unknown) => {
    if (NOT_MADE_YET.includes(String((error as NodeJS.ErrnoException).code))) return []
    throw error
  })
  const known = new Map(run.map(({ version, md5 }) => [Number(version), md5]))
  return readdirSync(DIRECTORY).every(file => known.get(parseInt(file)) === createHash('md5').update(readFileSync(join(DIRECTORY, file))).digest('hex'))
}
