import { escape, escapeId, raw } from 'mysql2'
import { idempotencyMismatch, outcomeUnknown, storeUnavailable, type Problem } from '../errors.ts'
import { DatabaseUnavailable, StatementTooLarge, toDatabaseError } from '../mysql/failure.ts'
import type { Mysql } from '../mysql/mysql.ts'
import type { Query } from '../mysql/transaction.ts'
import { inParts } from '../mysql/statements.ts'
import { partitionOf, type Partitioning } from '../tickets/partitioning.ts'
import type { Change } from '../tickets/operation.ts'
import type { Journaled } from '../tickets/repository.ts'
import { NEW_COLUMNS, toNewEntry, toRow, type NewEntry } from './entry.ts'
import { findRequests } from './request-keys.ts'
import { createRoom, createTicketRoom, journalFull, type CallerCount, type FullReason } from './room.ts'

/** A caller waits for it, so it has no more time than a write to Redis. */
const TRANSACTION_TIMEOUT_MS = 1000

/** What waits for a ticket, as it was counted at one moment. */
export interface Waiting {
  entries: number
  bytes: number
  /** The seq of the last of them, and the sum of all: by it is found out whether some have been applied meanwhile. */
  last: number
  sum: bigint
}

/** A change that is to be kept, and the name of the API key that it came with; '': none. */
export interface Appended { change: Change, caller: string }

export interface AppendOptions {
  table: string
  partitioning: Partitioning
  /** JOURNAL_MAX_BYTES */
  bytesMax: number
  /** There was no room for a change. */
  onFull: (reason: FullReason) => void
  ask: Query
  waitingOf: (ids: readonly number[]) => Promise<Map<number, Waiting>>
  countByCaller: () => Promise<readonly CallerCount[]>
}

/** Keeps changes in the journal. */
export function createAppend (mysql: Mysql, { table, partitioning, bytesMax, onFull, ask, waitingOf, countByCaller }: AppendOptions) {
  const name = escapeId(table)
  const room = createRoom(bytesMax, countByCaller)

  const requests = (query: Query, entries: readonly NewEntry[]) => findRequests(query, name, entries.map(({ key }) => key), mysql.rowsBytesMax())

  /** Answers those of which the request is there already, or another one with its key. */
  async function findKept (entries: readonly NewEntry[]): Promise<(Journaled | Problem | undefined)[]> {
    const repeatable = entries.filter(({ fingerprint }) => fingerprint !== '')
    const known = repeatable.length > 0 ? await requests(ask, repeatable) : new Map<string, never>()
    return entries.map(({ key, fingerprint, index }) => {
      const request = known.get(key)
      if (!request) return undefined
      if (!isSole(request.fingerprints, fingerprint)) return idempotencyMismatch()
      return request.indexes.has(index) ? { journaled: true, replayed: true } : undefined
    })
  }

  /** Inserts them in the transaction of `query`, and looks what is there: what MySQL takes for a duplicate may be another. */
  async function insert (query: Query, entries: readonly NewEntry[], parts: readonly { values: string, bytes: number }[], bytesMax: number): Promise<(Journaled | Problem)[]> {
    for (const part of inParts(parts, ({ bytes }) => bytes, bytesMax)) {
      await query(`INSERT INTO ${name} (${NEW_COLUMNS.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE seq = seq`, [raw(part.map(({ values }) => values).join(', '))])
    }
    const kept = await requests(query, entries)
    const lost = new Map<string, NewEntry>()
    const answers = entries.map((entry): Journaled | Problem => {
      const request = kept.get(entry.key)
      if (!request?.indexes.has(entry.index)) return storeUnavailable(new Error(`MySQL takes ${table} to hold an entry that it does not: run the migrations`))
      if (isSole(request.fingerprints, entry.fingerprint)) return { journaled: true, replayed: false }
      lost.set(`${entry.key} ${entry.fingerprint}`, entry)
      return idempotencyMismatch()
    })
    for (const { key, fingerprint } of lost.values()) await query(`DELETE FROM ${name} WHERE idempotency_key = ? AND fingerprint = ?`, [key, fingerprint])
    return answers
  }

  /**
   * Keeps the changes, in their order, all or none but those that are answered with a problem. One whose request is
   * there already is not kept again; one that is larger than MySQL takes, or that there is no room for, does not stop
   * the others.
   * @param redisNowMs ms of Redis's clock, as far as it is known; undefined: the changes are accepted by MySQL's
   * @throws {Problem} store_unavailable: surely not kept; outcome_unknown
   */
  return async (appended: readonly Appended[], redisNowMs?: number): Promise<(Journaled | Problem)[]> => {
    room.refresh()
    const entries = appended.map(({ change }) => toNewEntry(change))
    const [kept, waiting] = await Promise.all([findKept(entries), waitingOf([...new Set(entries.map(({ change }) => change.ticket_id))])])
      .catch((error: unknown) => { throw toAppendProblem(error, false) })
    const ticketRoom = createTicketRoom(waiting)
    const sizeMax = mysql.rowsBytesMax()
    const parts = new Map<number, { values: string, bytes: number }>()
    const answers = entries.map((entry, i): Journaled | Problem | undefined => {
      if (kept[i]) return kept[i]
      const { change: { ticket_id: id }, bytes: fieldsBytes } = entry
      const { caller } = appended[i]!
      const values = escape([toRow(entry, partitionOf(id, partitioning), caller, redisNowMs)])
      const bytes = Buffer.byteLength(values)
      if (bytes > sizeMax) return tooLarge(new StatementTooLarge(bytes, sizeMax))
      const full = ticketRoom.take(id, fieldsBytes) ? room.take(caller, fieldsBytes) : 'ticket'
      if (full) {
        onFull(full)
        return journalFull(full)
      }
      parts.set(i, { values, bytes })
      return undefined
    })
    if (parts.size === 0) return answers as (Journaled | Problem)[]
    try {
      // Another request with the same key may be kept at the same moment: in a transaction nothing of it can be
      // applied and removed before it is looked at. And an INSERT that arrives when its caller has been answered
      // that nobody knows, behind changes that were kept later, is committed by nobody (a COMMIT may still be late).
      const inserted = await mysql.transaction(query => insert(query, [...parts.keys()].map(i => entries[i]!), [...parts.values()], sizeMax), TRANSACTION_TIMEOUT_MS)
      const next = inserted.values()
      return answers.map(answer => answer ?? next.next().value!)
    } catch (error) {
      throw toAppendProblem(error, true)
    }
  }
}

/** Whether these are of this request alone. */
const isSole = (fingerprints: ReadonlySet<string>, fingerprint: string): boolean => fingerprints.size === 1 && fingerprints.has(fingerprint)

const tooLarge = ({ message }: StatementTooLarge) => new DatabaseUnavailable(message, { kind: 'too_large' })

/** Before the INSERT was sent, nothing can be there. */
function toAppendProblem (error: unknown, isInsert: boolean): Problem {
  const failure = toDatabaseError(error)
  if (failure instanceof StatementTooLarge) return tooLarge(failure)
  if (!(failure instanceof DatabaseUnavailable)) return storeUnavailable(failure)
  return isInsert && failure.mayBeApplied ? outcomeUnknown(failure.cause) : storeUnavailable(failure.cause, failure.detail)
}
