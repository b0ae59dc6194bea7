import type { QueryError } from 'mysql2'
import { Problem } from '../errors.ts'
import { TimeoutError } from '../util/async.ts'

/**
 * The kinds of failure, for those who count them and for callers. `read_only`: the server can be read, but not written to, as
 * one that another has replaced. `too_large`: the statement is larger than the server takes. `refused`: it has answered with another error.
 */
export const MYSQL_FAILURES = ['unavailable', 'timeout', 'overloaded', 'lock_conflict', 'read_only', 'too_large', 'refused'] as const

export type MysqlFailure = typeof MYSQL_FAILURES[number]

const REPEAT = 'Nothing was lost. Repeat the request after the seconds in Retry-After.'

/** What a caller is told, and can do. */
const DETAILS: Record<MysqlFailure, string> = {
  unavailable: `MySQL is unavailable. ${REPEAT}`,
  timeout: `MySQL did not answer in time. ${REPEAT}`,
  overloaded: `More waits for MySQL than it takes. ${REPEAT}`,
  lock_conflict: `Others held the same rows of MySQL for too long. ${REPEAT}`,
  read_only: `MySQL is read-only: another server takes its place, or an operator has set it so. ${REPEAT}`,
  too_large: 'The change is larger than MySQL takes at once (max_allowed_packet). Nothing was changed. Send less at once, or have an operator raise it.',
  refused: `MySQL refuses what it is asked, and an operator finds the reason in the log. ${REPEAT}`,
}

interface FailureOptions {
  /** Default: unavailable. */
  kind?: MysqlFailure
  /** The statement was sent, and nobody knows what became of it. */
  mayBeApplied?: boolean
  /** Default: an error with the reason, which is a TimeoutError when there was no answer in time. */
  cause?: unknown
}

/** MySQL could not be asked, or gave up: the same statement may succeed later. */
export class DatabaseUnavailable extends Problem {
  override readonly name = 'DatabaseUnavailable'
  readonly reason: string
  readonly kind: MysqlFailure
  readonly mayBeApplied: boolean

  constructor (reason: string, { kind = 'unavailable', mayBeApplied = false, cause = kind === 'timeout' ? new TimeoutError(reason) : new Error(reason) }: FailureOptions = {}) {
    super('store_unavailable', DETAILS[kind], { cause })
    this.reason = reason
    this.kind = kind
    this.mayBeApplied = mayBeApplied
  }

  /** For those who ask later and are not let through: nothing of theirs was sent, so they waited for nothing. */
  again (): DatabaseUnavailable {
    return new DatabaseUnavailable(this.reason, { kind: this.kind === 'timeout' ? 'unavailable' : this.kind, cause: this.cause })
  }
}

/** MySQL refuses these rows for what is in them: the same statement fails for ever. */
export class RowsRefused extends Error {
  override readonly name: string = 'RowsRefused'
}

/** The statement is larger than the server takes. One with fewer rows may do. */
export class StatementTooLarge extends RowsRefused {
  override readonly name = 'StatementTooLarge'

  /**
   * @param bytes of the statement as it is sent
   * @param bytesMax that the server takes; undefined: it has not said, or a proxy before it takes less
   */
  constructor (bytes: number, bytesMax?: number) {
    super(`the statement has ${bytes} bytes, and the server takes ${bytesMax === undefined ? 'less' : `max_allowed_packet=${bytesMax}`}`)
  }
}

/**
 * SQLSTATE classes of errors that have nothing to do with rows: 08 connection, 28 authorization,
 * 40 transaction rolled back, 70 interrupted, XA.
 */
const SERVER_CLASSES = ['08', '28', '40', '70', 'XA']

/** SQLSTATE classes of refused data: 22 data exception, 23 integrity constraint, 45 SIGNAL of a trigger. */
const DATA_CLASSES = ['22', '23', '45']

/** Refused data that comes under another class, as MySQL or MariaDB number it. */
const DATA_ERRORS = new Set([
  1265, // WARN_DATA_TRUNCATED
  1301, // ER_WARN_ALLOWED_PACKET_OVERFLOWED: what a trigger makes of the row
  1364, // ER_NO_DEFAULT_FOR_FIELD
  1366, // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
  3819, // ER_CHECK_CONSTRAINT_VIOLATED
])

/** Errors of a server that can be read, but not written to. */
const READ_ONLY_ERRORS = new Set([
  1792, // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
  1836, // ER_READ_ONLY_MODE
  1874, // ER_INNODB_READ_ONLY
])

/** 1290 ER_OPTION_PREVENTS_STATEMENT names the option: --read-only, --super-read-only, and others that are no sign of this. */
const isReadOnly = ({ errno = 0, message }: Partial<QueryError>): boolean =>
  READ_ONLY_ERRORS.has(errno) || (errno === 1290 && /read[-_]only/i.test(message ?? ''))

/** Errors of a server, or of a proxy before it, that does not serve now, or not on this connection. Those of the class 08 are others. */
const NOT_SERVING_ERRORS = new Set([
  1927, // MariaDB's ER_CONNECTION_KILLED
  3100, // ER_RUN_HOOK_ERROR: group replication has left its group
  3168, // ER_SERVER_ISNT_AVAILABLE
  3169, // ER_SESSION_WAS_KILLED
])

