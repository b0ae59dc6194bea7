import { randomUUID } from 'node:crypto'
import { escapeId } from 'mysql2'
import { idempotencyMismatch, outcomeUnknown, storeUnavailable, type Problem } from '../errors.js'
import { DatabaseUnavailable, toDatabaseError } from '../mysql/failure.js'
import type { Database, Query } from '../mysql/database.js'
import type { Create, Journaled, Update } from '../tickets/repository.js'

/** A caller waits for it, so it has no more time than a write to Redis. */
const CALLER_TIMEOUT_MS = 1000

/** One round of a replay, most of it in Redis. It is as long as another instance may have to wait for one that hangs. */
const ROUND_TIMEOUT_MS = 30_000

/** Characters of a reason. */
const REASON_MAX = 1024

export type State = 'pending' | 'conflict'

/** An operation that can be kept. */
export type Change = Create | Update

/** A write that was accepted while Redis was away. */
export interface Entry {
  /** Its place in the order in which entries were kept. */
  seq: number
  operation: Change
  /** The request had an Idempotency-Key. */
  isRepeatable: boolean
  /** ms of Redis's clock. */
  acceptedAtMs: number
  state: State
  /** Why it is in conflict. */
  reason: string | null
}

interface Row {
  seq: number
  ticket_id: number
  op: 'create' | 'update'
  fields: string
  if_match: string | null
  accepted_at: number
  idempotency_key: string
  fingerprint: string
  operation_index: number
  state: State
  reason: string | null
}

const COLUMNS = ['ticket_id', 'op', 'fields', 'if_match', 'accepted_at', 'idempotency_key', 'fingerprint', 'operation_index']

/** What one look at the journal takes. */
export interface Selection {
  state: State
  /** Entries after this one. */
  after?: number
  /** Entries up to this one. */
  upTo?: number
  /** Entries of these of so many partitions. */
  partitions?: { indexes: readonly number[], count: number }
  limit: number
}

/**
 * The journal: a table in MySQL. All entries of a request share a key, its own or a new one, by which
 * they are applied to Redis once, however often that is tried.
 * @throws {DatabaseUnavailable} every function; the same call may succeed later
 */
