import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { toEtag } from '../src/http/etag.ts'
import { HANDLER_TIMEOUT_MS, problems, success } from '../src/http/problems.ts'
import type { Entry } from '../src/journal/entry.ts'
import { CHANGES } from '../src/tickets/operation.ts'
import { TicketId } from '../src/tickets/ticket.ts'
import { Type, type Static } from '../src/util/schema.ts'

const PAGE_MAX = 500
const PAGE_DEFAULT = 100

const example = {
  seq: 17,
  ticket_id: 1234,
  op: 'update',
  fields: { status: 'closed' },
  if_match: null,
  accepted_at: 1_764_000_000,
  state: 'conflict',
  reason: 'version_conflict: Ticket 1234 was changed after this change was accepted and before it could be applied.',
}

const count = (description: string) => Type.Integer({ minimum: 0, description })

const EntrySchema = Type.Object({
  seq: count('Its place in the journal'),
  ticket_id: TicketId,
  op: Type.Enum(CHANGES.map(({ op }) => op)),
  fields: Type.Unsafe<object>({ type: 'object', additionalProperties: true, description: 'What the caller sent' }),
  if_match: Type.Unsafe<string[] | null>({ type: ['array', 'null'], items: { type: 'string' }, description: 'The versions that the change was for; null: any' }),
  accepted_at: count('Unix seconds'),
  state: Type.Enum(['pending', 'conflict'], { description: 'pending: it is applied when Redis is back; conflict: an operator decides' }),
  reason: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'Why it could not be applied' }),
})

const Page = Type.Object({
  pending: count('Entries that wait to be applied'),
  conflicts: count('Entries that an operator applies or discards'),
  entries: Type.Array(EntrySchema, { description: 'In the order in which they were accepted' }),
  next: Type.Unsafe<number | null>({ type: ['integer', 'null'], description: 'To be sent as `after` for the next page; null: this is the last' }),
}, { examples: [{ pending: 0, conflicts: 1, entries: [example], next: null }] })

const Params = Type.Object({ seq: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Of the entry', examples: [17] }) })

const RESOLVE_PROBLEMS = ['validation_failed', 'journal_entry_not_found', 'journal_entry_pending', 'store_unavailable'] as const

const toBody = ({ seq, operation, ifMatch, acceptedAtMs, state, reason }: Entry): Static<typeof EntrySchema> => ({
  seq,
  ticket_id: operation.ticket_id,
  op: operation.op,
  fields: operation.fields,
  if_match: ifMatch?.slice() ?? null,
  accepted_at: Math.floor(acceptedAtMs / 1000),
  state,
  reason,
})

/** Writes that were accepted while Redis was unavailable. */
const routes: FastifyPluginAsyncTypebox = async app => {
  const { journal } = app.tickets

  app.get('/journal', {
    config: { access: 'ops' },
    handlerTimeout: HANDLER_TIMEOUT_MS,
    schema: {
      operationId: 'listJournal',
      summary: 'Writes that wait for Redis, or are in conflict',
      description: 'A write that was accepted while Redis was unavailable is in conflict when its ticket was changed by somebody else meanwhile, or when it cannot be applied at all. It is kept until an operator applies or discards it.',
      tags: ['journal'],
      querystring: Type.Object({
        state: Type.Optional(Type.Enum(['conflict', 'pending'], { default: 'conflict', description: 'Which entries are listed', examples: ['conflict'] })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_MAX, default: PAGE_DEFAULT, description: 'Entries of one page at most: it ends earlier where they have 1 MiB', examples: [PAGE_DEFAULT] })),
        after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: '`next` of the page before', examples: [17] })),
      }, { additionalProperties: false }),
      response: { 200: success('A page of entries', Page), ...problems('validation_failed', 'store_unavailable') },
    },
  }, async request => {
    const { state = 'conflict', limit = PAGE_DEFAULT, after } = request.query
    const [{ pending, conflict }, { entries, next = null }] = await Promise.all([journal.counts(), journal.find({ state, after, limit })])
    return { pending, conflicts: conflict, entries: entries.map(toBody), next }
  })

  app.post('/journal/:seq/apply', {
    config: { access: 'ops' },
    handlerTimeout: HANDLER_TIMEOUT_MS,
    schema: {
      operationId: 'applyJournalEntry',
      summary: 'Apply a change that is in conflict',
      description: 'Over what the ticket has become; If-Match is not looked at, and a create of a ticket that exists changes it. The entry is removed when it is done.',
      tags: ['journal'],
      params: Params,
      response: {
        204: { description: 'The entry deletes the ticket, and that was done', type: 'null' },
        200: success('The ticket after the change', { $ref: 'Ticket#' }, { ETag: { type: 'string', description: 'The ticket\'s version in quotes' } }),
        ...problems(...RESOLVE_PROBLEMS, 'ticket_not_found', 'ticket_deleted', 'outcome_unknown', 'overloaded'),
      },
    },
  }, async (request, reply) => {
    const { seq } = request.params
    const { ticket, version } = await journal.apply(seq)
    request.log.info({ seq, key: request.caller?.name, ticket_id: ticket?.ticket_id }, 'a journal entry was applied by an operator')
    return ticket ? reply.header('etag', toEtag(version)).send(ticket) : reply.code(204).send(null)
  })

  app.post('/journal/:seq/discard', {
    config: { access: 'ops' },
    handlerTimeout: HANDLER_TIMEOUT_MS,
    schema: {
      operationId: 'discardJournalEntry',
      summary: 'Give up a change that is in conflict',
      description: 'Answers the entry, which is removed.',
      tags: ['journal'],
      params: Params,
      response: { 200: success('The entry', EntrySchema), ...problems(...RESOLVE_PROBLEMS) },
    },
  }, async request => {
    const { seq } = request.params
    const entry = await journal.discard(seq)
    request.log.info({ seq, key: request.caller?.name, ticket_id: entry.operation.ticket_id }, 'a journal entry was discarded by an operator')
    return toBody(entry)
  })
}

export default routes
