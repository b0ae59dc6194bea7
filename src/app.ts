import { randomBytes } from 'node:crypto'
import { LogController, fastify, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import drain from '../plugins/drain.js'
import errors from '../plugins/errors.js'
import flusher from '../plugins/flusher.js'
import journal from '../plugins/journal.js'
import measurements from '../plugins/measurements.js'
import metrics from '../plugins/metrics.js'
import mysql from '../plugins/mysql.js'
import redis from '../plugins/redis.js'
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
import type { Config } from './config.js'
import { createJsonParser } from './http/json.js'
import { ProblemSchema } from './http/problems.js'
import { createRawProblems, type RawProblems } from './http/raw-problems.js'
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
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, createJsonParser(app))
  app.addSchema(ProblemSchema)
  for (const schema of [schemas.Ticket, schemas.CreateOperation, schemas.UpdateOperation]) app.addSchema(schema)

  await app.register(errors)
  await app.register(metrics, { rawProblems })
  await app.register(drain, { config })
  await app.register(swagger, { config })
  // Closed in the reverse order: the flusher first, then what it needs.
  await app.register(redis, { config })
  await app.register(mysql, { config })
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
  await app.register(openapiRoutes)
  await app.register(opsRoutes)
}

function serverOptions (config: Config, { onClientError, onFrameworkError }: RawProblems, log?: LogDestination) {
  // Unique over restarts, so that a request id names one log line.
  const run = randomBytes(4).toString('hex')
  let requests = 0
  return {
    logger: loggerOptions(config.LOG_LEVEL, log),
    logController: new LogController({ disableRequestLogging: !['debug', 'trace'].includes(config.LOG_LEVEL) }),
    genReqId: () => `${run}-${++requests}`,
    bodyLimit: 1024 * 1024,
    // Slow clients: the whole request, its headers, and an idle connection. The last is above the
    // idle time of usual load balancers (60 s), which must be the side that closes.
    requestTimeout: 30_000,
    http: { headersTimeout: 10_000 },
    keepAliveTimeout: 72_000,
    // While closing, what arrives on open connections is answered, and the connection closed.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: onClientError,
    frameworkErrors: onFrameworkError,
  } satisfies FastifyServerOptions & { http: object }
}
