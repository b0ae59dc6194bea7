import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { HANDLER_TIMEOUT_MS, problems, success } from '../src/http/problems.ts'
import { RESYNC_REASONS } from '../src/store/resync-store.ts'
import { COMPARED_STATES, type Compared } from '../src/sync/compare.ts'
import type { ResyncStatus } from '../src/sync/resync.ts'
import { TicketId } from '../src/tickets/ticket.ts'
import { Type } from '../src/util/schema.ts'

const TICKETS_PER_CALL_MAX = 500

const count = (description: string) => Type.Integer({ minimum: 0, description })

const time = (description: string) => Type.Unsafe<number | null>({ type: ['integer', 'null'], description: `${description}, Unix seconds; null: it has not` })

const version = (description: string) => Type.Unsafe<number | null>({ type: ['integer', 'null'], description })

const Counts = {
  compared: count('Tickets that were compared with MySQL'),
  marked: count('Of these, the ones that MySQL lacks or holds in an older version than it had acknowledged: they are due now'),
  loaded: count('Of these, the ones that MySQL holds in a newer version, which was loaded into Redis'),
}

const Status = Type.Object({
  state: Type.Enum(['idle', 'needed', 'running'], { description: 'needed: it begins with the next flush of an instance that reaches Redis and MySQL' }),
  reason: Type.Unsafe<ResyncStatus['reason']>({ type: ['string', 'null'], enum: [...RESYNC_REASONS, null], description: 'Of the last one. requested: by POST /resync; mysql_lost: the service has found that MySQL lacks what it had acknowledged' }),
  started_at: time('When it began'),
  finished_at: time('When it ended'),
  ...Counts,
  unreachable_partitions: Type.Optional(count('Only there when some partitions of a Cluster cannot be reached: they are no part of the answer')),
}, { examples: [{ state: 'running', reason: 'requested', started_at: 1_764_000_000, finished_at: null, compared: 52_000, marked: 310, loaded: 0 }] })

const Comparison = Type.Object({
  ...Counts,
  results: Type.Array(Type.Object({
    ticket_id: TicketId,
    state: Type.Enum([...COMPARED_STATES], {
      description: 'in_step: MySQL holds the newest version; marked: MySQL lacks what it had acknowledged, and it is due now; loaded: MySQL held a newer version; ' +
        'unsynced: MySQL does not hold the newest version yet, as before; only_in_mysql: Redis does not hold it; unreadable: what one of the two holds is no ticket',
    }),
    version: version('In Redis when it was compared; null: Redis does not hold it'),
    mysql_version: version('In MySQL; null: MySQL does not hold it'),
  }), { description: 'One per ticket of ticket_ids' }),
}, { examples: [{ compared: 1, marked: 1, loaded: 0, results: [{ ticket_id: 1234, state: 'marked', version: 1_764_000_000_123, mysql_version: null }] }] })

const Body = Type.Object({
  ticket_ids: Type.Optional(Type.Array(TicketId, { minItems: 1, maxItems: TICKETS_PER_CALL_MAX, uniqueItems: true, description: 'These, at once; default: all that Redis holds, in the background' })),
}, { additionalProperties: false, examples: [{}, { ticket_ids: [1234] }] })

/** Compare Redis with a MySQL that was restored, emptied or replaced. */
const routes: FastifyPluginAsyncTypebox = async app => {
  const { resync } = app.tickets.sync

  app.post('/resync', {
    config: { access: 'ops' },
    handlerTimeout: HANDLER_TIMEOUT_MS,
    // curl -X POST without a body asks for all.
    preValidation: async request => { if (request.body === undefined) request.body = {} },
    schema: {
      operationId: 'resync',
      summary: 'Compare tickets with MySQL',
      description: 'For a MySQL that was restored from a backup, or whose table was changed or emptied. What MySQL does not hold as it had acknowledged is made due, and the next flush ' +
        'pushes it; what it holds in a newer version is loaded. With ticket_ids at once, else in the background: GET /resync tells how far it is. One runs at a time.',
      tags: ['flush'],
      body: Body,
      response: {
        200: success('What the comparison of ticket_ids found', Comparison),
        202: success('All tickets are being compared', Status),
        ...problems('validation_failed', 'payload_too_large', 'unsupported_media_type', 'store_unavailable'),
      },
    },
  }, async (request, reply) => {
    const { ticket_ids: ids } = request.body
    if (!ids) return await reply.code(202).send(toBody(await resync.start()))
    const compared = await resync.compareAndPush(ids)
    const results = compared.map(({ id, state, version, mysqlVersion }) => ({ ticket_id: id, state, version, mysql_version: mysqlVersion }))
    return { compared: compared.length, marked: countOf(compared, 'marked'), loaded: countOf(compared, 'loaded'), results }
  })

  app.get('/resync', {
    config: { access: 'ops' },
    handlerTimeout: HANDLER_TIMEOUT_MS,
    schema: {
      operationId: 'readResync',
      summary: 'How far a comparison of all tickets with MySQL is',
      description: 'The same from all instances. The figures of the last one stay.',
      tags: ['flush'],
      response: { 200: success('How far it is', Status), ...problems('validation_failed', 'store_unavailable') },
    },
  }, async () => toBody(await resync.status()))
}

export default routes

const toBody = ({ unreachable, ...status }: ResyncStatus) => ({ ...status, ...(unreachable > 0 && { unreachable_partitions: unreachable }) })

const countOf = (compared: readonly Compared[], state: Compared['state']) => compared.filter(ticket => ticket.state === state).length
