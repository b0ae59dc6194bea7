import { createHash } from 'node:crypto'
import { escape, escapeId, raw } from 'mysql2'
import { idempotencyMismatch, outcomeUnknown, storeUnavailable, type Problem } from '../errors.ts'
import { DatabaseUnavailable, StatementTooLarge, toDatabaseError } from '../mysql/failure.ts'
import type { Mysql, Query } from '../mysql/mysql.ts'
import { escapedBytes, inParts } from '../mysql/statements.ts'
import { partitionOf } from '../shards/shards.ts'
import { CREATING, type Change } from '../tickets/operation.ts'
import type { Journaled } from '../tickets/repository.ts'
import { measureOffset, type Offset } from '../util/offset.ts'
import { COLUMNS, toEntry, toRow, type Entry, type Row, type State } from './entry.ts'

/** A caller waits for it, so it has no more time than a write to Redis. */
const CALLER_TIMEOUT_MS = 1000

/** An operator waits longer. */
const OPERATOR_TIMEOUT_MS = 10_000

/** Characters of a reason. */
const REASON_MAX = 1024

/** Bytes of a conflict beside its reason, in the statement that keeps it: its seq twice, and words. */
const CONFLICT_OVERHEAD = 64

/** What one look at the journal takes. */
export interface Selection {
  state: State
  /** Entries after this one. */
  after?: number
  /** Entries up to this one. */
  upTo?: number
  /** Entries of these partitions. */
  partitions?: readonly number[]
  limit: number
}

/**
 * The journal: a table in MySQL. All entries of a request share a key, its own or a new one, by which
 * they are applied to Redis once, however often that is tried.
 * @throws {DatabaseUnavailable} every function; the same call may succeed later
 */
