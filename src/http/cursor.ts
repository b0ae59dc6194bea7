import { createHash } from 'node:crypto'
import { invalid } from '../errors.ts'
import type { Position, Query } from '../tickets/query.ts'

/** Of the sort and the filters: a cursor belongs to one list. */
function fingerprintOf ({ filters, sort }: Pick<Query, 'filters' | 'sort'>): string {
  const known = Object.entries(filters).sort(([a], [b]) => a < b ? -1 : 1).map(([name, value]) => [name, Array.isArray(value) ? value.toSorted() : value])
  return createHash('sha256').update(JSON.stringify([sort, known])).digest('base64url').slice(0, 12)
}

/** Where the next page of this list begins, as opaque text. */
export const toCursor = (query: Pick<Query, 'filters' | 'sort'>, { value, id }: Position): string =>
  Buffer.from(`${fingerprintOf(query)}.${value}.${id}`).toString('base64url')

/** @throws {Problem} validation_failed when it is none, or that of another list */
export function fromCursor (query: Pick<Query, 'filters' | 'sort'>, cursor: string): Position {
  const [, fingerprint, value, id] = /^([\w-]{12})\.(\d{1,16})\.(\d{1,16})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (fingerprint === undefined) throw invalid('/cursor', 'must be the next_cursor of an earlier page')
  if (fingerprint !== fingerprintOf(query)) throw invalid('/cursor', 'is that of a list with other filters or another sort')
  return { value: Number(value), id: Number(id) }
}
