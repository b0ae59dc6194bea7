import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'
import type { Config } from '../src/config.js'
import { version } from '../src/version.js'

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

/** OpenAPI 3.1 from the routes' own schemas, at /openapi.json; Swagger UI at /docs. */
export default fp<{ config: Config }>(async (app, { config }) => {
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
      // There are no keys yet: the service listens on loopback only.
      security: [],
      tags: [
        { name: 'tickets', description: 'Create, change and read tickets' },
        { name: 'flush', description: 'Push tickets to MySQL, and see how far it is behind' },
        { name: 'journal', description: 'Writes that were accepted while Redis was away' },
        { name: 'health', description: 'For load balancers and container engines' },
        { name: 'metrics', description: 'For Prometheus' },
      ],
    },
    transformObject: described => 'openapiObject' in described ? withoutStray(described.openapiObject) : described.swaggerObject,
    // Shared schemas are named by their $id.
    refResolver: { buildLocalReference: (schema, _baseUri, _fragment, i) => typeof schema.$id === 'string' ? schema.$id : `schema-${i}` },
  })
  if (config.DOCS === 'on') await app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { deepLinking: true, tryItOutEnabled: true } })
}, { name: 'swagger' })
