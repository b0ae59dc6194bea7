import type { Query } from '../mysql/transaction.ts'
import { COLUMNS, toEntry, type Entry, type Row, type State } from './entry.ts'

/** Bytes of the entries that are read at once: a single larger one is read alone. */
const PAGE_BYTES_MAX = 1024 * 1024

/** What one look at the journal takes. */
export interface Selection {
  state: State
  /** Entries after this one. */
  after?: number
  /** Entries up to this one. */
  upTo?: number
  /** Entries of these partitions. */
  partitions?: readonly number[]
  /** Entries of these tickets. */
  tickets?: readonly number[]
  limit: number
  /** Default: PAGE_BYTES_MAX. */
  bytesMax?: number
}

export interface Page {
  /** In their order. */
  entries: Entry[]
  /** What the next page begins after; undefined: this is the last. */
  next?: number
}

/**
 * Reads entries of the journal in pages that are bounded in bytes, whatever callers have sent: their sizes first, from an
 * index, and then those that fit.
 * @param name of the table, ready for SQL
 */
export const createPages = (name: string) => async (query: Query, { state, after = 0, upTo = Number.MAX_SAFE_INTEGER, partitions, tickets, limit, bytesMax = PAGE_BYTES_MAX }: Selection): Promise<Page> => {
  const where = `state = ? AND seq > ? AND seq <= ?${partitions ? ' AND partition_index IN (?)' : ''}${tickets ? ' AND ticket_id IN (?)' : ''}`
  const values = [state, after, upTo, ...(partitions ? [partitions] : []), ...(tickets ? [tickets] : [])]
  const sizes = await query<{ seq: number, bytes: number }[]>(`SELECT seq, bytes FROM ${name} WHERE ${where} ORDER BY seq LIMIT ?`, [...values, limit + 1])
  const taken: number[] = []
  let bytes = 0
  for (const size of sizes.slice(0, limit)) {
    bytes += Number(size.bytes)
    if (taken.length > 0 && bytes > bytesMax) break
    taken.push(Number(size.seq))
  }
  if (taken.length === 0) return { entries: [] }
  const rows = await query<Row[]>(`SELECT ${COLUMNS.join(', ')} FROM ${name} WHERE seq IN (?) AND state = ? ORDER BY seq`, [taken, state])
  return { entries: rows.map(toEntry), next: sizes.length > taken.length ? taken.at(-1) : undefined }
}
