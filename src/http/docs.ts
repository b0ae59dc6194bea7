import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { fastify, type FastifyInstance, type FastifySchema } from 'fastify'
import type { Scope } from '../auth/api-keys.ts'
import { version } from '../config.ts'
import { protectPages } from './pages.ts'
import { withProblems } from './problems.ts'

/** The colours of Swagger UI's logo, which its bundle brings as an inline style. A test in a browser says when it is another one. */
const LOGO_STYLE = 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='

interface Parameters { parameters?: { schema: { style?: string, explode?: boolean } }[] }

/** The generator leaves the words that say how a parameter is written in its schema too, where they mean nothing. */
function withoutStray<Document extends { paths?: object }> (document: Document): Document {
  for (const operations of Object.values(document.paths ?? {}) as Record<string, Parameters>[]) {
    for (const { parameters = [] } of Object.values(operations)) {
      for (const { schema } of parameters) {
        delete schema.style
        delete schema.explode
      }
    }
  }
  return document
}

/** What any request may be answered that is not as HTTP or the route wants it: 404, 405, 408, 413, 415, 431. */
const otherwise = {
  description: 'What the request was not understood for: a path, a header, a length or a time that will not do',
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
}

/** Who may call the route, and what those are told who may not: neither is the route's to say. */
function withAccess (schema: FastifySchema = {}, access?: Scope | 'public'): FastifySchema {
  if (schema.response) schema = { ...schema, response: { ...schema.response, default: otherwise } }
  if (access === undefined || access === 'public') return { ...schema, security: [] }
  const { description = '' } = schema as { description?: string }
  return {
    ...schema,
    // Swagger UI shows no roles of such a scheme.
    description: `${description} Scope: \`${access}\`.`.trim(),
    // For a scheme that is not OAuth 2 these are the roles that are needed (OpenAPI 3.1, Security Requirement Object).
    security: [{ key: [access] }],
    response: withProblems(schema.response as never, 'unauthorized', 'forbidden', 'rate_limited', 'overloaded'),
  }
}

/**
 * The routes of another app as OpenAPI 3.1, at /openapi.json, and as Swagger UI, at /docs. For itself it has none of them.
 * @param described ready, so that all of its routes and schemas are known
 */
export async function createDocs (described: FastifyInstance): Promise<FastifyInstance> {
  const app = fastify({ exposeHeadRoutes: false })
  // What is not for callers of the other app is not checked.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => data => JSON.stringify(data))
  for (const schema of Object.values(described.getSchemas())) app.addSchema(schema)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'ticket-metadata-service',
        version,
        description: 'Takes the high-frequency writes of support-ticket metadata off MySQL: every write goes to Redis and is answered at its speed; MySQL receives each ticket in batches, by default once, when it is closed.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'An API key. Its scopes are read, write, erase and ops, of which each route names the one that it asks for. A service without API_KEYS listens on loopback only, and asks for none' },
        },
      },
      tags: [
        { name: 'tickets', description: 'Create, change, read and delete tickets, one or many at a time; import those of another system' },
        { name: 'lists', description: 'Find and count tickets by what they are, and follow what changes' },
        { name: 'erasure', description: 'Erase what there is of a customer' },
        { name: 'flush', description: 'Push tickets to MySQL, and see how far it is behind' },
        { name: 'webhooks', description: 'Who is told of changes, and what could not be told' },
        { name: 'journal', description: 'Writes that were accepted while Redis was unavailable' },
        { name: 'health', description: 'For load balancers and container engines' },
        { name: 'metrics', description: 'For Prometheus' },
      ],
    },
    transform: ({ schema, url, route }) => ({ schema: withAccess(schema as FastifySchema | undefined, route.config?.access), url }),
    transformObject: described => 'openapiObject' in described ? withoutStray(described.openapiObject) : described.swaggerObject,
    // Shared schemas are named by their $id.
    refResolver: { buildLocalReference: (schema, _baseUri, _fragment, i) => typeof schema.$id === 'string' ? schema.$id : `schema-${i}` },
  })
  for (const { method, url, schema, config } of described.routes) {
    const methods = [method].flat().filter(name => name !== 'HEAD')
    if (methods.length > 0 && !schema?.hide) app.route({ method: methods, url, handler: unanswered, ...(schema && { schema }), ...(config && { config }) })
  }
  await app.register(async pages => {
    await protectPages(pages, [LOGO_STYLE])
    await pages.register(swaggerUi, { routePrefix: '/docs', uiConfig: { deepLinking: true, tryItOutEnabled: true } })
  })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  await app.ready()
  return app
}

function unanswered (): never {
  throw new Error('this app describes routes, and answers none of them')
}
