import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { ApiKey } from '../src/auth/api-keys.ts'
import { Problem, forbidden } from '../src/errors.ts'
import { callerOf } from '../src/auth/caller.ts'
import { ifMatch } from '../src/http/etag.ts'
import { IdempotencyKey, IdempotencyReplayed, fingerprintOf, idempotencyKey } from '../src/http/idempotency.ts'
import { problems, success } from '../src/http/problems.ts'
import type { Compilers } from '../src/http/compilers.ts'
import type { BatchOperation } from '../src/tickets/batch-operation.ts'
import { CHANGES, handlerOf, type Operation, type Statuses } from '../src/tickets/operation.ts'
import type { Journaled, Written } from '../src/tickets/repository.ts'
import { takeEmptyArray, type TicketSchemas } from '../src/tickets/ticket.ts'
import { Type, type Static, type TSchema } from '../src/util/schema.ts'
import { inTurns } from '../src/util/turns.ts'

const OPERATIONS_MAX = 500

/** Room for 500 tickets with all the custom fields that are usual, and for a good deal more in single ones. */
const BODY_LIMIT = 4 * 1024 * 1024

const bodyOf = <Item extends TSchema>(item: Item) => Type.Object({
  operations: Type.Array(item, { minItems: 1, maxItems: OPERATIONS_MAX, description: 'Operations on one ticket are applied in their order' }),
}, {
  additionalProperties: false,
  examples: [{
    operations: [
      { op: 'create', ticket_id: 1234, customer_id: 123, subject: 'Order issue' },
      { op: 'update', ticket_id: 1234, status: 'pending', assigned_to: 7 },
      { op: 'import', ticket_id: 7, customer_id: 123, status: 'closed', created_at: 1_551_700_000, updated_at: 1_551_800_000, closed_at: 1_551_790_000 },
    ],
  }],
})

/** What is wrong with the envelope is wrong with the request; each operation is judged by itself. */
const Envelope = bodyOf(Type.Unknown())

/** For the description, by name. */
const NamedOperation = Type.Unsafe<BatchOperation>({
  discriminator: { propertyName: 'op', mapping: Object.fromEntries(CHANGES.map(({ op, schema }) => [op, `#/components/schemas/${schema}`])) },
  oneOf: CHANGES.map(({ schema }) => ({ $ref: `${schema}#` })),
})

const Result = Type.Object({
  ticket_id: Type.Unsafe<number | null>({ type: ['integer', 'null'], description: 'null: the operation names none' }),
  status: Type.Integer({ description: 'What the single route would have answered' }),
  version: Type.Optional(Type.Integer({ description: 'The ticket\'s version after the operation' })),
  previous_version: Type.Optional(Type.Integer({ description: 'Update: the ticket\'s version before the operation. Whether another change came since you read the ticket' })),
  previous_updated_at: Type.Optional(Type.Integer({ description: 'Update: the ticket\'s `updated_at` before the operation' })),
  journaled: Type.Optional(Type.Literal(true, { description: 'Redis is unavailable: the operation is kept in MySQL, and applied when Redis is back' })),
  error: Type.Optional(Type.Unsafe<object>({ $ref: 'Problem#' })),
})

const Results = Type.Object({ results: Type.Array(Result, { description: 'One per operation, in their order' }) }, {
  examples: [{ results: [{ ticket_id: 1234, status: 201, version: 1_764_000_000_456 }, { ticket_id: 1200, status: 200, version: 1_764_000_000_457, previous_version: 1_764_000_000_123, previous_updated_at: 1_764_000_000 }] }],
})