export function createJournal (database: Database, table: string) {
  const name = escapeId(table)

  const ask: Query = <Rows>(sql: string, values: unknown[]) =>
    database.query<Rows>(sql, values, CALLER_TIMEOUT_MS).catch((error: unknown) => { throw toDatabaseError(error) })

  async function select (query: Query, where: string, values: unknown[], limit: number): Promise<Entry[]> {
    const rows = await query<Row[]>(`SELECT seq, ${COLUMNS.join(', ')}, state, reason FROM ${name} WHERE ${where} ORDER BY seq LIMIT ?`, [...values, limit])
    return rows.map(toEntry)
  }

  /** What is known of the keys of these changes, by key: the fingerprint, and the operations that are there. */
  async function knownKeys (changes: readonly Change[]) {
    const keys = [...new Set(changes.flatMap(({ idempotency }) => idempotency?.key ?? []))]
    const known = new Map<string, { fingerprint: string, indexes: Set<number> }>()
    if (keys.length === 0) return known
    const rows = await ask<Row[]>(`SELECT idempotency_key, fingerprint, operation_index FROM ${name} WHERE idempotency_key IN (?)`, [keys])
    for (const { idempotency_key: key, fingerprint, operation_index: index } of rows) {
      const request = known.get(key) ?? { fingerprint, indexes: new Set() }
      known.set(key, request)
      request.indexes.add(Number(index))
    }
    return known
  }

  return {
    /**
     * Keeps the changes, in their order, all or none. One whose request is there already is not kept again.
     * @param acceptedAtMs ms of Redis's clock
     * @throws {Problem} store_unavailable: surely not kept; outcome_unknown
     */
    async append (changes: readonly Change[], acceptedAtMs: number): Promise<(Journaled | Problem)[]> {
      const known = await knownKeys(changes).catch((error: unknown) => { throw toAppendProblem(error, false) })
      const answers = changes.map(({ idempotency }): Journaled | Problem => {
        const request = idempotency && known.get(idempotency.key)
        if (request && request.fingerprint !== idempotency.fingerprint) return idempotencyMismatch(idempotency.key)
        return { journaled: true, replayed: request?.indexes.has(idempotency!.index) ?? false }
      })
      const rows = changes.flatMap((change, i) => 'journaled' in answers[i]! && !answers[i].replayed ? [toRow(change, acceptedAtMs)] : [])
      if (rows.length === 0) return answers
      try {
        await ask(`INSERT INTO ${name} (${COLUMNS.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE seq = seq`, [rows])
        // Another request with the same key may have been kept at the same moment. It is the one that counts.
        const kept = await knownKeys(changes)
        return answers.map((answer, i) => {
          const { idempotency } = changes[i]!
          return idempotency && kept.get(idempotency.key)?.fingerprint !== idempotency.fingerprint ? idempotencyMismatch(idempotency.key) : answer
        })
      } catch (error) {
        throw toAppendProblem(error, true)
      }
    },

    /** The changes to these tickets that are to be made. */
    pending: (ids: readonly number[]) => select(ask, 'ticket_id IN (?) AND state = \'pending\'', [ids], 100_000),

    /** Entries in their order. */
    find: ({ state, after = 0, upTo = Number.MAX_SAFE_INTEGER, partitions, limit }: Selection, query = ask): Promise<Entry[]> => {
      const where = `state = ? AND seq > ? AND seq <= ?${partitions ? ' AND MOD(ticket_id, ?) IN (?)' : ''}`
      return select(query, where, [state, after, upTo, ...(partitions ? [partitions.count, partitions.indexes] : [])], limit)
    },

    async get (seq: number): Promise<Entry | undefined> {
      return (await select(ask, 'seq = ?', [seq], 1))[0]
    },

    /** The partitions of which entries are to be made. */
    async waiting (count: number): Promise<number[]> {
      // Whether there are any is known without looking at all of them.
      const partition = count === 1 ? '0' : `MOD(ticket_id, ${count})`
      const rows = await ask<{ partition_index: number }[]>(`SELECT DISTINCT ${partition} AS partition_index FROM ${name} WHERE state = 'pending'${count === 1 ? ' LIMIT 1' : ''}`, [])
      return rows.map(row => Number(row.partition_index))
    },

    /** The last entry that there is; 0: none. */
    async last (): Promise<number> {
      const [row] = await ask<{ seq: number | null }[]>(`SELECT MAX(seq) AS seq FROM ${name}`, [])
      return Number(row!.seq ?? 0)
    },

    async counts (): Promise<Record<State, number>> {
      const rows = await ask<{ state: State, entries: number }[]>(`SELECT state, COUNT(*) AS entries FROM ${name} GROUP BY state`, [])
      return { pending: 0, conflict: 0, ...Object.fromEntries(rows.map(row => [row.state, Number(row.entries)])) }
    },

    /** Removes what was made, or is not to be. Resolves with the number of entries that were there. */
    remove: async (seqs: readonly number[], query = ask): Promise<number> =>
      (await query<{ affectedRows: number }>(`DELETE FROM ${name} WHERE seq IN (?)`, [seqs])).affectedRows,

    /** Leaves it to an operator. */
    keepAsConflict: async (seq: number, reason: string, query = ask): Promise<void> => {
      await query(`UPDATE ${name} SET state = 'conflict', reason = ? WHERE seq = ?`, [reason.slice(0, REASON_MAX), seq])
    },

    /**
     * Runs `work` while no other instance does the same; undefined: one does.
     * @param lock up to 64 characters; belongs to the server
     */
    exclusively: <T>(lock: string, work: (query: Query) => Promise<T>) => database.exclusively(lock, ROUND_TIMEOUT_MS, work),
  }
}

export type Journal = ReturnType<typeof createJournal>

/** Before the INSERT was sent, nothing can be there. */
function toAppendProblem (error: unknown, isInsert: boolean): Problem {
  const failure = toDatabaseError(error)
  if (!(failure instanceof DatabaseUnavailable)) return storeUnavailable(failure)
  return isInsert && failure.mayBeApplied ? outcomeUnknown(failure.cause) : storeUnavailable(failure.cause)
}

function toRow (change: Change, acceptedAtMs: number) {
  const { key, fingerprint, index } = change.idempotency ?? { key: randomUUID(), fingerprint: '', index: 0 }
  const versions = change.op === 'update' && change.ifMatch ? change.ifMatch.join() : null
  return [change.ticket_id, change.op, JSON.stringify(change.fields), versions, acceptedAtMs, key, fingerprint, index]
}

function toEntry (row: Row): Entry {
  const common = {
    ticket_id: Number(row.ticket_id),
    idempotency: { key: row.idempotency_key, fingerprint: row.fingerprint, index: Number(row.operation_index) },
  }
  const fields = JSON.parse(row.fields) as never
  const ifMatch = row.if_match === null ? undefined : row.if_match.split(',').filter(version => version !== '')
  return {
    seq: Number(row.seq),
    operation: row.op === 'create' ? { op: 'create', fields, ...common } : { op: 'update', fields, ifMatch, ...common },
    isRepeatable: row.fingerprint !== '',
    acceptedAtMs: Number(row.accepted_at),
    state: row.state,
    reason: row.reason,
  }
}
