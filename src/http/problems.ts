import { PROBLEMS, type ProblemCode } from '../errors.ts'
import { Type } from '../util/schema.ts'

/** The body of every answer that is not a success (RFC 9457). */
export const ProblemSchema = Type.Object({
  type: Type.String({ description: 'Names the kind of problem; the same for the same code' }),
  title: Type.String({ description: 'The kind of problem in words' }),
  status: Type.Integer({ description: 'The HTTP status' }),
  detail: Type.String({ description: 'What is wrong this time and what to do' }),
  code: Type.String({ description: 'Stable: what a program should look at', enum: Object.keys(PROBLEMS) }),
  request_id: Type.String({ description: 'Stands in the log line of the request' }),
  errors: Type.Optional(Type.Array(Type.Object({
    pointer: Type.String({ description: 'JSON pointer (RFC 6901) to the value' }),
    message: Type.String(),
  }), { description: 'What is wrong with the request' })),
}, {
  $id: 'Problem',
  examples: [{
    type: 'urn:ticket-metadata-service:problem:validation_failed',
    title: 'The request is not valid',
    status: 400,
    detail: '/customer_id in the body must be integer, not "abc".',
    code: 'validation_failed',
    request_id: 'req-1',
    errors: [{ pointer: '/customer_id', message: 'must be integer, not "abc"' }],
  }],
})

const retryAfter = { 'Retry-After': { type: 'integer', description: 'Seconds to wait before repeating the request' } }
const challenge = { 'WWW-Authenticate': { type: 'string', description: 'What the request lacks (RFC 6750)' } }

/** That come with a problem, by its status. */
const HEADERS: Record<number, object> = {
  401: challenge,
  403: challenge,
  429: {
    ...retryAfter,
    'RateLimit-Limit': { type: 'integer', description: 'Requests of a window' },
    'RateLimit-Remaining': { type: 'integer', description: 'Of these, what is left' },
    'RateLimit-Reset': { type: 'integer', description: 'Seconds until the window ends' },
  },
  503: retryAfter,
}

interface Response { description: string, content: object, headers?: object }

type Responses = Record<number, Response>

/** Adds these codes to the responses of a route, by status. */
export function withProblems (responses: Responses, ...codes: ProblemCode[]): Responses {
  const all = { ...responses }
  for (const code of codes) {
    const { status, title } = PROBLEMS[code]
    const known = all[status]
    all[status] = {
      description: `${known ? `${known.description}. ` : ''}\`${code}\`: ${title}`,
      content: { ...known?.content, 'application/problem+json': { schema: { $ref: 'Problem#' } } },
      headers: { ...known?.headers, ...HEADERS[status] },
    }
  }
  return all
}

/**
 * For routes that are asked now and then. Those of single tickets have none: the framework's timer costs 14 us a
 * request, as much as half of the rest of it, and whatever they wait for has a deadline of its own.
 */
export const HANDLER_TIMEOUT_MS = 30_000

/** The responses of a route for these codes, by status; every route may fail. */
export const problems = (...codes: ProblemCode[]): Responses => withProblems({}, ...codes, 'internal_error')

/** A successful response that is text. */
export const text = (description: string, schema: object) => ({ description, content: { 'text/plain': { schema } } })

/** A successful response with a JSON body. */
export const success = (description: string, schema: object, headers: Record<string, object> = {}) =>
  ({ description, content: { 'application/json': { schema } }, headers })
