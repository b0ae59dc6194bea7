import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Erasure } from '../src/erasure/requests.ts'
import { HANDLER_TIMEOUT_MS, problems, success } from '../src/http/problems.ts'
import { FIELDS } from '../src/tickets/fields.ts'
import { Type, type Static } from '../src/util/schema.ts'

const count = (description: string) => Type.Integer({ minimum: 0, description })

const Id = Type.Integer({ minimum: 1, description: 'Of the erasure', examples: [1] })

const Status = Type.Object({
  erasure_id: Id,
  customer_id: Type.Unsafe<number | null>({ type: ['integer', 'null'], description: 'null when it is done: of whom it was is not kept' }),
  state: Type.Enum(['running', 'waiting', 'done'], { description: 'done: neither Redis, nor MySQL, nor the journal holds anything of the customer' }),
  waiting_for: Type.Unsafe<Erasure['waiting_for']>({
    type: ['string', 'null'],
    enum: ['redis', 'journal', 'mysql', 'flush', null],
    description: 'redis, mysql: it is unavailable; journal: writes that were accepted before are being applied; flush: MySQL does not have all tombstones yet. It goes on by itself',
  }),
  tickets: count('Tickets that were made tombstones'),
  answers: count('Stored answers to requests with an Idempotency-Key that were removed'),
  journal_entries: count('Entries of the journal that were removed'),
  requested_at: count('Unix seconds'),
  finished_at: Type.Unsafe<number | null>({ type: ['integer', 'null'], description: 'Unix seconds; null: it is not done' }),
}, { examples: [{ erasure_id: 1, customer_id: 123, state: 'running', waiting_for: null, tickets: 12, answers: 3, journal_entries: 0, requested_at: 1_764_000_000, finished_at: null }] })

const Body = Type.Object({
  customer_id: FIELDS.customer_id.schema,
}, { additionalProperties: false, examples: [{ customer_id: 987_654 }] })

/** Erase what there is of a customer. */
const routes: FastifyPluginAsyncTypebox = async app => {
  const { erasures } = app.tickets

  app.post('/erasures', {
    config: { access: 'erase' },
    handlerTimeout: HANDLER_TIMEOUT_MS,
    schema: {
      operationId: 'eraseCustomer',
      summary: 'Erase a customer',
      description: 'All tickets of the customer become tombstones, and all stored answers and journal entries that hold something of them go. It goes on in the background, also ' +
        'after a crash: GET /erasures/:id tells how far it is. A ticket that is created later stays. The same customer again while one is open is the same erasure.',
      tags: ['erasure'],
      body: Body,
      response: {
        202: success('It is being done', Status, { Location: { type: 'string', description: 'Where to ask how far it is' } }),
        ...problems('validation_failed', 'payload_too_large', 'unsupported_media_type', 'store_unavailable'),
      },
    },
  }, async (request, reply) => {
    const erasure = await erasures.request(request.body.customer_id)
    return await reply.code(202).header('location', `/erasures/${erasure.erasure_id}`).send(toBody(erasure))
  })

  app.get('/erasures/:id', {
    config: { access: 'erase' },
    handlerTimeout: HANDLER_TIMEOUT_MS,
    schema: {
      operationId: 'readErasure',
      summary: 'How far an erasure is',
      description: 'An erasure that waits goes on by itself.',
      tags: ['erasure'],
      params: Type.Object({ id: Id }),
      response: {
        200: success('The erasure', Status),
        ...problems('validation_failed', 'erasure_not_found', 'store_unavailable'),
      },
    },
  }, async request => toBody(await erasures.get(request.params.id)))
}

export default routes

function toBody ({ upToMs: _ms, upToSeq: _seq, ...erasure }: Erasure): Static<typeof Status> {
  return { ...erasure, state: erasure.finished_at !== null ? 'done' : erasure.waiting_for ? 'waiting' : 'running' }
}
