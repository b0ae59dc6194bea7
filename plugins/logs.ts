import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { levels } from 'pino'
import type { Config } from '../src/config.ts'
import type { Problem } from '../src/errors.ts'

declare module 'fastify' {
  interface FastifyReply {
    /** What was answered instead of what was asked for; null: nothing. */
    problem: Problem | null
    /** Of single operations, in an answer that has a result for each; null: it is of one. */
    failures: readonly Problem[] | null
  }
}

/** Who is refused is worth a line, and so is what the service could not do. What callers do otherwise is not, unless it is asked for. */
function levelOf (status: number) {
  if (status === 503) return 'warn'
  if (status >= 500) return 'error'
  return status === 401 || status === 403 ? 'info' : 'debug'
}

/** Who is behind its work does not write a line for each request that it refuses. */
const OVERLOADED_EVERY_MS = 1000

/** Of what is no route, as much as tells what was asked for; without the query, which may hold anything. */
const PATH_MAX = 100

/** An outage needs no stack with each of its requests: the connection says the rest. */
const describeProblem = (problem: Problem) => ({
  code: problem.code,
  ...(problem.status === 503 && { reason: (problem.cause as Error | undefined)?.message }),
  ...(problem.status >= 500 && problem.status !== 503 && { err: problem }),
})

function describe ({ caller, method, route, params, url, address }: FastifyRequest, { statusCode, elapsedTime, problem }: FastifyReply) {
  const ticketId = (params as { id?: unknown } | undefined)?.id
  return {
    ...(caller && { key: caller.name }),
    method,
    ...(route.url === undefined ? { path: url.split('?', 1)[0]!.slice(0, PATH_MAX) } : { route: route.url }),
    status: statusCode,
    duration_ms: Math.round(elapsedTime * 1000) / 1000,
    ...(typeof ticketId === 'number' && { ticket_id: ticketId }),
    ...(problem && describeProblem(problem)),
    // Whom to look for, or to shut out.
    ...(levelOf(statusCode) === 'info' && { address }),
  }
}

/** An outage is one line, not one for each operation. */
function logFailures ({ log }: FastifyRequest, failures: readonly Problem[]) {
  for (const failure of new Map(failures.map(each => [each.code, each])).values()) {
    if (failure.status >= 500) log[levelOf(failure.status)](describeProblem(failure), failure.title)
  }
}

/** One line for each request, of the level that its answer has. */
export default fp<{ config: Config }>(async (app, { config }) => {
  const least = levels.values[config.LOG_LEVEL] ?? Infinity

  app.decorateReply('problem', null)
  app.decorateReply('failures', null)

  let overloadedAt = -Infinity

  function levelFor ({ route }: FastifyRequest, { statusCode, problem }: FastifyReply) {
    // Anyone may ask for readiness, as often as they like; what is unavailable says so itself.
    if (statusCode === 503 && route.config.access === 'public') return 'debug'
    if (problem?.code === 'overloaded') {
      if (performance.now() - overloadedAt < OVERLOADED_EVERY_MS) return 'debug'
      overloadedAt = performance.now()
    }
    return levelOf(statusCode)
  }

  app.addHook('onResponse', (request, reply, done) => {
    const level = levelFor(request, reply)
    // Made only where it is written: nearly all are not.
    if (levels.values[level]! >= least) request.log[level](describe(request, reply), reply.problem?.title ?? 'answered')
    if (reply.failures) logFailures(request, reply.failures)
    done()
  })
}, { name: 'logs', dependencies: ['addresses', 'route'] })
