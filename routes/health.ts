import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Config } from '../src/config.ts'
import { FIND_TIMEOUT_MS } from '../src/database/ticket-database.ts'
import { Problem } from '../src/errors.ts'
import { HANDLER_TIMEOUT_MS, problems, success } from '../src/http/problems.ts'
import { failureKind } from '../src/mysql/failure.ts'
import { RedisError } from '../src/redis/failure.ts'
import { TimeoutError, singleFlight } from '../src/util/async.ts'
import { Type, type Static } from '../src/util/schema.ts'

const Dependency = Type.Object({
  state: Type.Enum(['up', 'comparing', 'unsafe', 'down'], { description: 'up: it can be written to; comparing: Redis has come back, and is not yet known to hold all that MySQL does; or MySQL is being held against what it had acknowledged, because it lacks some of it or somebody asked for it (GET /resync); unsafe: Redis is used, but its maxmemory-policy may evict tickets that MySQL does not hold' }),
  latency_ms: Type.Optional(Type.Number({ description: 'How long it took to answer' })),
  reason: Type.Optional(Type.String({ description: 'Why it counts as down or unsafe, or is or could not be compared' })),
})

const Ready = Type.Object({
  status: Type.Enum(['ready', 'degraded', 'unavailable'], {
    description: 'ready: all is well; degraded: one of the two is unavailable, has just come back or lacks what it had, and the other stands in for it, or Redis is unsafe; unavailable: requests are answered with 503',
  }),
  redis: Dependency,
  mysql: Dependency,
  journal: Type.Enum(['off', 'idle', 'active'], { description: 'active: this instance\'s writes go to the journal in MySQL; off: FALLBACK=off' }),
}, { examples: [{ status: 'ready', redis: { state: 'up', latency_ms: 0.3 }, mysql: { state: 'up', latency_ms: 0.6 }, journal: 'idle' }] })

/** For load balancers and container engines. */
const routes: FastifyPluginAsyncTypebox<{ config: Config }> = async (app, { config }) => {
  // Anyone may ask, as often as they like: the stores are asked once at a time.
  const ask = singleFlight(() => Promise.all([probe(app.redis.ping), probe(async () => {
    await app.mysql.ping(FIND_TIMEOUT_MS)
    await app.tickets.database.ping()
  })]))

  app.get('/health/live', {
    config: { access: 'public' },
    schema: {
      operationId: 'live',
      summary: 'Is the process alive?',
      description: 'Asks nobody else. Restart the process when it does not answer.',
      tags: ['health'],
      response: { 200: success('It is', Type.Object({ status: Type.Literal('ok') }, { examples: [{ status: 'ok' }] })), ...problems('validation_failed') },
    },
  }, async () => ({ status: 'ok' as const }))

  app.get('/health/ready', {
    config: { access: 'public' },
    handlerTimeout: HANDLER_TIMEOUT_MS,
    schema: {
      operationId: 'ready',
      summary: 'Can the service take requests?',
      description: 'With the state of Redis and MySQL. Without MySQL it can: tickets wait in Redis. Without Redis too, unless FALLBACK=off: writes wait in MySQL.',
      tags: ['health'],
      response: { 200: success('It can', Ready), ...problems('validation_failed'), 503: success('It cannot', Ready) },
    },
  }, async (_request, reply) => {
    const { redisState, journal: { gate }, sync } = app.tickets
    const [redis, mysql] = (await ask()).map(answer => ({ ...answer })) as [Answer, Answer]
    // After the answer: Redis may have come back meanwhile.
    const { isReconciled, failure, isReachable } = redisState()
    if (redis.state === 'up' && !isReconciled) {
      redis.state = 'comparing'
      if (failure) redis.reason = reasonOf(failure)
    }
    const { unsafePolicy } = app.redis.settings()
    if (redis.state === 'up' && unsafePolicy) {
      redis.state = 'unsafe'
      redis.reason = `maxmemory-policy ${unsafePolicy}`
    }
    const resyncFor = sync.resync.openFor()
    if (mysql.state === 'up' && resyncFor) {
      mysql.state = 'comparing'
      mysql.reason = resyncFor === 'mysql_lost' ? 'lacks what it had acknowledged' : 'resync was requested'
    }
    const journal = config.FALLBACK === 'off' ? 'off' : gate.isIdle() ? 'idle' : 'active'
    const isGone = redis.state === 'down' && !isReachable
    const status = statusOf({ redis: redis.state, mysql: mysql.state, journal, isGone })
    return reply.code(status === 'unavailable' ? 503 : 200).send({ status, redis, mysql, journal } satisfies Static<typeof Ready>)
  })
}

export default routes

type Answer = Static<typeof Dependency>

type State = Answer['state']

async function probe (ask: () => Promise<unknown>): Promise<Answer> {
  const startedAt = performance.now()
  try {
    await ask()
    return { state: 'up', latency_ms: Math.round((performance.now() - startedAt) * 10) / 10 }
  } catch (error) {
    return { state: 'down', reason: reasonOf(error as Error) }
  }
}

interface States {
  redis: State
  mysql: State
  journal: Static<typeof Ready>['journal']
  /** No partition of Redis can be reached; of a Cluster, others may be. */
  isGone: boolean
}

function statusOf ({ redis, mysql, journal, isGone }: States): Static<typeof Ready>['status'] {
  if (isGone && (mysql === 'down' || journal === 'off')) return 'unavailable'
  return redis === 'up' && mysql === 'up' && journal !== 'active' ? 'ready' : 'degraded'
}

/** Words of the clients, of the servers and of Node. */
const KNOWN_REASONS = new RegExp([
  'ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN',
  'ER_[A-Z_]+|NOAUTH|WRONGPASS|NOPERM|LOADING|MASTERDOWN|CLUSTERDOWN|READONLY',
  // What OpenSSL and Node say of certificates.
  'CERT_[A-Z_]+|[A-Z_]*SELF_SIGNED_CERT[A-Z_]*|UNABLE_TO_[A-Z_]+|ERR_TLS_[A-Z_]+|HOSTNAME_MISMATCH',
  'certificate has expired|self-signed certificate|unable to verify the first certificate|unable to get local issuer certificate|does not match certificate',
  // What Redis says when a script may not do something. ACL LOG says what.
  "can't run this command|cannot access a key",
  'HANDSHAKE_NO_SSL_SUPPORT|timed out|writeable|Connection is closed',
].join('|'))

/** Why not is a part of the same message. */
const SENTINELS = /All sentinels are unreachable/

/** The kind of failure, without host names or other words of the servers. */
function reasonOf (error: Error): string {
  if (failureKind(error) === 'read_only') return 'read-only'
  const cause = (error instanceof Problem ? error.cause : error) as NodeJS.ErrnoException
  if (cause instanceof TimeoutError) return 'no answer'
  if (cause instanceof RedisError) return cause.kind.replaceAll('_', ' ')
  const { message, code = '' } = cause
  const [known] = KNOWN_REASONS.exec(`${code} ${message}`) ?? SENTINELS.exec(message) ?? ['failed']
  return known === 'writeable' ? 'not connected' : known
}
