import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { callerOf } from '../src/auth/caller.ts'
import { Problem, ticketNotFound } from '../src/errors.ts'
import { ifMatch, ifNoneMatch, toEtag } from '../src/http/etag.ts'
import { IdempotencyKey, IdempotencyReplayed, idempotency } from '../src/http/idempotency.ts'
import { Prefer, PreferenceApplied, RETURN_MINIMAL, prefersMinimal } from '../src/http/prefer.ts'
import { problems, success } from '../src/http/problems.ts'
import type { Journaled, Written } from '../src/tickets/repository.ts'
import { TicketId, takeEmptyArray, type TicketSchemas } from '../src/tickets/ticket.ts'
import { Type } from '../src/util/schema.ts'

export const Params = Type.Object({ id: Type.Integer({ ...TicketId, examples: [1234] }) })

const etag = { type: 'string', description: 'The ticket\'s version in quotes', examples: ['"1764000000123"'] }
const ticket = { $ref: 'Ticket#' }

const TicketSource = { type: 'string', enum: ['redis', 'mysql'], description: 'Where the answer comes from' }
const PendingChanges = { type: 'integer', description: 'Only there while Redis is unavailable, or has just come back: the number of changes that wait for it. The ticket is shown with them, under the version that it has without them, and there is no ETag' }

const Stale = { type: 'string', enum: ['true'], description: 'Only there when Redis cannot be asked: MySQL has answered, and Redis may hold a newer version. synced_version is null, and there is no ETag' }

const JournaledSchema = Type.Object({
  ticket_id: TicketId,
  journaled: Type.Literal(true, { description: 'The change is kept in MySQL, and applied when Redis is back' }),
}, { examples: [{ ticket_id: 1234, journaled: true }] })

/** The answer to a write that Redis could not take. */
export const accepted = success('Redis is unavailable: the write is kept in MySQL, and applied when Redis is back. GET /journal lists it if that is not possible then', JournaledSchema, {
  'Idempotency-Replayed': IdempotencyReplayed,
  'X-Ticket-Source': { type: 'string', enum: ['journal'], description: 'Where the write is' },
})

/** What any write may answer. */
export const WRITE_PROBLEMS = ['payload_too_large', 'unsupported_media_type', 'idempotency_mismatch', 'store_unavailable', 'outcome_unknown', 'overloaded'] as const

