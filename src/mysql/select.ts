import type { RowDataPacket } from 'mysql2/promise'
import type { Database } from './mysql.ts'
import { toDatabaseError } from './failure.ts'

/** Reads rows outside of a transaction; its errors are the service's. */
export const createSelect = (database: Database) => <T>(sql: string, values: unknown[], timeoutMs: number) =>
  database.query<(RowDataPacket & T)[]>(sql, values, timeoutMs).catch((error: unknown) => { throw toDatabaseError(error) })