/** The single routes' writes with a longer list. */
const routes: FastifyPluginAsyncTypebox<{ schemas: TicketSchemas, compilers: Compilers }> = async (app, { schemas, compilers }) => {
  const { statuses } = app.tickets
  const checkOperation = compilers.createCheck(Type.Unsafe({
    type: 'object',
    required: ['op'],
    discriminator: { propertyName: 'op' },
    oneOf: schemas.operations,
  }))

  app.post('/tickets/batch', {
    config: { access: 'write' },
    bodyLimit: BODY_LIMIT,
    // Before the body is read.
    onRequest: async request => { idempotencyKey(request) },
    validatorCompiler: part => compilers.validatorCompiler(part.httpPart === 'body' ? { ...part, schema: Envelope } : part),
    schema: {
      operationId: 'writeTickets',
      summary: 'Create, import, change and delete many tickets',
      description: `Up to ${OPERATIONS_MAX} operations. Each has a result of its own: one that fails does not stop the others. A delete needs the scope erase, too. An import is a create with the dates that the ticket has had elsewhere, and is due at once.`,
      tags: ['tickets'],
      headers: Type.Object({ 'idempotency-key': Type.Optional(IdempotencyKey) }),
      body: bodyOf(NamedOperation),
      response: {
        200: success('All operations succeeded', Results, { 'Idempotency-Replayed': IdempotencyReplayed }),
        207: success('Some operations did not succeed; `error` says why', Results, {
          'Idempotency-Replayed': IdempotencyReplayed,
          'Retry-After': { type: 'integer', description: 'Seconds; only there when a result is 503' },
        }),
        ...problems('validation_failed', 'payload_too_large', 'unsupported_media_type', 'idempotency_mismatch'),
      },
    },
  }, async (request, reply) => {
    const { operations } = request.body
    operations.forEach(takeEmptyArray)
    const judged = await inTurns(operations, operation => checkOperation(operation) ?? attempt(() => toOperation(operation, request.caller, statuses)))
    // Nothing is kept of a batch without a valid operation, so it needs no fingerprint.
    const key = judged.some(isOperation) ? idempotencyKey(request) : undefined
    if (key !== undefined) {
      const fingerprint = await fingerprintOf(operations)
      judged.forEach((operation, index) => { if (isOperation(operation)) operation.idempotency = { key, fingerprint, index } })
    }
    const written = await app.tickets.repository.write(judged.filter(isOperation), { caller: callerOf(request) })
    if (written.some(isMismatch) && written.every(answer => answer instanceof Problem)) return await reply.sendProblem(written.find(isMismatch)!)

    const answers = written.values()
    const outcomes = judged.map((operation, index) => {
      const outcome = isOperation(operation) ? answers.next().value! : operation
      return outcome instanceof Problem ? outcome.under(`/operations/${index}`) : outcome
    })
    const failures = outcomes.filter(outcome => outcome instanceof Problem)
    reply.failures = failures

    if (written.length > 0 && written.every(({ replayed }) => replayed)) reply.header('idempotency-replayed', 'true')
    const retryAfter = failures.find(({ status }) => status === 503)?.headers['retry-after']
    if (retryAfter) reply.header('retry-after', retryAfter)
    return await reply.code(failures.length === 0 ? 200 : 207).send({
      results: outcomes.map((outcome, i) => toResult(operations[i]!, outcome, request.id)),
    })
  })
}

export default routes

/**
 * @param caller null: nobody needs a key
 * @throws {Problem} validation_failed, forbidden
 */
function toOperation (operation: BatchOperation, caller: ApiKey | null, statuses: Statuses): Operation {
  const { op, ticket_id, if_match: condition, ...fields } = operation
  const { scope, check } = handlerOf(operation as unknown as Operation)
  if (scope && caller && !caller.scopes.has(scope)) throw forbidden(caller.name, scope)
  check?.(fields as never, statuses)
  return { op, ticket_id, fields, ifMatch: ifMatch(condition, '/if_match'), answer: 'version' } as Operation
}

function attempt<T> (work: () => T): T | Problem {
  try {
    return work()
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}

/** @param operation as it came: of one that was refused nothing is sure */
function toResult (operation: unknown, outcome: Written | Journaled | Problem, requestId: string): Static<typeof Result> {
  const { ticket_id } = (operation ?? {}) as Partial<BatchOperation>
  if (outcome instanceof Problem) return { ticket_id: isTicketId(ticket_id) ? ticket_id : null, status: outcome.status, error: outcome.toBody(requestId) }
  if ('journaled' in outcome) return { ticket_id: ticket_id!, status: 202, journaled: true }
  const { version, previous } = outcome
  return {
    ticket_id: ticket_id!,
    status: handlerOf(operation as Operation).status,
    version,
    ...(previous && { previous_version: previous.version, previous_updated_at: previous.updated_at }),
  }
}

const isTicketId = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1

const isOperation = (judged: Operation | Problem): judged is Operation => !(judged instanceof Problem)

const isMismatch = (answer: Written | Journaled | Problem): answer is Problem => answer instanceof Problem && answer.code === 'idempotency_mismatch'
