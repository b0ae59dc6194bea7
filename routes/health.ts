import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from 'typebox'
import { Problem } from '../src/errors.js'
import { problems, success } from '../src/http/problems.js'

const Dependency = Type.Object({
  state: Type.Enum(['up', 'down']),
  latency_ms: Type.Optional(Type.Number({ description: 'Time of one round trip' })),
  reason: Type.Optional(Type.String({ description: 'Why it counts as down' })),
})

const Ready = Type.Object({
  status: Type.Enum(['ready', 'degraded', 'unavailable'], {
    description: 'ready: all is well; degraded: MySQL is away, tickets wait in Redis; unavailable: Redis is away',
  }),
  redis: Dependency,
  mysql: Dependency,
}, { examples: [{ status: 'ready', redis: { state: 'up', latency_ms: 0.3 }, mysql: { state: 'up', latency_ms: 0.6 } }] })

/** For load balancers and container engines. */
const routes: FastifyPluginAsyncTypebox = async app => {
  app.get('/health/live', {
    schema: {
      operationId: 'live',
      summary: 'Is the process alive?',
      description: 'Asks nobody else. Restart the process when it does not answer.',
      tags: ['health'],
      response: { 200: success('It is', Type.Object({ status: Type.Literal('ok') }, { examples: [{ status: 'ok' }] })), ...problems('validation_failed') },
    },
  }, async () => ({ status: 'ok' as const }))

  app.get('/health/ready', {
    schema: {
      operationId: 'ready',
      summary: 'Can the service take requests?',
      description: 'With the state of Redis and MySQL. Without MySQL it can: tickets wait in Redis.',
      tags: ['health'],
      response: { 200: success('It can', Ready), ...problems('validation_failed'), 503: success('It cannot: Redis is away', Ready) },
    },
  }, async (_request, reply) => {
    const [redis, mysql] = await Promise.all([probe(app.redis.ping), probe(() => app.tickets.archive.ping())])
    const status = redis.state === 'down' ? 'unavailable' : mysql.state === 'down' ? 'degraded' : 'ready'
    return reply.code(status === 'unavailable' ? 503 : 200).send({ status, redis, mysql } satisfies Static<typeof Ready>)
  })
}

export default routes

async function probe (ask: () => Promise<unknown>): Promise<Static<typeof Dependency>> {
  const startedAt = performance.now()
  try {
    await ask()
    return { state: 'up', latency_ms: Math.round((performance.now() - startedAt) * 10) / 10 }
  } catch (error) {
    return { state: 'down', reason: reasonOf(error as Error) }
  }
}

/** The kind of failure, without host names or other words of the servers. */
function reasonOf (error: Error): string {
  const { message } = error instanceof Problem ? error.cause as Error : error
  const [known] = /ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ER_[A-Z_]+|NOAUTH|WRONGPASS|LOADING|timed out|no answer|writeable/.exec(message) ?? ['failed']
  return known === 'writeable' ? 'not connected' : known
}
