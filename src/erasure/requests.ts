import { escapeId, type ResultSetHeader } from 'mysql2'
import type { Mysql } from '../mysql/mysql.ts'
import { toDatabaseError } from '../mysql/failure.ts'
import { erasureTable } from '../mysql/migrate.ts'

const TIMEOUT_MS = 5000

/** An instance that has not gone on in this time has ended, or hangs. Another one begins again. */
const LEASE_SECONDS = 60

/** What an erasure cannot go on without at present. */
export type Waiting = 'redis' | 'journal' | 'mysql' | 'flush'

export interface Erased { tickets: number, answers: number, journal_entries: number }

export interface Erasure extends Erased {
  erasure_id: number
  /** null: nothing is left of the customer, and of whom it was is not kept. */
  customer_id: number | null
  upToMs: number
  upToSeq: number
  waiting_for: Waiting | null
  /** Unix seconds. */
  requested_at: number
  finished_at: number | null
}

type Row = Record<'erasure_id' | 'customer_id' | 'up_to_ms' | 'up_to_seq' | 'tickets' | 'answers' | 'journal_entries' | 'requested_at' | 'finished_at', number | string | null> & { waiting_for: Waiting | null }

/** The erasures, a table in MySQL, so that they go on after any crash. */
export function createErasureRequests (mysql: Pick<Mysql, 'query'>, ticketTable: string) {
  const name = escapeId(erasureTable(ticketTable))
  const columns = 'erasure_id, customer_id, up_to_ms, up_to_seq, waiting_for, tickets, answers, journal_entries, ' +
    "TIMESTAMPDIFF(SECOND, '1970-01-01', requested_at) AS requested_at, TIMESTAMPDIFF(SECOND, '1970-01-01', finished_at) AS finished_at"

  const ask = <Rows>(sql: string, values: unknown[]): Promise<Rows> => mysql.query<Rows>(sql, values, TIMEOUT_MS).catch((error: unknown) => { throw toDatabaseError(error) })

  return {
    /** The one of this customer that is not done, or a new one. What comes later than these is no part of it. */
    async request (customerId: number, upToMs: number, upToSeq: number): Promise<Erasure> {
      // One that is open has more to erase now.
      await ask(`INSERT INTO ${name} (customer_id, up_to_ms, up_to_seq, requested_at) VALUES (?, ?, ?, UTC_TIMESTAMP()) ` +
        'ON DUPLICATE KEY UPDATE up_to_ms = GREATEST(up_to_ms, VALUES(up_to_ms)), up_to_seq = GREATEST(up_to_seq, VALUES(up_to_seq))', [customerId, upToMs, upToSeq])
      const [row] = await ask<Row[]>(`SELECT ${columns} FROM ${name} WHERE customer_id = ?`, [customerId])
      // Another instance was as quick as that.
      if (!row) return await this.request(customerId, upToMs, upToSeq)
      return toErasure(row)
    },

    async get (id: number): Promise<Erasure | undefined> {
      const [row] = await ask<Row[]>(`SELECT ${columns} FROM ${name} WHERE erasure_id = ?`, [id])
      return row && toErasure(row)
    },

    /** The first ones that are not done. */
    async open (limit: number): Promise<Erasure[]> {
      const rows = await ask<Row[]>(`SELECT ${columns} FROM ${name} WHERE customer_id IS NOT NULL ORDER BY erasure_id LIMIT ?`, [limit])
      return rows.map(toErasure)
    },

    /** How many are not done, and how many seconds ago the first of them was asked for. */
    async backlog (timeoutMs: number): Promise<{ open: number, oldestSeconds: number }> {
      const [row] = await mysql.query<{ open: number, oldest: number | null }[]>(
        `SELECT COUNT(*) AS open, TIMESTAMPDIFF(SECOND, MIN(requested_at), UTC_TIMESTAMP()) AS oldest FROM ${name} WHERE customer_id IS NOT NULL`, [], timeoutMs)
      return { open: Number(row!.open), oldestSeconds: Math.max(0, Number(row!.oldest ?? 0)) }
    },

    /** Takes it, or keeps it. Resolves with whether it is the owner's. */
    async lease (id: number, owner: string): Promise<boolean> {
      const { affectedRows } = await ask<ResultSetHeader>(
        `UPDATE ${name} SET owner = ?, lease_until = UTC_TIMESTAMP() + INTERVAL ${LEASE_SECONDS} SECOND WHERE erasure_id = ? AND customer_id IS NOT NULL AND (owner IS NULL OR owner = ? OR lease_until < UTC_TIMESTAMP())`, [owner, id, owner])
      return affectedRows > 0
    },

    /** Adds what was erased. */
    async add (id: number, { tickets, answers, journal_entries: entries }: Erased): Promise<void> {
      await ask(`UPDATE ${name} SET tickets = tickets + ?, answers = answers + ?, journal_entries = journal_entries + ? WHERE erasure_id = ?`, [tickets, answers, entries, id])
    },

    async setWaiting (id: number, waiting: Waiting | null): Promise<void> {
      await ask(`UPDATE ${name} SET waiting_for = ? WHERE erasure_id = ?`, [waiting, id])
    },

    /** Nothing is left; not when it was asked for again meanwhile. */
    async finish ({ erasure_id: id, upToMs, upToSeq }: Erasure): Promise<boolean> {
      const { affectedRows } = await ask<ResultSetHeader>(
        `UPDATE ${name} SET customer_id = NULL, waiting_for = NULL, owner = NULL, lease_until = NULL, finished_at = UTC_TIMESTAMP() WHERE erasure_id = ? AND up_to_ms = ? AND up_to_seq = ?`, [id, upToMs, upToSeq])
      return affectedRows > 0
    },
  }
}

export type ErasureRequests = ReturnType<typeof createErasureRequests>

const toErasure = (row: Row): Erasure => ({
  erasure_id: Number(row.erasure_id),
  customer_id: row.customer_id === null ? null : Number(row.customer_id),
  upToMs: Number(row.up_to_ms),
  upToSeq: Number(row.up_to_seq),
  waiting_for: row.waiting_for,
  tickets: Number(row.tickets),
  answers: Number(row.answers),
  journal_entries: Number(row.journal_entries),
  requested_at: Number(row.requested_at),
  finished_at: row.finished_at === null ? null : Number(row.finished_at),
})
