import type { Connection, RowDataPacket } from 'mysql2/promise'
import { DatabaseUnavailable } from './failure.ts'

/** As SHOW VARIABLES gives them, which passes over names that the server does not have. super_read_only sets read_only, too. */
const VARIABLES = "SHOW VARIABLES WHERE Variable_name IN ('read_only', 'innodb_read_only', 'wsrep_on', 'max_allowed_packet')"

const GALERA = "SHOW STATUS LIKE 'wsrep_ready'"

interface Setting extends RowDataPacket { Variable_name: string, Value: string }

/** What a connection's server says of itself. */
export interface ServerState {
  /** max_allowed_packet, in bytes, which a connection keeps as it was when it was opened. */
  packetMax: number
}

/**
 * Asks a server whether it can be written to. That a write fails would not tell: users with READ ONLY ADMIN (MariaDB) or
 * CONNECTION_ADMIN (MySQL) write into an old primary that was set read-only, and what is read from one may be old.
 *
 * @throws {DatabaseUnavailable} when it cannot; read_only when it says so
 */
export async function readServerState (connection: Pick<Connection, 'query'>): Promise<ServerState> {
  const ask = async (sql: string) => {
    const [rows] = await connection.query<Setting[]>(sql)
    return new Map(rows.map(({ Variable_name: name, Value: value }) => [name, value]))
  }
  const variables = await ask(VARIABLES)
  for (const name of ['read_only', 'innodb_read_only']) {
    const value = variables.get(name) ?? 'OFF'
    if (value !== 'OFF') throw new DatabaseUnavailable(`the server is read-only: ${name} is ${value}`, { kind: 'read_only' })
  }
  // A Galera node that has left its cluster answers questions about itself.
  if (variables.get('wsrep_on') === 'ON' && (await ask(GALERA)).get('wsrep_ready') !== 'ON') {
    throw new DatabaseUnavailable('the Galera node is not ready: wsrep_ready is not ON')
  }
  return { packetMax: Number(variables.get('max_allowed_packet') ?? Infinity) }
}
