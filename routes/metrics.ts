import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type {} from '../src/auth/api-keys.ts'
import { problems, text } from '../src/http/problems.ts'
import { Type } from '../src/util/schema.ts'

const example = `# HELP tickets_due Unsynced tickets whose time to be pushed has come
# TYPE tickets_due gauge
tickets_due 3
`

/** For Prometheus. */
const routes: FastifyPluginAsyncTypebox = async app => {
  const { registry } = app.metrics

  app.get('/metrics', {
    config: { access: 'ops' },
    schema: {
      operationId: 'readMetrics',
      summary: 'Metrics in the format of Prometheus',
      description: 'Of this instance. What Redis and MySQL have to be asked for is the same at all instances, and is absent when they do not answer within a second.',
      tags: ['metrics'],
      response: {
        200: text('The metrics', Type.String({ examples: [example] })),
        ...problems('validation_failed'),
      },
    },
  }, async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()))
}

export default routes
