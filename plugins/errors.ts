import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Problem, outcomeUnknown, storeUnavailable, type ProblemCode } from '../src/errors.ts'
import { unsupportedMediaType } from '../src/http/json.ts'

declare module 'fastify' {
  interface FastifyReply {
    sendProblem: typeof sendProblem
  }
}

/** The codes of Fastify's own errors that callers cause, by status; validation_failed where none is named. */
const BY_STATUS: Record<number, ProblemCode> = {
  // A path outside of the files that are served.
  403: 'not_found',
  404: 'not_found',
  408: 'request_timeout',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  431: 'headers_too_large',
}

/** What to do about it, where Fastify's own words do not say. */
const DETAILS: Record<string, string> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is longer than this route takes: 1 MiB, or 4 MiB for a batch. Send less at a time.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The body does not have the length that Content-Length says.',
}

/** What a caller may know of an error. Only what is coded or caused by the request is said; all else is 500. */
export function toProblem (error: FastifyError | Problem, { method, headers }: Pick<FastifyRequest, 'method' | 'headers'>): Problem {
  if (error instanceof Problem) return error
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return unsupportedMediaType(headers)
  if (error.code === 'FST_ERR_HANDLER_TIMEOUT') return method === 'GET' ? storeUnavailable(error) : outcomeUnknown(error)
  const status = error.statusCode ?? 500
  if (status >= 500) return new Problem('internal_error', 'An operator finds the reason in the log under the request id.', { cause: error })
  return new Problem(BY_STATUS[status] ?? 'validation_failed', DETAILS[error.code] ?? sentence(error.message), { cause: error })
}

const sentence = (message: string) => message.endsWith('.') ? message : `${message}.`

function sendProblem (this: FastifyReply, problem: Problem): FastifyReply {
  this.problem = problem
  return this.code(problem.status)
    .headers(problem.headers)
    .headers(problem.replayed ? { 'idempotency-replayed': 'true' } : {})
    .type('application/problem+json')
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problem.toBody(this.request.id))
}

/** One shape for every answer that is not a success: RFC 9457, 404 and 405 too. */
export default fp(async app => {
  const routes = new Map<string, Set<string>>()

  app.decorateReply('sendProblem', sendProblem)

  app.addHook('onRoute', ({ url, method }) => {
    const methods = routes.get(url) ?? new Set<string>()
    routes.set(url, methods)
    for (const name of [method].flat()) methods.add(name)
  })

  /** The methods of the routes that this path would match. */
  function methodsOf (path: string): string[] {
    const found = [...routes].filter(([url]) => matches(url, path)).flatMap(([, methods]) => [...methods])
    return [...new Set(found)].sort()
  }

  app.setErrorHandler(async (error: FastifyError | Problem, request, reply) => reply.sendProblem(toProblem(error, request)))

  app.setNotFoundHandler(async (request: FastifyRequest, reply) => {
    await app.limits.failures(request, reply)
    const path = request.url.split('?', 1)[0]!
    const methods = methodsOf(path)
    return await reply.sendProblem(methods.length === 0
      ? new Problem('not_found', 'docs/http-reference.md, and GET /openapi.json where the service shows its description, list the routes.')
      : new Problem('method_not_allowed', `This route knows ${methods.join(', ')}.`, { headers: { allow: methods.join(', ') } }))
  })
}, { name: 'errors', dependencies: ['logs'] })

/** Only routes of fixed parts and parameters: a wildcard has no methods of its own to name. */
function matches (url: string, path: string): boolean {
  const parts = url.split('/')
  const given = path.split('/')
  return parts.length === given.length && parts.every((part, i) => part === given[i] || (part.startsWith(':') && given[i] !== ''))
}
