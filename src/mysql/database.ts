import { createPool, type PoolConnection, type RowDataPacket } from 'mysql2/promise'
import type { Config } from '../config.js'
import { within as withinTime } from '../within.js'
import { DatabaseUnavailable } from './failure.js'

/** Flush, look-ups, health and one to spare. */
const CONNECTIONS_MAX = 4

/** Statements that may wait for a connection; past it MySQL counts as unavailable. */
const QUEUE_MAX = 100

const CONNECT_TIMEOUT_MS = 2000

/** Longer than the wait for another instance that is migrating. */
const PREPARE_TIMEOUT_MS = 120_000

const CLOSE_TIMEOUT_MS = 500

/**
 * Strict, so that nothing is cut or converted silently; without NO_BACKSLASH_ESCAPES, because values
 * are escaped with backslashes; without SIMULTANEOUS_ASSIGNMENT, because the upsert relies on the order.
 */
const SESSION = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', innodb_lock_wait_timeout = 5"

/**
 * The connections to MySQL. Nothing connects before the first statement, and `prepare` (the
 * migrations) runs once before it: the service may start, and stay up, without MySQL.
 */
export function createDatabase (config: Config, prepare: (connection: PoolConnection) => Promise<void>) {
  const pool = createPool({
    uri: config.MYSQL_URL,
    connectionLimit: CONNECTIONS_MAX,
    queueLimit: QUEUE_MAX,
    connectTimeout: CONNECT_TIMEOUT_MS,
    charset: 'utf8mb4',
    // Values come back as text where JavaScript has no exact type; the codec converts them.
    dateStrings: true,
    jsonStrings: true,
    supportBigNumbers: true,
  })
  // Queued before the statement that the connection was opened for. If it fails, so will that one.
  pool.pool.on('connection', connection => {
    connection.query(SESSION, (error: Error | null) => { if (error) connection.destroy() })
  })

  let prepared: Promise<void> | undefined

  /** At the first connection, and again until it succeeds. */
  function ready (): Promise<void> {
    prepared ??= within(PREPARE_TIMEOUT_MS, signal => use(prepare, signal)).catch((error: unknown) => {
      prepared = undefined
      throw error
    })
    return prepared
  }

  /** The driver's own timeouts stop only the waiting, and some of them not even that: the signal destroys the connection. */
  async function use<T> (work: (connection: PoolConnection) => Promise<T>, signal: AbortSignal): Promise<T> {
    const connection = await pool.getConnection()
    if (signal.aborted) {
      connection.release()
      throw new DatabaseUnavailable('no connection in time')
    }
    const destroy = () => { connection.destroy() }
    signal.addEventListener('abort', destroy)
    try {
      const result = await work(connection)
      connection.release()
      return result
    } catch (error) {
      // What the server refused leaves the connection usable; after any other error its state is unknown.
      if ((error as { sqlState?: string }).sqlState) connection.release()
      else connection.destroy()
      throw error
    } finally {
      signal.removeEventListener('abort', destroy)
    }
  }

  return {
    ready,

    /**
     * Runs one statement. `timeoutMs` is for all of it: preparation, the wait for a connection, the
     * answer. When it is over the connection is destroyed, and a statement that has none yet is not sent.
     *
     * @throws the driver's error, or DatabaseUnavailable when the time is over
     */
    query: <Rows> (sql: string, values: unknown[], timeoutMs: number): Promise<Rows> => within(timeoutMs, async signal => {
      await ready()
      return await use(async connection => (await connection.query<RowDataPacket[]>(sql, values))[0] as unknown as Rows, signal)
    }),

    /** Lets go of the connections; a server that does not answer is not waited for. */
    close: () => within(CLOSE_TIMEOUT_MS, () => pool.end()),
  }
}

export type Database = ReturnType<typeof createDatabase>

/** @throws {DatabaseUnavailable} when `work` takes longer */
const within = <T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
  withinTime(timeoutMs, work, () => new DatabaseUnavailable(`no answer within ${timeoutMs} ms`))
