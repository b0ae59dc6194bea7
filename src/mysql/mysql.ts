import { EventEmitter } from 'node:events'
import { createConnection, createPool, type PoolConnection, type RowDataPacket } from 'mysql2/promise'
import type { Config } from '../config.ts'
import { TimeoutError, withTimeout as withTimeoutOf } from '../util/async.ts'
import { createBreaker } from './breaker.ts'
import { CONNECT_TIMEOUT_MS, SESSION, connectionOptions } from './connection-options.ts'
import { createConnections } from './connections.ts'
import { DatabaseUnavailable, StatementTooLarge, isAnswer, isOwnQueue, toUnavailable } from './failure.ts'
import { readServerState } from './server-state.ts'
import { createSizeLimit } from './size-limit.ts'
import { READ_COMMITTED, inTransaction, withLock, type Query } from './transaction.ts'

/** Flush, replay, look-ups, the journal's writes, health and one to spare. */
const CONNECTIONS_MAX = 6

/** Statements that may wait for a connection; past it more are refused, which says nothing of the server. */
const QUEUE_MAX = 1000

/** Longer than the wait for another instance that is migrating. */
const PREPARE_TIMEOUT_MS = 120_000

/** A statement that takes longer is a sign that the server may be unavailable: as long as a caller waits for a look-up. */
const SIGNIFICANT_MS = 1000

const CLOSE_TIMEOUT_MS = 500

/**
 * The connections to MySQL. Nothing connects before the first statement, and `prepare` (the
 * migrations) runs once before it: the service may start, and stay up, without MySQL.
 *
 * @param ending aborts when the service has no more time for statements: those that run are not waited for any longer
 */
