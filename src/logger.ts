import { randomBytes } from 'node:crypto'
import type { FastifyBaseLogger, RawRequestDefaultExpression } from 'fastify'
import type { Config } from './config.ts'

type Described = { type: string, message: string, stack: string, code?: unknown, cause?: Described }

/**
 * What may be logged of an error: not its other members, because the drivers put whole commands and
 * statements there, with the customers' text.
 */
function describe (error: unknown): Described {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error), stack: '' }
  const { name, message, stack, cause } = error
  return {
    type: name,
    message,
    ...('code' in error && { code: error.code }),
    stack: stack ?? '',
    ...(cause !== undefined && { cause: describe(cause) }),
  }
}

export interface LogDestination { write: (line: string) => void }

/**
 * What JSON leaves as it is and a terminal or a reader does not: control characters beyond ASCII, line separators,
 * and those that turn the direction of text.
 */
const UNSEEN = /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** An API key, or much of one, that somebody has put into a path. */
const KEY = /tms_[A-Za-z0-9_-]{8,}/g

/**
 * What Redis, or a proxy before it, repeats of a command that it does not know: passwords of AUTH, and what customers write. Up to
 * the end of the line, or of the text, as JSON spells them.
 */
const ARGUMENTS = /(with args beginning with:)(?:[^"\\]|\\[^n])*/g

/** The same JSON without keys and passwords, on one line for everybody, and with nothing in it that hides a part of it. */
const clean = (line: string): string => line
  .replace(KEY, 'tms_...')
  .replace(ARGUMENTS, '$1 ...')
  .replace(UNSEEN, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Options of Fastify's pino: JSON lines, on standard output if no other destination is given. */
export const loggerOptions = (level: Config['LOG_LEVEL'], stream?: LogDestination) =>
  ({ level, serializers: { err: describe }, hooks: { streamWrite: clean }, ...(stream && { stream }) })

const LOG_METHODS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent', 'child'] as const

/** The logger of one request, with its id. It is made when something is logged: of nearly all requests nothing is. */
class RequestLog {
  #own: FastifyBaseLogger | undefined
  readonly #make: () => FastifyBaseLogger

  constructor (make: () => FastifyBaseLogger) {
    this.#make = make
  }

  get own () {
    this.#own ??= this.#make()
    return this.#own
  }

  get level () {
    return this.own.level
  }
}
for (const method of LOG_METHODS) {
  Object.defineProperty(RequestLog.prototype, method, { value (this: RequestLog, ...args: unknown[]) { return Reflect.apply(this.own[method], this.own, args) as unknown } })
}

/** Lets the children of a logger be made when they first log. A child logger factory would do it too, but each child that it makes is looked over by Fastify. */
export function makeChildrenLater (log: FastifyBaseLogger) {
  const make = log.child
  log.child = function (this: FastifyBaseLogger, bindings, options) {
    return new RequestLog(() => make.call(this, bindings, options)) as unknown as FastifyBaseLogger
  } as FastifyBaseLogger['child']
}

/** Characters that would move the cursor of a terminal, as JSON spells them; line breaks of stacks are left. */
const CONTROL = /\\(\\|u00(?:[01][0-9a-f]|7f|[89][0-9a-f])|r|b|f)/gi

/** What is written to a terminal: a text that holds control characters shows how they are spelled. */
export const withoutControl = (line: string): string =>
  line.replace(CONTROL, (all, escape: string) => escape === '\\' ? all : `\\\\${escape}`)

/**
 * Where log lines go: to a person who sits at a terminal, coloured and on one line, where pino-pretty is installed
 * (it is not in production); else undefined, for JSON on standard output.
 */
export async function terminal (): Promise<LogDestination | undefined> {
  if (!process.stdout.isTTY) return undefined
  const pretty = await import('pino-pretty').then(module => module.default, (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  })
  if (!pretty) return undefined
  const stream = pretty({ singleLine: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' })
  return { write: line => { stream.write(withoutControl(line)) } }
}

/** What a log line, a header and a person can hold without a doubt. */
const GIVEN = /^[A-Za-z0-9._:-]{1,64}$/

/** Names the requests: as the caller does in X-Request-Id, if that will do, else by a number that is unique over restarts. */
export function createRequestIds () {
  const run = randomBytes(4).toString('hex')
  let requests = 0
  return ({ headers }: RawRequestDefaultExpression): string => {
    const given = headers['x-request-id']
    return typeof given === 'string' && GIVEN.test(given) ? given : `${run}-${++requests}`
  }
}
