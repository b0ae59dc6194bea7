import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { webhookNotFound } from '../src/errors.ts'
import { HANDLER_TIMEOUT_MS, problems, success } from '../src/http/problems.ts'
import { TicketId } from '../src/tickets/ticket.ts'
import { Type, type Static } from '../src/util/schema.ts'
import { EVENTS, NAME_PATTERN } from '../src/webhooks/targets.ts'
import type { Webhook } from '../src/webhooks/webhooks.ts'

const TICKETS_PER_RETRY_MAX = 500

/** Dead deliveries that are shown. */
const DEAD_SHOWN_MAX = 100

const STATES = ['active', 'failing', 'paused', 'disabled'] as const

const count = (description: string) => Type.Integer({ minimum: 0, description })

const time = (description: string) => Type.Unsafe<number | null>({ type: ['integer', 'null'], description: `${description}, Unix seconds; null: never` })

const Status = {
  name: Type.String({ description: 'Of WEBHOOKS' }),
  url: Type.String({ description: 'Without user, password and query' }),
  events: Type.Array(Type.Enum([...EVENTS])),
  state: Type.Enum([...STATES], { description: 'failing: the last attempt failed; paused: the target has asked for that with Retry-After; disabled: it has answered 410' }),
  waiting: count('Deliveries that have not been made yet'),
  dead: count('Deliveries that were given up and are kept'),
  dropped: count('Dead deliveries that were dropped, because newer ones took their place'),
  gaps: count('How often the change log did not hold what the target was to be told of next'),
  last_success_at: time('The last attempt that succeeded'),
  last_failure_at: time('The last attempt that failed'),
  last_failure: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'What it failed with' }),
  last_gap_at: time('The last gap'),
  disabled_at: time('When it was disabled'),
  paused_until: time('When it is sent to again'),
}

const example = {
  name: 'crm',
  url: 'https://crm.example/hooks/tickets',
  events: [...EVENTS],
  state: 'failing',
  waiting: 2,
  dead: 1,
  dropped: 0,
  gaps: 0,
  last_success_at: 1_764_000_000,
  last_failure_at: 1_764_000_300,
  last_failure: 'HTTP 500',
  last_gap_at: null,
  disabled_at: null,
  paused_until: null,
}

const List = Type.Object({ webhooks: Type.Array(Type.Object(Status)) }, { examples: [{ webhooks: [example] }] })

const One = Type.Object({
  ...Status,
  dead_deliveries: Type.Array(Type.Object({
    ticket_id: TicketId,
    version: Type.Integer(),
    type: Type.String(),
    attempts: count('How often it was tried'),
    reason: Type.String({ description: 'Why the last attempt failed' }),
    died_at: Type.Integer({ description: 'Unix seconds' }),
  }), { description: `The last ${DEAD_SHOWN_MAX}, the newest first` }),
}, { examples: [{ ...example, dead_deliveries: [{ ticket_id: 1234, version: 1_764_000_000_123, type: 'ticket.changed', attempts: 8, reason: 'HTTP 500', died_at: 1_764_000_300 }] }] })

const RetryBody = Type.Object({
  ticket_ids: Type.Optional(Type.Array(TicketId, { minItems: 1, maxItems: TICKETS_PER_RETRY_MAX, uniqueItems: true, description: 'Those of these tickets; default: all' })),
}, { additionalProperties: false, examples: [{ ticket_ids: [1234] }, {}] })

const Retried = Type.Object({
  redriven: count('Deliveries that are due now'),
  missing: Type.Optional(Type.Array(TicketId, { description: 'Those of ticket_ids of which no delivery is dead or waits' })),
}, { examples: [{ redriven: 1, missing: [] }] })

const Params = Type.Object({ name: Type.String({ pattern: NAME_PATTERN, description: 'A name of WEBHOOKS', examples: ['crm'] }) })

function stateOf ({ disabledAt, pausedUntil, isFailing }: Webhook): typeof STATES[number] {
  if (disabledAt !== null) return 'disabled'
  if (pausedUntil !== null) return 'paused'
  return isFailing ? 'failing' : 'active'
}

const toStatus = (webhook: Webhook): Static<typeof List>['webhooks'][number] => ({
  name: webhook.name,
  url: webhook.url,
  events: webhook.events as typeof EVENTS[number][],
  state: stateOf(webhook),
  waiting: webhook.waiting,
  dead: webhook.dead,
  dropped: webhook.dropped,
  gaps: webhook.gaps,
  last_success_at: webhook.succeededAt,
  last_failure_at: webhook.failedAt,
  last_failure: webhook.failure,
  last_gap_at: webhook.gapAt,
  disabled_at: webhook.disabledAt,
  paused_until: webhook.pausedUntil,
})

/** Who is told of changes, and what could not be told. */
const routes: FastifyPluginAsyncTypebox = async app => {
  const { webhooks } = app.tickets

  app.get('/webhooks', {
    config: { access: 'ops' },
    handlerTimeout: HANDLER_TIMEOUT_MS,
    schema: {
      operationId: 'listWebhooks',
      summary: 'Who is told of changes, and how that goes',
      description: 'The targets of WEBHOOKS, without their secrets.',
      tags: ['webhooks'],
      response: { 200: success('The webhooks', List), ...problems('validation_failed', 'store_unavailable') },
    },
  }, async () => ({ webhooks: (await webhooks.list()).map(toStatus) }))

  app.get('/webhooks/:name', {
    config: { access: 'ops' },
    handlerTimeout: HANDLER_TIMEOUT_MS,
    schema: {
      operationId: 'getWebhook',
      summary: 'One webhook, and the deliveries that were given up',
      description: 'A delivery is given up after the last of WEBHOOK_RETRY_SECONDS.',
      tags: ['webhooks'],
      params: Params,
      response: { 200: success('The webhook', One), ...problems('validation_failed', 'webhook_not_found', 'store_unavailable') },
    },
  }, async request => {
    const webhook = await webhooks.read(request.params.name, DEAD_SHOWN_MAX)
    if (!webhook) throw webhookNotFound()
    return {
      ...toStatus(webhook),
      dead_deliveries: webhook.deadDeliveries.map(({ ticketId, version, type, attempts, reason, diedAtMs }) => ({ ticket_id: ticketId, version, type, attempts, reason, died_at: Math.floor(diedAtMs / 1000) })),
    }
  })

  app.post('/webhooks/:name/retry', {
    config: { access: 'ops' },
    handlerTimeout: HANDLER_TIMEOUT_MS,
    // curl -X POST without a body asks for all.
    preValidation: async request => { if (request.body === undefined) request.body = {} },
    schema: {
      operationId: 'retryWebhook',
      summary: 'Send again what could not be delivered',
      description: 'Makes dead deliveries, and those that wait for their next attempt, due at once, with all their attempts before them. Enables a webhook that was disabled.',
      tags: ['webhooks'],
      params: Params,
      body: RetryBody,
      response: {
        200: success('What is sent again', Retried),
        ...problems('validation_failed', 'webhook_not_found', 'payload_too_large', 'unsupported_media_type', 'store_unavailable'),
      },
    },
  }, async request => {
    const { name } = request.params
    const retried = await webhooks.retry(name, request.body.ticket_ids)
    if (!retried) throw webhookNotFound()
    request.log.info({ target: name, key: request.caller?.name, redriven: retried.redriven }, 'deliveries of a webhook were made due by an operator')
    return retried
  })
}

export default routes
