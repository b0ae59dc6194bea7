import { Problem } from '../errors.ts'
import { failureKind as databaseFailureKind, textOf, type MysqlFailure } from '../mysql/failure.ts'
import { failureKind as redisFailureKind, type RedisFailure } from '../redis/failure.ts'
import { withoutArguments } from '../util/text.ts'

/** Why a flush failed, in words that hold nothing of a customer's. */
export type FlushFailure = { store: 'mysql', kind: MysqlFailure, message: string } | { store: 'redis', kind: RedisFailure, message: string }

/** null: it was neither of the stores, and the log has the error. */
export function toFlushFailure (error: Error): FlushFailure | null {
  const kind = databaseFailureKind(error)
  if (kind) return { store: 'mysql', kind, message: textOf(error) }
  if (!(error instanceof Problem && error.cause instanceof Error)) return null
  return { store: 'redis', kind: redisFailureKind(error), message: withoutArguments(error.cause.message) }
}
