import type { RowDataPacket } from 'mysql2/promise'
import type { Mysql } from './mysql.ts'
import { toDatabaseError } from './failure.ts'

/** Characters of one statement; after escaping it stays below MariaDB's smallest usual max_allowed_packet, 16 MiB. */
export const STATEMENT_SIZE_MAX = 1024 * 1024

/** Cuts what is to be written into parts of bounded size; what is larger by itself is a part of its own. */
export function * inParts<T> (items: readonly T[], sizeOf: (item: T) => number, sizeMax: number): Generator<T[]> {
  let part: T[] = []
  let size = 0
  for (const item of items) {
    const itemSize = sizeOf(item)
    if (part.length > 0 && size + itemSize > sizeMax) {
      yield part
      part = []
      size = 0
    }
    part.push(item)
    size += itemSize
  }
  if (part.length > 0) yield part
}

/** Reads rows outside of a transaction; its errors are the service's. */
export const createSelect = (mysql: Mysql) => <T>(sql: string, values: unknown[], timeoutMs: number) =>
  mysql.query<(RowDataPacket & T)[]>(sql, values, timeoutMs).catch((error: unknown) => { throw toDatabaseError(error) })