/** Create, change and read tickets. */
const routes: FastifyPluginAsyncTypebox<{ schemas: TicketSchemas }> = async (app, { schemas }) => {
  const { repository } = app.tickets

  app.addHook('preValidation', ({ body }, _reply, done) => {
    takeEmptyArray(body)
    done()
  })

  app.post('/tickets/:id', {
    config: { access: 'write' },
    schema: {
      operationId: 'createTicket',
      summary: 'Create a ticket',
      description: 'The id is the caller\'s: a WordPress post or row id. An id that Redis or MySQL holds is refused, and one that was deleted, until its tombstone expires. The answer comes when Redis has the ticket.',
      tags: ['tickets'],
      params: Params,
      headers: Type.Object({ 'idempotency-key': Type.Optional(IdempotencyKey), prefer: Type.Optional(Prefer) }),
      body: schemas.CreateTicket,
      response: {
        201: success('The ticket was created. With `Prefer: return=minimal` there is no body', ticket, {
          Location: { type: 'string', description: 'Where the ticket is', examples: ['/tickets/1234'] },
          ETag: etag,
          'Preference-Applied': PreferenceApplied,
          'Idempotency-Replayed': IdempotencyReplayed,
        }),
        202: accepted,
        ...problems('validation_failed', 'ticket_exists', ...WRITE_PROBLEMS),
      },
    },
  }, async (request, reply) => {
    const { id } = request.params
    const isMinimal = prefersMinimal(request.headers.prefer)
    const [created] = await repository.write([{
      op: 'create',
      ticket_id: id,
      fields: request.body,
      idempotency: idempotency(request, ['create', id, request.body]),
      answer: isMinimal ? 'version' : undefined,
    }], { caller: callerOf(request) })
    if (created instanceof Problem) return reply.sendProblem(created)
    return sendWritten(reply, id, created!, 201, isMinimal)
  })

  app.patch('/tickets/:id', {
    config: { access: 'write' },
    schema: {
      operationId: 'changeTicket',
      summary: 'Change a ticket',
      description: 'A field that is absent stays, null removes an optional field, custom_fields is merged key by key. With If-Match the change is applied only if the ticket still has that version.',
      tags: ['tickets'],
      params: Params,
      headers: Type.Object({
        'if-match': Type.Optional(Type.String({ description: 'The ETag of the version that the change is for, as it came: W/ before it does not count; or a list of them, or *' })),
        'idempotency-key': Type.Optional(IdempotencyKey),
        prefer: Type.Optional(Prefer),
      }),
      body: schemas.PatchTicket,
      response: {
        200: success('The whole ticket after the change', ticket, { ETag: etag, 'Idempotency-Replayed': IdempotencyReplayed }),
        204: {
          description: 'The ticket was changed, and `Prefer: return=minimal` asks for no body',
          type: 'null',
          headers: { ETag: etag, 'Preference-Applied': PreferenceApplied, 'Idempotency-Replayed': IdempotencyReplayed },
        },
        202: accepted,
        ...problems('validation_failed', 'ticket_not_found', 'ticket_deleted', 'version_conflict', ...WRITE_PROBLEMS),
      },
    },
  }, async (request, reply) => {
    const { id } = request.params
    const condition = request.headers['if-match']
    const isMinimal = prefersMinimal(request.headers.prefer)
    const [changed] = await repository.write([{
      op: 'update',
      ticket_id: id,
      fields: request.body,
      ifMatch: ifMatch(condition),
      idempotency: idempotency(request, ['update', id, condition, request.body]),
      answer: isMinimal ? 'version' : undefined,
    }], { caller: callerOf(request), answer: request.held ?? undefined })
    if (changed instanceof Problem) return reply.sendProblem(changed)
    return sendWritten(reply, id, changed!, isMinimal ? 204 : 200, isMinimal)
  })

  app.get('/tickets/:id', {
    config: { access: 'read' },
    schema: {
      operationId: 'readTicket',
      summary: 'Read a ticket',
      description: 'From Redis; from MySQL when Redis no longer holds it.',
      tags: ['tickets'],
      params: Params,
      headers: Type.Object({ 'if-none-match': Type.Optional(Type.String({ description: 'An ETag: 304 while the ticket has that version' })) }),
      response: {
        200: success('The ticket', ticket, {
          ETag: etag,
          'X-Ticket-Source': TicketSource,
          'X-Ticket-Stale': Stale,
          'X-Ticket-Pending-Changes': PendingChanges,
        }),
        304: { description: 'The ticket has the version of If-None-Match', type: 'null' },
        ...problems('validation_failed', 'ticket_not_found', 'ticket_deleted', 'store_unavailable', 'overloaded'),
      },
    },
  }, async (request, reply) => {
    const { id } = request.params
    const [found] = await repository.read([id], { keep: true, caller: callerOf(request), answer: request.held ?? undefined })
    if (found instanceof Problem) return reply.sendProblem(found)
    if (!found) return reply.sendProblem(ticketNotFound(id))
    reply.header('x-ticket-source', found.source)
    if (found.isStale) reply.header('x-ticket-stale', 'true')
    if (found.pending) reply.header('x-ticket-pending-changes', found.pending)
    // There is no version to name: what is shown is none that Redis is known to hold.
    if (found.isStale || found.pending) return reply.send(found.ticket)
    reply.header('etag', toEtag(found.ticket.version))
    if (ifNoneMatch(request.headers['if-none-match'], found.ticket.version)) return reply.code(304).send(null)
    return reply.send(found.ticket)
  })
}

export default routes

/**
 * @param status of a success
 * @param isMinimal a success has no body; that a write is journaled is said all the same
 */
function sendWritten (reply: FastifyReply, id: number, written: Written | Journaled, status: 200 | 201 | 204, isMinimal: boolean): FastifyReply {
  if (written.replayed) reply.header('idempotency-replayed', 'true')
  if ('journaled' in written) return reply.code(202).header('x-ticket-source', 'journal').send({ ticket_id: id, journaled: true })
  const { ticket, version } = written
  reply.code(status).header('etag', toEtag(version))
  if (status === 201) reply.header('location', `/tickets/${id}`)
  return isMinimal ? reply.header('preference-applied', RETURN_MINIMAL).send() : reply.send(ticket)
}
