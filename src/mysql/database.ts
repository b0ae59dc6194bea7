import { createPool, type PoolConnection, type RowDataPacket } from 'mysql2/promise'
import type { Config } from '../config.js'
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

  /**
   * READ COMMITTED: every statement sees what was committed before it, and locks rows alone. Gaps that
   * were locked too would make writers of neighbouring rows wait for each other in a circle.
   */
  async function inTransaction<T> (connection: PoolConnection, work: (query: Query) => Promise<T>): Promise<T> {
    await connection.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED')
    await connection.query('BEGIN')
    try {
      const result = await work(async (sql, values) => (await connection.query<RowDataPacket[]>(sql, values))[0] as never)
      await connection.query('COMMIT')
      return result
    } catch (error) {
      // A connection that cannot roll back must not be used again: the server ends its transaction with it.
      await connection.query('ROLLBACK').catch(() => { connection.destroy() })
      throw error
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

    /**
     * Runs `work` in a transaction, which is rolled back when it rejects. `timeoutMs` is for all of it, as for `query`.
     *
     * @throws what `work` throws, or DatabaseUnavailable when the time is over; then it may be committed
     */
    transaction: <T>(work: (query: Query) => Promise<T>, timeoutMs: number): Promise<T> => within(timeoutMs, async signal => {
      await ready()
      return await use(connection => inTransaction(connection, work), signal)
    }),

    /** Lets go of the connections; a server that does not answer is not waited for. */
    close: () => within(CLOSE_TIMEOUT_MS, () => pool.end()),
  }
}

/** One statement of a transaction. */
export type Query = <Rows>(sql: string, values: unknown[]) => Promise<Rows>

export type Database = ReturnType<typeof createDatabase>

/** Rejects when `work` takes longer, and aborts its signal. What `work` does after that is not waited for. */
async function within<T> (timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new DatabaseUnavailable(`no answer within ${timeoutMs} ms`))
      late.abort()
    }, timeoutMs)
  })
  try {
    return await Promise.race([work(late.signal), timeout])
  } finally {
    clearTimeout(timer)
  }
}
