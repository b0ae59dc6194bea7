import { LogController, fastify, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import auth from '../plugins/auth.js'
import connections from '../plugins/connections.js'
import drain from '../plugins/drain.js'
import errors from '../plugins/errors.js'
import flusher from '../plugins/flusher.js'
import headers from '../plugins/headers.js'
import http from '../plugins/http.js'
import journal from '../plugins/journal.js'
import limits from '../plugins/limits.js'
import logs from '../plugins/logs.js'
import measurements from '../plugins/measurements.js'
import metrics from '../plugins/metrics.js'
import mysql from '../plugins/mysql.js'
import overload from '../plugins/overload.js'
import redis from '../plugins/redis.js'
import route from '../plugins/route.js'
import swagger from '../plugins/swagger.js'
import tickets from '../plugins/tickets.js'
import batchRoutes from '../routes/batch.js'
import deadLetterRoutes from '../routes/dead-letters.js'
import flushRoutes from '../routes/flush.js'
import healthRoutes from '../routes/health.js'
import journalRoutes from '../routes/journal.js'
import metricsRoutes from '../routes/metrics.js'
import openapiRoutes from '../routes/openapi.js'
import opsRoutes from '../routes/ops.js'
import ticketRoutes from '../routes/tickets.js'
import { showsDocs, type Config } from './config.js'
import { parseJson } from './http/json.js'
import { ProblemSchema } from './http/problems.js'
import { createRawProblems, type RawProblems } from './http/raw-problems.js'
import { createRequestIds } from './http/request-id.js'
import { toValidationProblem, validatorCompiler } from './http/validation.js'
import { loggerOptions, type LogDestination } from './logger.js'
import { createTicketSchemas } from './tickets/ticket.js'

/**
 * The factory of tests and production. Resolves with all plugins and routes in place, not listening.
 * @param log where log lines go; default: standard output
 */
export async function buildApp (config: Config, log?: LogDestination) {
  const rawProblems = createRawProblems()
  const app = fastify(serverOptions(config, rawProblems, log)).withTypeProvider<TypeBoxTypeProvider>()
  try {
    await assemble(app, config, rawProblems)
  } catch (error) {
    // What was opened before must not keep the process alive.
    await app.close()
    throw error
  }
  return app
}

async function assemble (app: FastifyInstance, config: Config, rawProblems: RawProblems) {
  const schemas = createTicketSchemas(config.TICKET_STATUSES)

  app.setValidatorCompiler(validatorCompiler)
  app.setSchemaErrorFormatter((findings, part) => toValidationProblem(findings as never, part))
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, parseJson)
  app.addSchema(ProblemSchema)
  for (const schema of [schemas.Ticket, schemas.CreateOperation, schemas.UpdateOperation]) app.addSchema(schema)

  await app.register(route)
  await app.register(logs, { config })
  await app.register(errors)
  await app.register(metrics, { rawProblems })
  await app.register(headers)
  await app.register(http)
  await app.register(connections, { config })
  await app.register(overload, { config })
  await app.register(drain, { config })
  // Closed in the reverse order: the flusher first, then what it needs.
  await app.register(redis, { config })
  await app.register(mysql, { config })
  await app.register(limits, { config })
  await app.register(auth, { config })
  await app.register(swagger, { config })
  await app.register(tickets, { config })
  await app.register(flusher, { config })
  await app.register(journal, { config })
  await app.register(measurements, { config })

  await app.register(ticketRoutes, { schemas })
  await app.register(batchRoutes, { schemas })
  await app.register(flushRoutes, { config })
  await app.register(deadLetterRoutes)
  if (config.FALLBACK === 'mysql') await app.register(journalRoutes)
  await app.register(healthRoutes, { config })
  await app.register(metricsRoutes)
  if (showsDocs(config)) await app.register(openapiRoutes)
  await app.register(opsRoutes)
}

function serverOptions (config: Config, { onClientError, onFrameworkError }: RawProblems, log?: LogDestination) {
  return {
    logger: loggerOptions(config.LOG_LEVEL, log),
    logController: new LogController({ requestIdLogLabel: 'request_id', disableRequestLogging: true }),
    genReqId: createRequestIds(),
    trustProxy: config.TRUST_PROXY.length > 0 ? config.TRUST_PROXY : false,
    bodyLimit: 1024 * 1024,
    // Slow clients: the whole request, its headers, and a connection that is idle. The last is above the idle time of
    // usual load balancers (60 s), which must be the side that closes. Those that stall are in plugins/connections.ts.
    requestTimeout: 30_000,
    http: {
      headersTimeout: 10_000,
      // How often Node looks whether one of the two has passed; by default twice a minute.
      connectionsCheckingInterval: 1000,
      // A header that stands twice is seen twice: two keys are none, two If-Match a longer list (RFC 9110, section 5.3).
      joinDuplicateHeaders: true,
      // Node's own answer has no body. plugins/http.ts asks for it.
      requireHostHeader: false,
    },
    keepAliveTimeout: 72_000,
    // While closing, what arrives on open connections is answered, and the connection closed.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: onClientError,
    frameworkErrors: onFrameworkError,
  } satisfies FastifyServerOptions & { http: object }
}
