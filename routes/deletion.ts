import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { callerOf } from '../src/auth/caller.ts'
import { Problem, invalid } from '../src/errors.ts'
import { ifMatch } from '../src/http/etag.ts'
import { IdempotencyKey, IdempotencyReplayed, idempotency } from '../src/http/idempotency.ts'
import { problems } from '../src/http/problems.ts'
import { Type } from '../src/util/schema.ts'
import { Params, WRITE_PROBLEMS, accepted } from './tickets.ts'

/** Delete tickets. */
const routes: FastifyPluginAsyncTypebox = async app => {
  const { repository } = app.tickets

  app.delete('/tickets/:id', {
    config: { access: 'erase' },
    schema: {
      operationId: 'deleteTicket',
      summary: 'Delete a ticket',
      description: 'What is left is a tombstone: the id, a newer version and the time, without anything of the customer. It is due at once, and takes the place of the ticket in MySQL. ' +
        'Until it expires, TICKET_RETENTION_SECONDS after MySQL has it, reads and changes of the ticket are 410, a create is 409. With If-Match only if the ticket still has that version.',
      tags: ['tickets'],
      params: Params,
      headers: Type.Object({
        'if-match': Type.Optional(Type.String({ description: 'The ETag of the version that is to be deleted; or a list of them, or *' })),
        'idempotency-key': Type.Optional(IdempotencyKey),
      }),
      response: {
        204: { description: 'The ticket was deleted', type: 'null', headers: { 'Idempotency-Replayed': IdempotencyReplayed } },
        202: accepted,
        ...problems('validation_failed', 'ticket_not_found', 'ticket_deleted', 'version_conflict', ...WRITE_PROBLEMS),
      },
    },
  }, async (request, reply) => {
    const { id } = request.params
    if (request.body !== undefined && request.body !== null) throw invalid('', 'must be empty: a deletion has no body')
    const condition = request.headers['if-match']
    const [deleted] = await repository.write([{
      op: 'delete',
      ticket_id: id,
      fields: {},
      ifMatch: ifMatch(condition),
      idempotency: idempotency(request, ['delete', id, condition ?? null]),
    }], { caller: callerOf(request) })
    if (deleted instanceof Problem) return reply.sendProblem(deleted)
    if (deleted!.replayed) reply.header('idempotency-replayed', 'true')
    if ('journaled' in deleted!) return reply.code(202).header('x-ticket-source', 'journal').send({ ticket_id: id, journaled: true })
    return reply.code(204).send(null)
  })
}

export default routes
