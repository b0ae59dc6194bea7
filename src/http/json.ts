import type { FastifyBodyParser, FastifyInstance } from 'fastify'
import { Problem } from '../errors.js'

/** Half of a surrogate pair, as JSON can escape it. A pair of halves is caught too and looked at closely. */
const ESCAPED_SURROGATE = /\\u[dD][89a-fA-F]/

/**
 * The default parser, without text that has no UTF-8 form: neither Redis nor MySQL could hold it, so
 * it would come back changed (RFC 8259, section 8.2).
 */
export function createJsonParser (app: FastifyInstance): FastifyBodyParser<string> {
  const parse = app.getDefaultJsonParser('error', 'error') as (request: unknown, body: string, done: (error: Error | null, body?: unknown) => void) => void
  return (request, body, done) => {
    parse(request, body, (error, value) => {
      if (!error && ESCAPED_SURROGATE.test(body) && !isWellFormed(value)) {
        done(new Problem('validation_failed', 'The body holds half of a surrogate pair (\\ud800 to \\udfff), which is no character.'))
      } else {
        done(error, value)
      }
    })
  }
}

function isWellFormed (value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, member]) => name.isWellFormed() && isWellFormed(member))
}
