import { createHash } from 'node:crypto'
import { escapeId } from 'mysql2'
import { toDatabaseError } from '../mysql/failure.ts'
import type { Mysql } from '../mysql/mysql.ts'
import type { Query as MysqlQuery } from '../mysql/transaction.ts'
import { escapedBytes, inParts } from '../mysql/statements.ts'
import { CREATING } from '../tickets/operation.ts'
import type { Partitioning } from '../tickets/partitioning.ts'
import type { Listed, Query } from '../tickets/query.ts'
import { measureOffset, type Offset } from '../util/offset.ts'
import { createAppend, type Waiting } from './append.ts'
import { COLUMNS, toEntry, type Entry, type Row, type State } from './entry.ts'
import { createPages, type Page, type Selection } from './pages.ts'
import type { CallerCount, FullReason } from './room.ts'

/** A caller waits for it, so it has no more time than a write to Redis. */
const CALLER_TIMEOUT_MS = 1000

/** An operator waits longer. */
const OPERATOR_TIMEOUT_MS = 10_000

/** Characters of a reason. */
const REASON_MAX = 1024

/** Bytes of a conflict beside its reason, in the statement that keeps it: its seq twice, and words. */
const CONFLICT_OVERHEAD = 64

export interface JournalOptions {
  table: string
  partitioning: Partitioning
  /** JOURNAL_MAX_BYTES */
  bytesMax: number
  /** There was no room for a change. */
  onFull: (reason: FullReason) => void
}

/**
 * The journal: a table in MySQL. All entries of a request share a key, its own or a new one, by which
 * they are applied to Redis once, however often that is tried.
 * @throws {DatabaseUnavailable} every function; the same call may succeed later
 */
export function createJournal (mysql: Mysql, { table, partitioning, bytesMax, onFull }: JournalOptions) {
  const name = escapeId(table)
  const page = createPages(name)

  const askFor = (timeoutMs: number): MysqlQuery => <Rows>(sql: string, values: unknown[]) =>
    mysql.query<Rows>(sql, values, timeoutMs).catch((error: unknown) => { throw toDatabaseError(error) })

  const ask = askFor(CALLER_TIMEOUT_MS)

  async function countByCaller (): Promise<CallerCount[]> {
    const rows = await askFor(OPERATOR_TIMEOUT_MS)<{ caller: string, entries: number, bytes: string }[]>(`SELECT caller, COUNT(*) AS entries, SUM(bytes) AS bytes FROM ${name} GROUP BY caller`, [])
    return rows.map(({ caller, entries, bytes }) => ({ caller, entries: Number(entries), bytes: Number(bytes) }))
  }

  async function waitingOf (ids: readonly number[], query = ask): Promise<Map<number, Waiting>> {
    const rows = await query<{ ticket_id: number, entries: number, bytes: string, last: number, sum: string }[]>(
      `SELECT ticket_id, COUNT(*) AS entries, SUM(bytes) AS bytes, MAX(seq) AS last, SUM(seq) AS sum FROM ${name} WHERE ticket_id IN (?) AND state = 'pending' GROUP BY ticket_id`, [ids])
    return new Map(rows.map(row => [Number(row.ticket_id), { entries: Number(row.entries), bytes: Number(row.bytes), last: Number(row.last), sum: BigInt(row.sum) }]))
  }

  return {
    append: createAppend(mysql, { table, partitioning, bytesMax, onFull, ask, waitingOf, countByCaller }),

    /** How far MySQL's clock, which `kept_at` is in, is from this process's. */
    measureClock: (query = ask): Promise<Offset> => measureOffset(async () => {
      // Exactly, because it is not stored.
      const [row] = await query<{ ms: string }[]>('SELECT UNIX_TIMESTAMP(NOW(6)) * 1000 AS ms', [])
      return Number(row!.ms)
    }),

    /** How many changes to each of these tickets wait; none: it is not in the answer. */
    waitingOf,

    /** The tickets of which changes wait, in the order of their ids, whether they fit the filters or not. */
    async list ({ sort: { isDescending }, after, limit }: Pick<Query, 'sort' | 'after' | 'limit'>): Promise<Listed> {
      const rows = await ask<{ ticket_id: number }[]>(
        `SELECT DISTINCT ticket_id FROM ${name} WHERE state = 'pending'${after ? ` AND ticket_id ${isDescending ? '<' : '>'} ?` : ''} ORDER BY ticket_id ${isDescending ? 'DESC' : 'ASC'} LIMIT ?`, [...after ? [after.id] : [], limit])
      const positions = rows.map(row => ({ id: Number(row.ticket_id), value: Number(row.ticket_id) }))
      return { positions, ...(rows.length === limit && { end: positions.at(-1)! }) }
    },

    /** Some of the entries, in their order. */
    find: ({ partitions, ...selection }: Selection, query = ask): Promise<Page> =>
      // Without a Cluster all are in one, also those that were kept when there was one.
      page(query, { ...selection, partitions: partitioning.count > 1 ? partitions : undefined }),

    async get (seq: number, query = ask): Promise<Entry | undefined> {
      const [row] = await query<Row[]>(`SELECT ${COLUMNS.join(', ')} FROM ${name} WHERE seq = ?`, [seq])
      return row && toEntry(row)
    },

    /** The partitions of which entries wait. */
    async waiting (): Promise<number[]> {
      const rows = await ask<{ partition_index: number }[]>(`SELECT DISTINCT partition_index FROM ${name} WHERE state = 'pending'`, [])
      return [...new Set(rows.map(row => Number(row.partition_index) % partitioning.count))]
    },

    /** Those of these tickets that are to be created, and the first and the last of the keys of the requests that do it: mostly the same. */
    async creates (ids: readonly number[]): Promise<Map<number, { firstKey: string, lastKey: string }>> {
      const rows = await ask<{ ticket_id: number, first_key: string, last_key: string }[]>(
        `SELECT ticket_id, MIN(idempotency_key) AS first_key, MAX(idempotency_key) AS last_key FROM ${name} WHERE ticket_id IN (?) AND state = 'pending' AND op IN (?) GROUP BY ticket_id`, [ids, CREATING])
      return new Map(rows.map(row => [Number(row.ticket_id), { firstKey: row.first_key, lastKey: row.last_key }]))
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

    /** Removes what they would have given to their tickets. */
    clear: async (seqs: readonly number[], query = ask): Promise<void> => {
      await query(`UPDATE ${name} SET fields = '{}' WHERE seq IN (?)`, [seqs])
    },

    /** Leaves them to an operator. */
    keepAsConflicts: async (conflicts: readonly { seq: number, reason: string }[], query = ask): Promise<void> => {
      const cut = conflicts.map(({ seq, reason }) => ({ seq, reason: reason.slice(0, REASON_MAX).toWellFormed() }))
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
    exclusively: <T>(what: string, timeoutMs: number, work: (query: MysqlQuery) => Promise<T>) =>
      // Lock names are the server's and at most 64 characters long.
      mysql.exclusively(`journal:${createHash('sha1').update(`${mysql.name}.${table}:${what}`).digest('hex')}`, timeoutMs, work),
  }
}

export type Journal = ReturnType<typeof createJournal>
