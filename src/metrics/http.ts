import type { FastifyReply, FastifyRequest } from 'fastify'
import { LATENCY_BUCKETS, type Metrics } from './metrics.ts'
import type { Observe } from './histogram.ts'

/** Any other method is `other`, so that no caller adds a series. */
const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS']

/** Above every status. */
const STATUS_MAX = 1000

/** Counts requests by route, which is the template (`/tickets/:id`) and never the path. */
export function createRequestCounter (metrics: Metrics) {
  const { series } = metrics.histogramOf({
    name: 'tickets_http_request_duration_seconds',
    help: 'Requests that were answered: from the headers of the request to the last byte of the answer. route is the template, none where no route matched',
    buckets: LATENCY_BUCKETS,
  })
  const routes = new Map<string, Map<number, Observe>>()

  /** The series of one route, by method and status. */
  function ofRoute (route: string) {
    let known = routes.get(route)
    if (!known) routes.set(route, known = new Map())
    return known
  }

  /** For the hook onResponse. */
  return (request: FastifyRequest, reply: FastifyReply) => {
    const route = request.route.url ?? 'none'
    const { statusCode } = reply
    const method = METHODS.indexOf(request.method)
    const known = ofRoute(route)
    const key = method * STATUS_MAX + statusCode
    let observe = known.get(key)
    if (!observe) known.set(key, observe = series({ method: METHODS[method] ?? 'other', route, status: String(statusCode) }))
    observe(reply.elapsedTime / 1000)
  }
}