/** ProxySQL numbers its own errors so, such as 9001 when it has no server to lead to. MySQL and MariaDB have none there. */
const isOfProxy = (errno: number): boolean => errno >= 9000 && errno < 10_000

/** Too many connections, of all or of this user: ER_CON_COUNT_ERROR, ER_TOO_MANY_USER_CONNECTIONS, ER_USER_LIMIT_REACHED. */
const CROWDED_ERRORS = new Set([1040, 1203, 1226])

/** ER_NET_PACKET_TOO_LARGE: the server closes the connection. */
export const isTooLarge = (error: unknown): boolean => (error as QueryError).errno === 1153

/** undefined: MySQL has nothing to do with it. */
export function failureKind (error: unknown): MysqlFailure | undefined {
  if (error instanceof DatabaseUnavailable) return error.kind
  if (error instanceof StatementTooLarge) return 'too_large'
  return error instanceof RowsRefused || classOf(error) !== '' ? kindOf(error) : undefined
}

/** Of an error of the driver. */
function kindOf (error: unknown): MysqlFailure {
  const { errno = 0, message = '' } = error as Partial<QueryError>
  // The driver's words for more statements that wait than may: that says nothing of the server.
  if (message.startsWith('Queue limit') || CROWDED_ERRORS.has(errno)) return 'overloaded'
  if (isLockConflict(error)) return 'lock_conflict'
  if (isReadOnly(error as QueryError)) return 'read_only'
  if (isTooLarge(error)) return 'too_large'
  const isRefused = isAnswer(error) || classOf(error) === '28' || error instanceof RowsRefused
  return isRefused ? 'refused' : 'unavailable'
}

/** The driver's error when the server has not answered, as far as the service goes. */
export function toUnavailable (error: unknown, mayBeApplied: boolean): DatabaseUnavailable {
  if (error instanceof DatabaseUnavailable) return error
  const kind = kindOf(error)
  // A server that may not write has not written.
  return new DatabaseUnavailable(textOf(error), { kind, mayBeApplied: mayBeApplied && kind !== 'read_only' })
}

/** More of this instance waited than may: that says nothing of the server. */
export const isOwnQueue = ({ reason }: DatabaseUnavailable): boolean => reason.startsWith('Queue limit')

/** 1213 ER_LOCK_DEADLOCK rolls the transaction back, 1205 ER_LOCK_WAIT_TIMEOUT the statement: repeat all. */
export const isLockConflict = (error: unknown): boolean => [1205, 1213].includes((error as QueryError).errno ?? 0)

/**
 * The driver's error in the service's terms. The original is left behind: it carries the statement
 * with the customers' text in it.
 */
export function toDatabaseError (error: unknown): DatabaseUnavailable | RowsRefused {
  if (error instanceof DatabaseUnavailable || error instanceof RowsRefused) return error
  const { errno = 0 } = error as QueryError
  const refused = DATA_ERRORS.has(errno) || DATA_CLASSES.includes(classOf(error))
  return refused ? new RowsRefused(textOf(error)) : toUnavailable(error, false)
}

/**
 * Whether a statement may have been refused for one of its rows, although the error does not say so: a
 * partition that is missing, a trigger that fails. Only trying the rows one by one can tell.
 */
export function mayBeForRows (error: unknown): boolean {
  const sqlClass = classOf(error)
  return sqlClass !== '' && !SERVER_CLASSES.includes(sqlClass) && !isLockConflict(error)
}

/**
 * Whether the server has answered with this error, so that it and the connection can be used. 08 and 28 are those of a
 * connection that it did not accept or has ended.
 */
export function isAnswer (error: unknown): boolean {
  const { errno = 0 } = error as Partial<QueryError>
  return !['', '08', '28'].includes(classOf(error)) && !CROWDED_ERRORS.has(errno) && !NOT_SERVING_ERRORS.has(errno) && !isOfProxy(errno) &&
    !isReadOnly(error as QueryError)
}

const classOf = (error: unknown): string => ((error as { sqlState?: string }).sqlState ?? '').replace('#', '').slice(0, 2)

/** Where MySQL and MariaDB begin to number their errors each for itself. */
const OWN_NUMBERS = 4000

/** What a customer wrote, where the server quotes it: a value, a key, a part of the statement. */
const QUOTED_VALUE = /\b(value: ?|entry |near )(?:'.*'(?= (?:for (?:key|column)|at line)\b)|'.*'$)/is

/** The error's own words without the data that they quote: this is logged, and kept as a reason. */
export function textOf (error: unknown): string {
  if (error instanceof DatabaseUnavailable) return error.reason
  const { code, errno = 0, message: text } = error as QueryError
  const message = text.replace(QUOTED_VALUE, "$1'...'")
  // The driver has MySQL's names, and from here on MariaDB's numbers mean something else.
  const name = errno >= OWN_NUMBERS ? `error ${errno}` : code
  return name && !message.includes(name) ? `${name}: ${message}` : message || String(code)
}