export function createMysql (config: Config, prepare: (connection: PoolConnection) => Promise<void>, ending?: AbortSignal) {
  const events = new EventEmitter<{ recovered: [], ended: [call: MysqlCall, ms: number, error?: unknown] }>()
  let prepared: Promise<void> | undefined
  let isPrepared = false
  const options = connectionOptions(config)
  const pool = createPool({ ...options, connectionLimit: CONNECTIONS_MAX, queueLimit: QUEUE_MAX })
  const connections = createConnections(pool)
  const sizeLimit = createSizeLimit()
  // Queued before the statement that the connection was opened for. If it fails, so will that one.
  pool.pool.on('connection', connection => {
    connection.query(SESSION, (error: Error | null) => { if (error) connection.destroy() })
  })

  /** On a connection of its own: those of the pool may be those that hang, or wait for each other. */
  async function probe () {
    const connection = await createConnection(options)
    try {
      await withTimeout(CONNECT_TIMEOUT_MS, () => readServerState(connection))
      // A preparation that hangs is not waited for any longer.
      if (!isPrepared) prepared = undefined
    } finally {
      connection.destroy()
    }
  }

  const breaker = createBreaker({
    probe,
    onRecovery: () => { events.emit('recovered') },
  })

  /** At the first connection, and again until it succeeds. */
  function ready (): Promise<void> {
    prepared ??= withTimeout(PREPARE_TIMEOUT_MS, signal => use(prepare, signal)).then(() => { isPrepared = true }, (error: unknown) => {
      prepared = undefined
      throw error
    })
    return prepared
  }

  /** The driver's own timeouts stop only the waiting, and some of them not even that: the signal destroys the connection. */
  async function use<T> (work: (connection: PoolConnection) => Promise<T>, signal: AbortSignal, stateMaxAgeMs?: number): Promise<T> {
    const connection = await connections.take().catch(throwUnavailable(false))
    if (signal.aborted) {
      connections.giveBack(connection)
      throw new DatabaseUnavailable('no connection in time')
    }
    const destroy = () => { connection.destroy() }
    signal.addEventListener('abort', destroy)
    try {
      await connections.expectWritable(connection, stateMaxAgeMs).catch(throwUnavailable(false))
      const result = await work(connection)
      connections.giveBack(connection)
      return result
    } catch (error) {
      // What the server refused leaves the connection usable; after any other error its state is unknown.
      if (isAnswer(error) || error instanceof StatementTooLarge) connections.giveBack(connection)
      else connection.destroy()
      throw error
    } finally {
      signal.removeEventListener('abort', destroy)
    }
  }

  /** @throws {StatementTooLarge} when the server does not take one of this size */
  async function send (connection: PoolConnection, sql: string, values: unknown[], signal: AbortSignal) {
    const statement = connection.format(sql, values)
    const bytes = Buffer.byteLength(statement)
    sizeLimit.check(bytes, connections.packetMax(connection))
    try {
      const [rows] = await connection.query<RowDataPacket[]>(statement)
      sizeLimit.taken(bytes)
      return rows
    } catch (error) {
      if (isAnswer(error)) throw error
      // Not to be used again, whatever the caller makes of the error.
      connection.destroy()
      if (!signal.aborted) sizeLimit.failed(bytes, error)
      throw toUnavailable(error, true)
    }
  }

  /** Gives `work` a connection of its own, for as long as the time lasts. */
  async function run<T> (timeoutMs: number, work: (query: Query) => Promise<T>, stateMaxAgeMs?: number): Promise<T> {
    let isSent = false
    let isAsked = true
    const query: (connection: PoolConnection, signal: AbortSignal) => Query = (connection, signal) => async (sql, values) => {
      isSent = true
      isAsked = true
      const rows = await send(connection, sql, values, signal)
      isAsked = false
      return rows as never
    }
    return await withTimeoutOf(timeoutMs, async signal => {
      await ready().catch(throwUnavailable(false))
      return await use(connection => work(query(connection, signal)), signal, stateMaxAgeMs)
    }, () => {
      if (ending?.aborted) return new DatabaseUnavailable('the service is stopping', { mayBeApplied: isSent })
      return isAsked
        ? new DatabaseUnavailable(`no answer within ${timeoutMs} ms`, { kind: 'timeout', mayBeApplied: isSent })
        // MySQL has answered all that it was asked: what took so long is no sign that it is unavailable.
        : new Error(`what was done between two statements took longer than ${timeoutMs} ms`)
    }, ending)
  }

  /** The same, unless the server is known to be unavailable. What was given little time says nothing of that. */
  async function attempt<T> (timeoutMs: number, work: (query: Query) => Promise<T>, stateMaxAgeMs?: number): Promise<T> {
    breaker.check()
    try {
      return await run(timeoutMs, work, stateMaxAgeMs)
    } catch (error) {
      if (error instanceof DatabaseUnavailable && (timeoutMs >= SIGNIFICANT_MS || error.kind !== 'timeout') && !isOwnQueue(error) && !ending?.aborted) {
        // Who answers next may be another server, and connections to this one would stay.
        connections.retire()
        breaker.trip(error)
      }
      throw error
    }
  }

  /** The same, reported as `ended`. */
  async function instrument<T> (call: MysqlCall, timeoutMs: number, work: (query: Query) => Promise<T>, stateMaxAgeMs?: number): Promise<T> {
    const startedAt = performance.now()
    let failure: unknown
    try {
      return await attempt(timeoutMs, work, stateMaxAgeMs)
    } catch (error) {
      failure = error
      throw error
    } finally {
      events.emit('ended', call, performance.now() - startedAt, failure)
    }
  }

  return {
    ready,
    /** As far as is known: it has answered when it was last asked, and could be written to. */
    isUp: breaker.isUp,
    /** Bytes of the rows (`escapedBytes`) that one statement should hold: what the server takes, as far as is known. */
    rowsBytesMax: sizeLimit.rowsMax,
    /** Of the database. */
    name: decodeURIComponent(new URL(config.MYSQL_URL).pathname.slice(1)),
    /** `recovered`: the server answers again after it has not. `ended`: a call, and how it ended. */
    on: events.on.bind(events),

    /**
     * Runs one statement. `timeoutMs` is for all of it: preparation, the wait for a connection, the
     * answer. When it is over the connection is destroyed, and a statement that has none yet is not sent.
     *
     * @throws what the server says; StatementTooLarge; or DatabaseUnavailable when it does not answer or cannot be written to, at once when that is known
     */
    query: <Rows> (sql: string, values: unknown[], timeoutMs: number): Promise<Rows> => instrument('query', timeoutMs, query => query<Rows>(sql, values)),

    /**
     * Asks the server whether it can be written to, whatever is known from before.
     * @throws {DatabaseUnavailable} read_only, or as `query` does
     */
    ping: (timeoutMs: number): Promise<void> => instrument('query', timeoutMs, async () => {}, 0),

    /**
     * Runs `work` while nobody else has the lock of this name (GET_LOCK); undefined: somebody has.
     * `timeoutMs` is for all of it. When it is over the connection is destroyed, and the lock is free.
     *
     * @param lock up to 64 characters; belongs to the server
     * @throws what `work` throws; as `query` does; and an error of its own when it was `work` that took too long
     */
    exclusively: <T> (lock: string, timeoutMs: number, work: (query: Query) => Promise<T>): Promise<T | undefined> => instrument('exclusively', timeoutMs, query => withLock(query, lock, work)),

    /**
     * Runs `work` in a transaction, which is rolled back when it rejects. `timeoutMs` is for all of it, as for `query`.
     *
     * @param begin READ_COMMITTED, or SNAPSHOT
     * @throws what `work` throws; and as `query` does
     */
    transaction: <T>(work: (query: Query) => Promise<T>, timeoutMs: number, begin = READ_COMMITTED): Promise<T> => instrument('transaction', timeoutMs, query => inTransaction(query, begin, work)),

    /** Lets go of the connections; a server that does not answer is not waited for. */
    async close () {
      breaker.close()
      await withTimeout(CLOSE_TIMEOUT_MS, () => pool.end())
    },
  }
}

export type Mysql = ReturnType<typeof createMysql>

export type MysqlCall = 'query' | 'transaction' | 'exclusively'

/** @throws {DatabaseUnavailable} when `work` takes longer */
function withTimeout<T> (timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const reason = `no answer within ${timeoutMs} ms`
  return withTimeoutOf(timeoutMs, work, () => new DatabaseUnavailable(reason, { cause: new TimeoutError(reason) }))
}

/** What is no answer of the server is DatabaseUnavailable. */
const throwUnavailable = (mayBeApplied: boolean) => (error: unknown): never => {
  throw isAnswer(error) ? error : toUnavailable(error, mayBeApplied)
}
