import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise'
import { fromHash, fromRow, type Row } from '../../../src/tickets/codec.ts'
import type { Ticket } from '../../../src/tickets/ticket.ts'
import type { AnyStores } from '../../helper.ts'
import { isSame, type Ledger } from './ledger.ts'

const TABLE = 'wp_support_tickets'

/** A connection for one piece of work: MySQL may have been killed since the last. */
async function withConnection<T> ({ variables }: AnyStores, work: (sql: Connection) => Promise<T>): Promise<T> {
  const sql = await createConnection({ uri: String(variables.MYSQL_URL), dateStrings: true, jsonStrings: true })
  try {
    return await work(sql)
  } finally {
    sql.destroy()
  }
}

/** Has MySQL itself keep a list of the rows whose version goes back, or that go away. The table exists once an instance is up. */
export async function watchVersions (stores: AnyStores) {
  await withConnection(stores, async sql => {
    await sql.query('CREATE TABLE gone_back (ticket_id BIGINT UNSIGNED, was BIGINT UNSIGNED, became BIGINT UNSIGNED NULL)')
    await sql.query(`CREATE TRIGGER version_goes_back AFTER UPDATE ON ${TABLE} FOR EACH ROW
      IF NEW.version < OLD.version THEN INSERT INTO gone_back VALUES (OLD.ticket_id, OLD.version, NEW.version); END IF`)
    await sql.query(`CREATE TRIGGER row_goes_away AFTER DELETE ON ${TABLE} FOR EACH ROW
      INSERT INTO gone_back VALUES (OLD.ticket_id, OLD.version, NULL)`)
  })
}

/** As another program sees it. */
export const readVersion = (stores: AnyStores, id: number) => withConnection(stores, async sql => {
  const [rows] = await sql.query<RowDataPacket[]>(`SELECT version FROM ${TABLE} WHERE ticket_id = ?`, [id])
  return rows[0] && Number(rows[0].version)
})

async function readGoneBack (sql: Connection): Promise<string[]> {
  const [rows] = await sql.query<RowDataPacket[]>('SELECT * FROM gone_back')
  return rows.map(({ ticket_id, was, became }) => `MySQL: ticket ${ticket_id} went from version ${was} to ${became}`)
}

async function readRows (sql: Connection): Promise<Map<number, Ticket>> {
  const [rows] = await sql.query<(RowDataPacket & Row)[]>(`SELECT * FROM ${TABLE}`)
  return new Map(rows.map(row => [Number(row.ticket_id), fromRow(row)]))
}

async function readTickets ({ readHashes }: AnyStores, ids: readonly number[]): Promise<Map<number, Ticket>> {
  return new Map(Array.from(await readHashes(ids), ([id, hash]) => [id, fromHash(id, Object.entries(hash).flat())]))
}

/** The marks of the writes that wait for an operator, by ticket. */
async function readConflicts (sql: Connection): Promise<Map<number, Set<string>>> {
  const [rows] = await sql.query<RowDataPacket[]>(`SELECT ticket_id, fields FROM ${TABLE}_journal WHERE state = 'conflict'`)
  const conflicts = new Map<number, Set<string>>()
  for (const { ticket_id: id, fields } of rows) {
    const { custom_fields: marks = {} } = JSON.parse(String(fields)) as Partial<Ticket>
    conflicts.set(Number(id), new Set([...conflicts.get(Number(id)) ?? [], ...Object.keys(marks)]))
  }
  return conflicts
}

/**
 * What is wrong when everything has been drained: both sides hold what was acknowledged, and the same.
 * @param expected whether a write may have become a conflict instead
 */
export async function verify (stores: AnyStores, ledger: Ledger, expected: 'none' | 'some' = 'none'): Promise<string[]> {
  const hashes = await readTickets(stores, ledger.ids())
  return withConnection(stores, async sql => {
    const rows = await readRows(sql)
    const differences = [...hashes].flatMap(([id, hash]) => {
      const row = rows.get(id)
      return row && isSame(hash, row) ? [] : [`ticket ${id}: Redis holds ${JSON.stringify(hash)}, MySQL ${JSON.stringify(row)}`]
    })
    const conflicts = await readConflicts(sql)
    return [
      ...ledger.findings,
      ...expected === 'none' ? Array.from(conflicts, ([id, marks]) => `ticket ${id}: ${[...marks].join()} in conflict`) : [],
      ...ledger.compare('Redis', hashes, conflicts),
      ...ledger.compare('MySQL', rows, conflicts),
      ...differences,
      ...await readGoneBack(sql),
    ]
  })
}

/** What is wrong with the rows of tickets that were closed when they were last acknowledged; the others may wait in Redis. */
export async function verifyClosed (stores: AnyStores, ledger: Ledger): Promise<string[]> {
  const rows = await withConnection(stores, readRows)
  return ledger.compare('MySQL', rows, new Map(), newest => newest?.closed_at !== undefined)
}
