import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { HANDLER_TIMEOUT_MS, problems, success } from '../src/http/problems.ts'
import type { Position } from '../src/store/dead-letters.ts'
import { TicketId } from '../src/tickets/ticket.ts'
import { Type } from '../src/util/schema.ts'

const PAGE_MAX = 500
const PAGE_DEFAULT = 100
const TICKETS_PER_RETRY_MAX = 500

const example = { ticket_id: 1234, attempts: 5, reason: 'error 4025: CONSTRAINT `no_vip` failed for `tickets`.`wp_support_tickets`', died_at: 1_764_000_000 }

const Page = Type.Object({
  total: Type.Integer({ minimum: 0, description: 'Dead letters in all' }),
  tickets: Type.Array(Type.Object({
    ticket_id: TicketId,
    attempts: Type.Integer({ minimum: 0, description: 'How often it was tried' }),
    reason: Type.String({ description: 'Why the last attempt failed' }),
    died_at: Type.Integer({ minimum: 0, description: 'Unix seconds' }),
  }), { description: 'In the order in which they died' }),
  next: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'To be sent as `after` for the next page; null: this is the last' }),
}, { examples: [{ total: 1, tickets: [example], next: null }] })

const RetryBody = Type.Object({
  ticket_ids: Type.Optional(Type.Array(TicketId, { minItems: 1, maxItems: TICKETS_PER_RETRY_MAX, uniqueItems: true, description: 'These; default: all' })),
}, { additionalProperties: false, examples: [{ ticket_ids: [1234] }, {}] })

const Retried = Type.Object({
  redriven: Type.Integer({ minimum: 0, description: 'Tickets that are due again' }),
  missing: Type.Optional(Type.Array(TicketId, { description: 'Those of ticket_ids that are no dead letters' })),
}, { examples: [{ redriven: 1, missing: [] }] })

const toCursor = ({ score, id }: Position) => `${score}-${id}`

function fromCursor (cursor: string): Position {
  const [score, id] = cursor.split('-') as [string, string]
  return { score, id }
}

/** The tickets that MySQL refused for good. */
const routes: FastifyPluginAsyncTypebox = async app => {
  const { deadLetters } = app.tickets.sync

  app.get('/flush/dead', {
    config: { access: 'ops' },
    handlerTimeout: HANDLER_TIMEOUT_MS,
    schema: {
      operationId: 'listDeadLetters',
      summary: 'What MySQL refused, and why',
      description: 'Tickets that were refused FLUSH_MAX_ATTEMPTS times. They stay in Redis and can be read and changed; a change makes them due again.',
      tags: ['flush'],
      querystring: Type.Object({
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_MAX, default: PAGE_DEFAULT, description: 'Dead letters of one page', examples: [PAGE_DEFAULT] })),
        after: Type.Optional(Type.String({ pattern: '^\\d{1,16}-\\d{1,16}$', description: '`next` of the page before', examples: ['1764000000123-1234'] })),
      }, { additionalProperties: false }),
      response: { 200: success('A page of dead letters', Page), ...problems('validation_failed', 'store_unavailable') },
    },
  }, async request => {
    const { limit = PAGE_DEFAULT, after } = request.query
    const { total, deadLetters: tickets, next } = await deadLetters.list(limit, after === undefined ? undefined : fromCursor(after))
    return { total, tickets, next: next ? toCursor(next) : null }
  })

  app.post('/flush/dead/retry', {
    config: { access: 'ops' },
    handlerTimeout: HANDLER_TIMEOUT_MS,
    // curl -X POST without a body asks for all.
    preValidation: async request => { if (request.body === undefined) request.body = {} },
    schema: {
      operationId: 'retryDeadLetters',
      summary: 'Bring dead letters back',
      description: 'Makes them due again, with all their attempts before them. The next flush tries them; POST /flush does it at once.',
      tags: ['flush'],
      body: RetryBody,
      response: {
        200: success('What was brought back', Retried),
        ...problems('validation_failed', 'payload_too_large', 'unsupported_media_type', 'store_unavailable'),
      },
    },
  }, async request => {
    const { ticket_ids: ids } = request.body
    if (!ids) return { redriven: await deadLetters.redriveAll() }
    const redriven = new Set(await deadLetters.redrive(ids))
    return { redriven: redriven.size, missing: ids.filter(id => !redriven.has(id)) }
  })
}

export default routes