export function createJournal (mysql: Mysql, table: string, partitionCount: number) {
  const name = escapeId(table)

  const askFor = (timeoutMs: number): Query => <Rows>(sql: string, values: unknown[]) =>
    mysql.query<Rows>(sql, values, timeoutMs).catch((error: unknown) => { throw toDatabaseError(error) })

  const ask = askFor(CALLER_TIMEOUT_MS)

  async function select (query: Query, where: string, values: unknown[], limit: number): Promise<Entry[]> {
    const rows = await query<Row[]>(`SELECT seq, ${COLUMNS.join(', ')}, state, reason, settle_key FROM ${name} WHERE ${where} ORDER BY seq LIMIT ?`, [...values, limit])
    return rows.map(toEntry)
  }

  /** What is known of the keys of these changes, by key: the fingerprint, and the operations that are there. */
  async function knownKeys (changes: readonly Change[], query = ask) {
    const keys = [...new Set(changes.flatMap(({ idempotency }) => idempotency?.key ?? []))]
    const known = new Map<string, { fingerprints: string[], indexes: Set<number> }>()
    for (const part of inParts(keys, escapedBytes, mysql.rowsBytesMax())) {
      const rows = await query<Row[]>(`SELECT idempotency_key, fingerprint, operation_index FROM ${name} WHERE idempotency_key IN (?) ORDER BY seq`, [part])
      for (const { idempotency_key: key, fingerprint, operation_index: index } of rows) {
        const request = known.get(key) ?? { fingerprints: [], indexes: new Set() }
        known.set(key, request)
        request.fingerprints.push(fingerprint)
        request.indexes.add(Number(index))
      }
    }
    return known
  }

  return {
    /**
     * Keeps the changes, in their order, all or none but those that are answered with a problem. One whose request is
     * there already is not kept again, and one that is larger than MySQL takes does not stop the others.
     * @param redisNowMs ms of Redis's clock, as far as it is known; undefined: the changes are accepted by MySQL's
     * @throws {Problem} store_unavailable: surely not kept; outcome_unknown
     */
    async append (changes: readonly Change[], redisNowMs?: number): Promise<(Journaled | Problem)[]> {
      const known = await knownKeys(changes).catch((error: unknown) => { throw toAppendProblem(error, false) })
      const answers = changes.map(({ idempotency }): Journaled | Problem => {
        const request = idempotency && known.get(idempotency.key)
        if (request?.fingerprints.some(other => other !== idempotency!.fingerprint)) return idempotencyMismatch()
        return { journaled: true, replayed: request?.indexes.has(idempotency!.index) ?? false }
      })
      const bytesMax = mysql.rowsBytesMax()
      const rows = changes.flatMap((change, i) => {
        const answer = answers[i]!
        if (!('journaled' in answer) || answer.replayed) return []
        const values = escape([toRow(change, partitionOf(change.ticket_id, partitionCount), redisNowMs)])
        const bytes = Buffer.byteLength(values)
        if (bytes <= bytesMax) return [{ values, bytes }]
        answers[i] = tooLarge(new StatementTooLarge(bytes, bytesMax))
        return []
      })
      if (rows.length === 0) return answers
      try {
        // Another request with the same key may be kept at the same moment: in a transaction nothing of it can be
        // applied and removed before it is looked at. And an INSERT that arrives when its caller has been answered
        // that nobody knows, behind changes that were kept later, is committed by nobody (a COMMIT may still be late).
        return await mysql.transaction(async query => {
          for (const part of inParts(rows, ({ bytes }) => bytes, bytesMax)) {
            await query(`INSERT INTO ${name} (${COLUMNS.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE seq = seq`, [raw(part.map(({ values }) => values).join(', '))])
          }
          const kept = await knownKeys(changes, query)
          const lost = changes.filter(({ idempotency }) => idempotency && kept.get(idempotency.key)?.fingerprints.some(other => other !== idempotency.fingerprint))
          for (const { idempotency } of lost) await query(`DELETE FROM ${name} WHERE idempotency_key = ? AND fingerprint = ?`, [idempotency!.key, idempotency!.fingerprint])
          return answers.map((answer, i) => lost.includes(changes[i]!) ? idempotencyMismatch() : answer)
        }, CALLER_TIMEOUT_MS)
      } catch (error) {
        throw toAppendProblem(error, true)
      }
    },

    /** How far MySQL's clock, which `kept_at` is in, is from this process's. */
    measureClock: (query = ask): Promise<Offset> => measureOffset(async () => {
      // Exactly, because it is not stored.
      const [row] = await query<{ ms: string }[]>('SELECT UNIX_TIMESTAMP(NOW(6)) * 1000 AS ms', [])
      return Number(row!.ms)
    }),

    /** The changes to these tickets that wait. */
    pending: (ids: readonly number[]) => select(ask, 'ticket_id IN (?) AND state = \'pending\'', [ids], 100_000),

    /** Entries in their order. */
    find: ({ state, after = 0, upTo = Number.MAX_SAFE_INTEGER, partitions, limit }: Selection, query = ask): Promise<Entry[]> => {
      // Without a Cluster all are in one, also those that were kept when there was one.
      const some = partitionCount > 1 ? partitions : undefined
      const where = `state = ? AND seq > ? AND seq <= ?${some ? ' AND partition_index IN (?)' : ''}`
      return select(query, where, [state, after, upTo, ...(some ? [some] : [])], limit)
    },

    async get (seq: number, query = ask): Promise<Entry | undefined> {
      return (await select(query, 'seq = ?', [seq], 1))[0]
    },

    /** The partitions of which entries wait. */
    async waiting (): Promise<number[]> {
      const rows = await ask<{ partition_index: number }[]>(`SELECT DISTINCT partition_index FROM ${name} WHERE state = 'pending'`, [])
      return [...new Set(rows.map(row => Number(row.partition_index) % partitionCount))]
    },

    /** Which of these tickets are to be created. */
    async creates (ids: readonly number[]): Promise<Set<number>> {
      const rows = await ask<{ ticket_id: number }[]>(`SELECT DISTINCT ticket_id FROM ${name} WHERE ticket_id IN (?) AND state = 'pending' AND op IN (?)`, [ids, CREATING])
      return new Set(rows.map(row => Number(row.ticket_id)))
    },

    /** The last entry that there is; 0: none. */
    async last (): Promise<number> {
      const [row] = await ask<{ seq: number | null }[]>(`SELECT MAX(seq) AS seq FROM ${name}`, [])
      return Number(row!.seq ?? 0)
    },

    async counts (timeoutMs = OPERATOR_TIMEOUT_MS): Promise<Record<State, number>> {
      const rows = await askFor(timeoutMs)<{ state: State, entries: number }[]>(`SELECT state, COUNT(*) AS entries FROM ${name} GROUP BY state`, [])
      return { pending: 0, conflict: 0, ...Object.fromEntries(rows.map(row => [row.state, Number(row.entries)])) }
    },

    /** Removes what was applied, or is not to be. */
    remove: async (seqs: readonly number[], query = ask): Promise<void> => {
      await query(`DELETE FROM ${name} WHERE seq IN (?)`, [seqs])
    },

    /** Leaves them to an operator. */
    keepAsConflicts: async (conflicts: readonly { seq: number, reason: string }[], query = ask): Promise<void> => {
      const cut = conflicts.map(({ seq, reason }) => ({ seq, reason: reason.slice(0, REASON_MAX) }))
      for (const part of inParts(cut, ({ reason }) => escapedBytes(reason) + CONFLICT_OVERHEAD, mysql.rowsBytesMax())) {
        const reasons = part.flatMap(({ seq, reason }) => [seq, reason])
        await query(`UPDATE ${name} SET state = 'conflict', reason = CASE seq ${part.map(() => 'WHEN ? THEN ?').join(' ')} END WHERE seq IN (?)`, [...reasons, part.map(({ seq }) => seq)])
      }
    },

    /** Sets the key by which an entry in conflict is applied once; null: the next attempt is a new one. */
    setResolveKey: async (seq: number, key: string | null, query = ask): Promise<void> => {
      await query(`UPDATE ${name} SET settle_key = ? WHERE seq = ?`, [key, seq])
    },

    /**
     * Runs `work` while no other instance does the same; undefined: one does.
     * @param what is done
     */
    exclusively: <T>(what: string, timeoutMs: number, work: (query: Query) => Promise<T>) =>
      // Lock names are the server's and at most 64 characters long.
      mysql.exclusively(`journal:${createHash('sha1').update(`${mysql.name}.${table}:${what}`).digest('hex')}`, timeoutMs, work),
  }
}

export type Journal = ReturnType<typeof createJournal>

const tooLarge = ({ message }: StatementTooLarge) => new DatabaseUnavailable(message, { kind: 'too_large' })

/** Before the INSERT was sent, nothing can be there. */
function toAppendProblem (error: unknown, isInsert: boolean): Problem {
  const failure = toDatabaseError(error)
  if (failure instanceof StatementTooLarge) return tooLarge(failure)
  if (!(failure instanceof DatabaseUnavailable)) return storeUnavailable(failure)
  return isInsert && failure.mayBeApplied ? outcomeUnknown(failure.cause) : storeUnavailable(failure.cause, failure.detail)
}
