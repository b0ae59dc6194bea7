import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Problem, ticketNotFound } from '../src/errors.ts'
import { HANDLER_TIMEOUT_MS, problems, success } from '../src/http/problems.ts'
import type { TicketPush } from '../src/store/ticket-push.ts'
import { Type, type Static } from '../src/util/schema.ts'
import { Params } from './tickets.ts'

const orNull = (type: 'integer' | 'string', description: string) => Type.Unsafe<number | null>({ type: [type, 'null'], description })

const STATES = ['synced', 'open', 'scheduled', 'due', 'claimed', 'dead', 'unmarked'] as const

const Push = Type.Object({
  ticket_id: Type.Integer(),
  state: Type.Enum([...STATES], {
    description: 'synced: MySQL holds the newest version; open: it is not due until it is closed; scheduled: due at due_at, after a refusal or a pause; due: since due_at; claimed: a flush is bringing it to MySQL; ' +
      'dead: MySQL refused it for good; unmarked: it is ahead of MySQL and has no mark, which another program has taken out: POST /resync makes it due',
  }),
  version: orNull('integer', 'null: what Redis holds cannot be read'),
  synced_version: orNull('integer', 'The version that MySQL holds; null: none, as far as Redis knows'),
  deleted: Type.Boolean({ description: 'It is the tombstone of a deleted ticket that stands so' }),
  due_at: orNull('integer', 'Unix seconds; null where the state is neither due nor scheduled'),
  attempts: Type.Integer({ minimum: 0, description: 'How often MySQL has refused it since it last changed or was retried' }),
  reason: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'Why the last attempt failed' }),
  died_at: orNull('integer', 'Unix seconds since when it is a dead letter'),
}, {
  examples: [{ ticket_id: 1234, state: 'dead', version: 1_764_000_000_123, synced_version: null, deleted: false, due_at: null, attempts: 5, reason: 'error 4025: CONSTRAINT `no_vip` failed for `tickets`.`wp_support_tickets`', died_at: 1_764_000_000 }],
})

/** How one ticket stands on its way to MySQL. */
const routes: FastifyPluginAsyncTypebox = async app => {
  const { repository, sync } = app.tickets

  app.get('/flush/:id', {
    config: { access: 'ops' },
    handlerTimeout: HANDLER_TIMEOUT_MS,
    schema: {
      operationId: 'readTicketPush',
      summary: 'How a ticket stands on its way to MySQL',
      description: 'Since when it is due, and what MySQL has said of it. POST /flush with its id pushes it now.',
      tags: ['flush'],
      params: Params,
      response: { 200: success('How it stands', Push), ...problems('validation_failed', 'ticket_not_found', 'store_unavailable', 'overloaded') },
    },
  }, async request => {
    const { id } = request.params
    const push = await sync.inspect(id)
    if (push.version === undefined && !push.isForeign && push.mark === 'none') return await outsideRedis(id)
    return toBody(id, push)
  })

  /** MySQL may hold it alone. */
  async function outsideRedis (id: number): Promise<Static<typeof Push>> {
    const [found] = await repository.read([id])
    if (!found) throw ticketNotFound(id)
    const isDeleted = found instanceof Problem && found.code === 'ticket_deleted'
    if (found instanceof Problem && !isDeleted) throw found
    const version = found instanceof Problem ? undefined : found.ticket.version
    return toBody(id, { mark: 'none', dueAt: null, diedAt: null, failure: null, isDeleted, isForeign: false, ...(version !== undefined && { version, syncedVersion: version }) })
  }
}

export default routes

function toBody (id: number, { mark, dueAt, diedAt, failure, version, syncedVersion, isDeleted, isForeign }: TicketPush): Static<typeof Push> {
  return {
    ticket_id: id,
    state: mark !== 'none' ? mark : isForeign || version !== syncedVersion ? 'unmarked' : 'synced',
    version: version ?? null,
    synced_version: syncedVersion ?? null,
    deleted: isDeleted,
    due_at: dueAt,
    attempts: failure?.attempts ?? 0,
    reason: failure?.reason ?? null,
    died_at: diedAt,
  }
}
