import type { QueryError } from 'mysql2'
import { Problem } from '../errors.ts'
import { TimeoutError } from '../util/async.ts'

/** MySQL could not be asked, or gave up: the same statement may succeed later. */
export class DatabaseUnavailable extends Problem {
  override readonly name = 'DatabaseUnavailable'
  readonly reason: string
  /** The statement was sent, and nobody knows what became of it. */
  readonly mayBeApplied: boolean
  /** There was no answer in time. */
  readonly isLate: boolean

  constructor (reason: string, mayBeApplied = false, isLate = false, cause = isLate ? new TimeoutError(reason) : new Error(reason)) {
    super('store_unavailable', 'MySQL does not answer. Nothing was lost. Repeat the request after the seconds in Retry-After.', { cause })
    this.reason = reason
    this.mayBeApplied = mayBeApplied
    this.isLate = isLate
  }
}

/** MySQL refuses these rows for what is in them: the same statement fails for ever. */
export class RowsRefused extends Error {
  override readonly name = 'RowsRefused'
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
  1364, // ER_NO_DEFAULT_FOR_FIELD
  1366, // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
  3819, // ER_CHECK_CONSTRAINT_VIOLATED
])

/** The kinds of failure, for those who count them. `refused`: the server has answered with an error. */
export const MYSQL_FAILURES = ['unavailable', 'timeout', 'overloaded', 'lock_conflict', 'refused'] as const

export type MysqlFailure = typeof MYSQL_FAILURES[number]

/** undefined: MySQL has nothing to do with it. */
export function failureKind (error: unknown): MysqlFailure | undefined {
  if (error instanceof DatabaseUnavailable) return error.isLate ? 'timeout' : isOwnQueue(error) ? 'overloaded' : 'unavailable'
  if (isLockConflict(error)) return 'lock_conflict'
  return error instanceof RowsRefused || classOf(error) !== '' ? 'refused' : undefined
}

/** The driver's words for more statements that wait than may: that says nothing of the server. */
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
  return refused ? new RowsRefused(textOf(error)) : new DatabaseUnavailable(textOf(error))
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
 * Whether the server has answered with this error: it can be used. 08 and 28 are those of a connection
 * that it did not accept, as is ER_CON_COUNT_ERROR.
 */
export const isAnswer = (error: unknown): boolean =>
  !['', '08', '28'].includes(classOf(error)) && (error as QueryError).errno !== 1040

const classOf = (error: unknown): string => ((error as { sqlState?: string }).sqlState ?? '').replace('#', '').slice(0, 2)

/** Where MySQL and MariaDB begin to number their errors each for itself. */
const OWN_NUMBERS = 4000

/** What a customer wrote, where the server quotes it. */
const QUOTED_VALUE = /\b(value: ?|entry )(?:'.*'(?= for (?:key|column)\b)|'.*'$)/is

/** The error's own words without the data that they quote: this is logged, and kept as a reason. */
export function textOf (error: unknown): string {
  if (error instanceof DatabaseUnavailable) return error.reason
  const { code, errno = 0, message: text } = error as QueryError
  const message = text.replace(QUOTED_VALUE, "$1'...'")
  // The driver has MySQL's names, and from here on MariaDB's numbers mean something else.
  const name = errno >= OWN_NUMBERS ? `error ${errno}` : code
  return name && !message.includes(name) ? `${name}: ${message}` : message || String(code)
}
