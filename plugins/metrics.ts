import fp from 'fastify-plugin'
import { PROBLEMS, type ProblemCode } from '../src/errors.ts'
import { REFUSALS, type ParserErrors } from '../src/http/parser-errors.ts'
import { createRequestCounter } from '../src/metrics/http.ts'
import { createMetrics, type Metrics } from '../src/metrics/metrics.ts'
import { version } from '../src/config.ts'

declare module 'fastify' {
  interface FastifyInstance { metrics: Metrics }
}

/**
 * The metrics of this app, to which any plugin may add: `app.metrics.counter({ name, help })`. Counts all
 * requests, so it comes before whatever makes routes.
 */
export default fp<{ parserErrors: ParserErrors }>(async (app, { parserErrors }) => {
  const metrics = createMetrics()
  app.decorate('metrics', metrics)

  metrics.gauge({
    name: 'tickets_build_info',
    help: 'Always 1; the labels say what is running',
    read: () => [{ labels: { version, node: process.version }, value: 1 }],
  })
  const countRequest = createRequestCounter(metrics)
  const refused = metrics.counter({
    name: 'tickets_http_refused_total',
    help: 'Requests that no route saw: not HTTP, too slow, headers that are too large, or a path that cannot be decoded or is too long',
    label: 'reason',
    values: REFUSALS,
  })
  const problems = metrics.counter({
    name: 'tickets_problems_total',
    help: 'Answers that were problems, and operations of a batch that failed, by their code',
    label: 'code',
    values: Object.keys(PROBLEMS) as ProblemCode[],
  })

  parserErrors.on('refused', reason => { refused.inc({ reason }) })
  app.addHook('onResponse', (request, reply, done) => {
    countRequest(request, reply)
    if (reply.problem) problems.inc({ code: reply.problem.code })
    for (const { code } of reply.failures ?? []) problems.inc({ code })
    done()
  })
}, { name: 'metrics', dependencies: ['logs'] })
