import { outcomeUnknown, storeUnavailable, Problem } from '../errors.ts'

/** The kinds of failure, for those who count them. `refused` was surely not applied, `unknown` perhaps. */
export const REDIS_FAILURES = ['not_connected', 'timeout', 'out_of_memory', 'late', 'unconfirmed', 'refused', 'unknown'] as const

export type RedisFailure = typeof REDIS_FAILURES[number]

/** A failure that this service itself finds, not the client or the server. */
export class RedisError extends Error {
  override readonly name = 'RedisError'
  readonly kind: RedisFailure

  constructor (kind: RedisFailure, message: string) {
    super(message)
    this.kind = kind
  }
}

/**
 * Errors that precede execution, so that the write was surely not applied. Servers nest the word
 * in the message when a script fails, so it is looked for anywhere.
 * Source: the errors of Redis's own `server.c` and `script.c`, and ioredis's for a closed link.
 */
const NOT_APPLIED = new RegExp([
  'MOVED', 'ASK', 'LOADING', 'READONLY', 'CLUSTERDOWN', 'TRYAGAIN', 'MASTERDOWN', 'NOREPLICAS', 'BUSY', 'OOM', 'MISCONF',
  'NOAUTH', 'WRONGPASS', 'NOPERM', 'NOSCRIPT',
].map(word => `\\b${word}\\b`).concat("Stream isn't writeable").join('|'))

/** Words of the client's and the servers' errors. */
const KINDS: [RegExp, RedisFailure][] = [
  [/Stream isn't writeable/, 'not_connected'],
  [/Command timed out/, 'timeout'],
  [/\bOOM\b/, 'out_of_memory'],
]

export function failureKind (error: unknown): RedisFailure {
  const cause = error instanceof Problem ? error.cause : error
  if (cause instanceof RedisError) return cause.kind
  const known = KINDS.find(([words]) => words.test(String(cause)))?.[1]
  return known ?? (toWriteProblem(error).code === 'store_unavailable' ? 'refused' : 'unknown')
}

/** What a failed write to Redis means to the caller. */
export function toWriteProblem (error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof RedisError && ['not_connected', 'late', 'refused'].includes(error.kind)) return storeUnavailable(error)
  return NOT_APPLIED.test((error as Error).message) ? storeUnavailable(error) : outcomeUnknown(error)
}

/** What a failed read means: it may be repeated at will. */
export const toReadProblem = (error: unknown): Problem =>
  error instanceof Problem ? error : storeUnavailable(error, 'Repeat the request after the seconds in Retry-After.')
