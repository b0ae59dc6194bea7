import type { RowDataPacket } from 'mysql2/promise'
import type { Mysql } from './mysql.ts'
import { toDatabaseError } from './failure.ts'

/** What is escaped by a backslash before it. */
// eslint-disable-next-line no-control-regex -- as the driver does it
const ESCAPED = /[\0\b\t\n\r\x1a"'\\]/g

/** Bytes of a text as a statement holds it. */
export const escapedBytes = (text: string): number => Buffer.byteLength(text) + (text.match(ESCAPED)?.length ?? 0)

/** Ids of one statement: some kilobytes. */
const IDS_PER_STATEMENT_MAX = 500

/** Cuts ids into parts of which each can be listed in a statement, however little the server takes. */
export const inStatements = (ids: readonly number[]): Iterable<number[]> => inParts(ids, () => 1, IDS_PER_STATEMENT_MAX)

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
