import type { Query } from '../mysql/transaction.ts'
import { escapedBytes, inParts } from '../mysql/statements.ts'

/** Keys of one statement, and entries whose places are read at once: a batch has up to 500 under one key. */
const KEYS_PER_SELECT_MAX = 500
const ENTRIES_PER_SELECT_MAX = 2000

/** What is kept under a key. */
export interface KnownRequest {
  /** Of the requests that were kept under it: one, save where two have come at the same moment. */
  fingerprints: Set<string>
  /** The operations that are there. */
  indexes: Set<number>
}

/**
 * What the journal knows of these keys. Whatever MySQL holds equal, a key is found by itself alone.
 * @param name of the table, ready for SQL
 * @param bytesMax of the keys in a statement
 */
export async function findRequests (query: Query, name: string, keys: readonly string[], bytesMax: number): Promise<Map<string, KnownRequest>> {
  const known = new Map<string, KnownRequest>()
  for (const some of inParts([...new Set(keys)], () => 1, KEYS_PER_SELECT_MAX)) {
    for (const part of inParts(some, escapedBytes, bytesMax)) {
      const found = new Map<string, number>()
      const requests = await query<{ idempotency_key: string, fingerprint: string, entries: number }[]>(
        `SELECT idempotency_key, fingerprint, COUNT(*) AS entries FROM ${name} WHERE idempotency_key IN (?) GROUP BY idempotency_key, fingerprint`, [part])
      for (const { idempotency_key: key, fingerprint, entries } of requests) {
        if (!known.has(key)) known.set(key, { fingerprints: new Set(), indexes: new Set() })
        known.get(key)!.fingerprints.add(fingerprint)
        found.set(key, (found.get(key) ?? 0) + Number(entries))
      }
      for (const few of inParts([...found], ([, entries]) => entries, ENTRIES_PER_SELECT_MAX)) {
        const rows = await query<{ idempotency_key: string, operation_index: number }[]>(
          `SELECT idempotency_key, operation_index FROM ${name} WHERE idempotency_key IN (?)`, [few.map(([key]) => key)])
        for (const { idempotency_key: key, operation_index: index } of rows) known.get(key)?.indexes.add(Number(index))
      }
    }
  }
  return known
}
