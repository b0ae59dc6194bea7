import type { Config } from './config.js'

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

/** Options of Fastify's pino: JSON lines, on standard output if no other destination is given. */
export const loggerOptions = (level: Config['LOG_LEVEL'], stream?: LogDestination) =>
  ({ level, serializers: { err: describe }, ...(stream && { stream }) })
