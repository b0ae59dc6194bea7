import { LogController, fastify, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import addresses from '../plugins/addresses.ts'
import admission from '../plugins/admission.ts'
import auth from '../plugins/auth.ts'
import connections from '../plugins/connections.ts'
import cors from '../plugins/cors.ts'
import errors from '../plugins/errors.ts'
import grace from '../plugins/grace.ts'
import limits from '../plugins/limits.ts'
import logs from '../plugins/logs.ts'
import metrics from '../plugins/metrics.ts'
import mysql from '../plugins/mysql.ts'
import overload from '../plugins/overload.ts'
import redis from '../plugins/redis.ts'
import requestGuard from '../plugins/request-guard.ts'
import route from '../plugins/route.ts'
import storeMetrics from '../plugins/store-metrics.ts'
import swagger from '../plugins/swagger.ts'
import tickets from '../plugins/tickets.ts'
import batchRoutes from '../routes/batch.ts'
import changeRoutes from '../routes/changes.ts'
import deadLetterRoutes from '../routes/dead-letters.ts'
import deletionRoutes from '../routes/deletion.ts'
import erasureRoutes from '../routes/erasures.ts'
import flushRoutes from '../routes/flush.ts'
import healthRoutes from '../routes/health.ts'
import journalRoutes from '../routes/journal.ts'
import listRoutes from '../routes/list.ts'
import metricsRoutes from '../routes/metrics.ts'
import opsRoutes from '../routes/ops.ts'
import resyncRoutes from '../routes/resync.ts'
import ticketPushRoutes from '../routes/ticket-push.ts'
import ticketRoutes from '../routes/tickets.ts'
import webhookRoutes from '../routes/webhooks.ts'
import { createKeyring, type Keyring } from './auth/api-keys.ts'
import type { Config } from './config.ts'
import { createSite, type Site } from './database/wordpress/site.ts'
import { createCompilers, type Compilers } from './http/compilers.ts'
import { parseJson } from './http/json.ts'
import { ProblemSchema } from './http/problems.ts'
import { createParserErrors, type ParserErrors } from './http/parser-errors.ts'
import { toValidationProblem } from './http/validation.ts'
import { createRequestIds, loggerOptions, makeChildrenLater, type LogDestination } from './logger.ts'
import { createTicketSchemas } from './tickets/ticket.ts'
import { boundLookups } from './util/lookup.ts'
import { createTargets, type Target } from './webhooks/targets.ts'

/**
 * The factory of tests and production. Resolves with all plugins and routes in place, not listening.
 * @param log where log lines go; default: standard output
 * @param compilers of its schemas
 * @throws {ConfigError} when a variable does not mean what its part of the service needs
 */
export async function buildApp (config: Config, log?: LogDestination, compilers: Compilers = createCompilers()) {
  boundLookups()
  const keyring = createKeyring(config.API_KEYS)
  const targets = createTargets(config.WEBHOOKS)
  // Its defaults fit any table; they must fit WordPress's only where it is the target.
  const isWordpress = config.SYNC_TARGET === 'wordpress'
  const site = isWordpress || config.WORDPRESS_STATUS_MAP.length > 0 || config.WORDPRESS_META_KEYS.length > 0 ? createSite(config) : undefined
  const parserErrors = createParserErrors()
  const app = fastify(serverOptions(config, parserErrors, compilers, log)).withTypeProvider<TypeBoxTypeProvider>()
  try {
    await assemble(app, { config, keyring, targets, site: isWordpress ? site : undefined, parserErrors, compilers })
  } catch (error) {
    // What was opened before must not keep the process alive.
    await app.close()
    throw error
  }
  return app
}

interface Parts {
  config: Config
  keyring: Keyring
  targets: readonly Target[]
  site: Site | undefined
  parserErrors: ParserErrors
  compilers: Compilers
}

async function assemble (app: FastifyInstance, { config, keyring, targets, site, parserErrors, compilers }: Parts) {
  const schemas = createTicketSchemas(config.TICKET_STATUSES)

  makeChildrenLater(app.log)
  app.addHook('onListen', compilers.compileHot)
  app.setSchemaErrorFormatter((findings, part) => toValidationProblem(findings as never, part))
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, parseJson)
  app.addSchema(ProblemSchema)
  for (const schema of [schemas.Ticket, ...schemas.operations]) app.addSchema(schema)

  // First, so that its time begins before anything is closed, and ends after all is.
  await app.register(grace, { config })
  await app.register(route)
  await app.register(addresses, { config })
  await app.register(logs, { config })
  await app.register(errors)
  await app.register(metrics, { parserErrors })
  await app.register(requestGuard)
  await app.register(cors, { config })
  await app.register(connections, { config })
  await app.register(overload, { config })
  // Closed in the reverse order: the write-behind first, then what it needs.
  await app.register(redis, { config })
  await app.register(mysql, { config })
  await app.register(limits, { config })
  await app.register(auth, { config, keyring })
  await app.register(admission)
  await app.register(swagger, { config })
  await app.register(tickets, { config, site, targets })
  await app.register(storeMetrics, { config })

  await app.register(ticketRoutes, { schemas })
  await app.register(listRoutes, { config })
  await app.register(changeRoutes, { config })
  await app.register(batchRoutes, { schemas, compilers })
  await app.register(deletionRoutes)
  await app.register(erasureRoutes)
  await app.register(flushRoutes, { config })
  await app.register(deadLetterRoutes)
  await app.register(ticketPushRoutes)
  await app.register(resyncRoutes)
  await app.register(webhookRoutes)
  if (config.FALLBACK === 'mysql') await app.register(journalRoutes)
  await app.register(healthRoutes, { config })
  await app.register(metricsRoutes)
  await app.register(opsRoutes)
}

function serverOptions (config: Config, { onClientError, onFrameworkError }: ParserErrors, { compilersFactory }: Compilers, log?: LogDestination) {
  return {
    logger: loggerOptions(config.LOG_LEVEL, log),
    logController: new LogController({ requestIdLogLabel: 'request_id', disableRequestLogging: true }),
    genReqId: createRequestIds(),
    schemaController: { compilersFactory },
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
      // Node's own answer has no body. plugins/request-guard.ts asks for it.
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
