import { outcomeUnknown, storeUnavailable, Problem } from '../errors.ts'
import type { Script, Scripts } from '../store/scripts.ts'

/**
 * Errors that precede execution, so that the write was surely not applied. Servers nest the word
 * in the message when a script fails, so it is looked for anywhere.
 * Source: the errors of Redis's own `server.c` and `script.c`, and ioredis's for a closed link.
 */
const NOT_APPLIED = new RegExp([
  'MOVED', 'ASK', 'LOADING', 'READONLY', 'CLUSTERDOWN', 'TRYAGAIN', 'MASTERDOWN', 'NOREPLICAS', 'BUSY', 'OOM', 'MISCONF',
  'NOAUTH', 'WRONGPASS', 'NOPERM', 'NOSCRIPT',
].map(word => `\\b${word}\\b`).concat("Stream isn't writeable").join('|'))

/** The kinds of failure, for those who count them. Of the last two, `refused` was surely not applied. */
export const REDIS_FAILURES = ['not_connected', 'timeout', 'out_of_memory', 'late', 'unconfirmed', 'refused', 'unknown'] as const

export type RedisFailure = typeof REDIS_FAILURES[number]

/** Words of the errors of the other kinds: the client's, the servers' and this service's own. */
const KINDS: [RegExp, RedisFailure][] = [
  [/Stream isn't writeable|not connected to Redis|no master of the Cluster/, 'not_connected'],
  [/Command timed out/, 'timeout'],
  [/\bOOM\b/, 'out_of_memory'],
  [/after its deadline/, 'late'],
  [/replicas have confirmed/, 'unconfirmed'],
]

export function failureKind (error: unknown): RedisFailure {
  const text = String(error instanceof Problem ? error.cause : error)
  const known = KINDS.find(([words]) => words.test(text))?.[1]
  return known ?? (toWriteProblem(error).code === 'store_unavailable' ? 'refused' : 'unknown')
}

/** What a failed write to Redis means to the caller. */
export function toWriteProblem (error: unknown): Problem {
  if (error instanceof Problem) return error
  return NOT_APPLIED.test((error as Error).message) ? storeUnavailable(error) : outcomeUnknown(error)
}

/** What a failed read means: it may be repeated at will. */
export const toReadProblem = (error: unknown): Problem =>
  error instanceof Problem ? error : storeUnavailable(error, 'Repeat the request after the seconds in Retry-After.')

/** Scripts of which every call may be repeated: what fails, fails as a read does. */
export const repeatable = (scripts: Scripts): Scripts =>
  Object.fromEntries(Object.entries(scripts).map(([name, script]) =>
    [name, (...call: Parameters<Script>) => script(...call).catch((error: unknown) => { throw toReadProblem(error) })])) as Scripts
