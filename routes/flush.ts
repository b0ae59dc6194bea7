import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Problem, invalid } from '../src/errors.ts'
import { MYSQL_FAILURES } from '../src/mysql/failure.ts'
import { REDIS_FAILURES } from '../src/redis/failure.ts'
import { HANDLER_TIMEOUT_MS, problems, success } from '../src/http/problems.ts'
import type { Config } from '../src/config.ts'
import type { Found } from '../src/tickets/repository.ts'
import { TicketId } from '../src/tickets/ticket.ts'
import { Type } from '../src/util/schema.ts'

const TICKETS_PER_FLUSH_MAX = 500

const count = (description: string) => Type.Integer({ minimum: 0, description })

const Counts = {
  claimed: count('Tickets that were taken'),
  synced: count('Tickets that MySQL holds now'),
  retried: count('Tickets that could not be written and will be tried again; the log says why'),
  dead: count('Tickets that could not be written and have had all their attempts'),
}

const FlushBody = Type.Object({
  scope: Type.Optional(Type.Enum(['due', 'all'], { default: 'due', description: 'due: what the strategy has made due; all: every ticket that is ahead of MySQL' })),
  ticket_ids: Type.Optional(Type.Array(TicketId, { minItems: 1, maxItems: TICKETS_PER_FLUSH_MAX, uniqueItems: true, description: 'These tickets, whatever their state' })),
}, { additionalProperties: false, examples: [{ scope: 'due' }, { scope: 'all' }, { ticket_ids: [1234] }] })

const FlushReport = Type.Object({
  ...Counts,
  remaining: count('Tickets that wait for a push after this flush'),
  duration_ms: count('How long the flush took'),
  results: Type.Optional(Type.Array(Type.Object({
    ticket_id: TicketId,
    state: Type.Enum(['synced', 'unsynced', 'not_found', 'deleted', 'unreadable'], { description: 'synced: MySQL holds the newest version; deleted: there is a tombstone, which the counts are about' }),
    version: Type.Optional(Type.Integer()),
    synced_version: Type.Optional(Type.Unsafe<number | null>({ type: ['integer', 'null'] })),
  }), { description: 'One per ticket of ticket_ids' })),
}, { examples: [{ claimed: 3, synced: 3, retried: 0, dead: 0, remaining: 0, duration_ms: 12 }] })

const BacklogSchema = Type.Object({
  strategy: Type.Enum(['hybrid', 'periodic', 'event']),
  unsynced: count('Tickets whose newest version is not in MySQL'),
  due: count('Of these, the ones whose time has come'),
  oldest_due_age_ms: Type.Unsafe<number | null>({ type: ['integer', 'null'], description: 'How long the oldest due ticket has been waiting; null: none is due' }),
  dead: count('Tickets that MySQL refused for good, and that are not part of unsynced; GET /flush/dead lists them'),
  indexes: Type.Enum(['whole', 'building', 'off'], { description: 'Of the tickets that wait for MySQL, for lists and counts. building: they are not whole, and lists are 503 until they are built; off: LISTS=off at this instance' }),
  unreachable_partitions: Type.Optional(count('Only there when some partitions of a Cluster cannot be reached: this number is not part of the counts')),
  last_flush: Type.Unsafe<object | null>({
    type: ['object', 'null'],
    description: 'The last flush of this instance; null: none yet',
    properties: {
      ...Counts,
      finished_at: { type: 'integer', description: 'Unix seconds' },
      duration_ms: { type: 'integer', minimum: 0 },
      error: { type: ['string', 'null'], description: 'Code of the problem that ended it' },
      failure: {
        type: ['object', 'null'],
        description: 'Why: what the store has said, without what customers wrote; null: it did not fail, or for another reason, which the log has',
        properties: {
          store: { type: 'string', enum: ['mysql', 'redis'] },
          kind: { type: 'string', enum: [...new Set([...MYSQL_FAILURES, ...REDIS_FAILURES])], description: 'As the label reason of tickets_mysql_errors_total and tickets_redis_errors_total' },
          message: { type: 'string' },
        },
      },
    },
  }),
}, { examples: [{ strategy: 'hybrid', unsynced: 120, due: 0, oldest_due_age_ms: null, dead: 0, indexes: 'whole', last_flush: { claimed: 3, synced: 3, retried: 0, dead: 0, finished_at: 1_764_000_000, duration_ms: 12, error: null, failure: null } }] })

/** Push tickets to MySQL, and see how far it is behind. */
const routes: FastifyPluginAsyncTypebox<{ config: Config }> = async (app, { config }) => {
  const { repository, sync } = app.tickets

  app.post('/flush', {
    config: { access: 'ops' },
    // curl -X POST without a body asks for the default.
    preValidation: async request => { if (request.body === undefined) request.body = {} },
    schema: {
      operationId: 'flush',
      summary: 'Push tickets to MySQL now',
      description: 'Runs a flush and answers when it has ended. Calls with ticket_ids that arrive meanwhile share the next one; their results, and all counts but remaining, are about their own tickets. 503 store_unavailable: MySQL cannot be written to, and detail says how; the tickets stay due.',
      tags: ['flush'],
      body: FlushBody,
      response: {
        200: success('What the flush did', FlushReport),
        ...problems('validation_failed', 'payload_too_large', 'unsupported_media_type', 'store_unavailable', 'overloaded'),
      },
    },
  }, async request => {
    const { scope, ticket_ids: ids } = request.body
    if (!ids) return await sync.flush(scope ?? 'due')
    if (scope) throw invalid('/scope', 'cannot be sent together with ticket_ids')
    const report = await sync.flush({ ids })
    const found = await repository.read(ids)
    return { ...report, results: found.map((answer, i) => ({ ticket_id: ids[i]!, ...stateOf(answer) })) }
  })

  app.get('/flush', {
    config: { access: 'ops' },
    handlerTimeout: HANDLER_TIMEOUT_MS,
    schema: {
      operationId: 'readBacklog',
      summary: 'How far MySQL is behind',
      description: 'Counts over all instances; last_flush is this instance\'s own.',
      tags: ['flush'],
      response: { 200: success('The backlog', BacklogSchema), ...problems('validation_failed', 'store_unavailable') },
    },
  }, async () => {
    const { unsynced, due, oldest_due_age_ms, dead, isIndexed, unreachable } = await sync.backlog()
    const indexes = config.LISTS === 'off' ? 'off' as const : isIndexed ? 'whole' as const : 'building' as const
    return { strategy: config.SYNC_STRATEGY, unsynced, due, oldest_due_age_ms, dead, indexes, ...(unreachable > 0 && { unreachable_partitions: unreachable }), last_flush: sync.lastFlush() }
  })
}

export default routes

function stateOf (answer: Found | Problem | null) {
  if (answer === null) return { state: 'not_found' }
  if (answer instanceof Problem) {
    if (answer.status === 503) throw answer
    if (answer.code === 'ticket_deleted') return { state: 'deleted' }
    return { state: 'unreadable' }
  }
  const { version, synced_version } = answer.ticket
  return { state: version === synced_version && !answer.pending ? 'synced' : 'unsynced', version, synced_version }
}
