import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { callerOf } from '../src/auth/caller.ts'
import type { Config } from '../src/config.ts'
import { Problem, overloaded } from '../src/errors.ts'
import { CURSOR_CHARACTERS_MAX, fromChangeCursor } from '../src/http/change-cursor.ts'
import { toChangesJson } from '../src/http/change-list.ts'
import { streamChanges } from '../src/http/change-stream.ts'
import { problems } from '../src/http/problems.ts'
import { TicketList } from '../src/http/ticket-list.ts'
import { hasNothing } from '../src/read-through/changes.ts'
import type { ChangeCursor } from '../src/tickets/changes.ts'
import { TicketId } from '../src/tickets/ticket.ts'
import { createBudget } from '../src/util/budget.ts'
import { Type } from '../src/util/schema.ts'

const CHANGES_MAX = 1000
const WAIT_MAX_SECONDS = 30

/** Clients that wait for changes, of all callers: each has a connection, and is woken at each change. */
const WAITING_MAX = 1000

const Querystring = Type.Object({
  since: Type.Optional(Type.String({ minLength: 1, maxLength: CURSOR_CHARACTERS_MAX, description: '`next_cursor` of the answer before; `now`: only what is still to come; without it all tickets, from the beginning', examples: ['now'] })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: CHANGES_MAX, description: `Tickets of an answer at most; default: ${CHANGES_MAX}`, examples: [100] })),
  wait: Type.Optional(Type.Integer({ minimum: 0, maximum: WAIT_MAX_SECONDS, description: 'Seconds to wait while nothing has changed; of no effect on events. Default: 0', examples: [0] })),
}, { additionalProperties: false })

const Answer = Type.Object({
  changes: Type.Array(Type.Object({
    ticket_id: TicketId,
    version: Type.Integer({ description: 'Of the ticket, or of its deletion. A lower one than you have is outdated' }),
    deleted: Type.Boolean(),
    ticket: Type.Unsafe({ anyOf: [{ $ref: 'Ticket#' }, { type: 'null' }], description: 'As it is now; null: it was deleted' }),
  })),
  next_cursor: Type.String({ description: 'What to ask with next' }),
  has_more: Type.Boolean({ description: 'Whether there is more already' }),
  errors: Type.Optional(Type.Array(Type.Object({ ticket_id: TicketId, error: Type.Unsafe({ $ref: 'Problem#' }) }), {
    description: 'Only there when a ticket that has changed cannot be read; the others are not stopped by it',
  })),
})

const EVENT_STREAM = 'text/event-stream'

const wantsEvents = ({ headers }: FastifyRequest): boolean => headers.accept?.split(',').some(type => type.split(';', 1)[0]!.trim().toLowerCase() === EVENT_STREAM) ?? false

/** What changed: by pages, with long polls, or as events. */
const routes: FastifyPluginAsyncTypebox<{ config: Config }> = async (app, { config }) => {
  const { changes, changeSignal, traffic } = app.tickets
  const isLogged = config.CHANGES_RETENTION_SECONDS > 0
  const waiting = createBudget(WAITING_MAX, undefined, app.countOverload)
  const stopping = new AbortController()
  app.addHook('preClose', async () => { stopping.abort() })
  let open = 0
  app.metrics.gauge({ name: 'tickets_changes_clients', help: 'Clients that wait for changes, by long polls and streams of events', read: () => open })

  /**
   * Lets a client wait, until its connection closes or the service stops.
   * @throws {Problem} overloaded
   */
  function admit (request: FastifyRequest, { raw }: FastifyReply): AbortSignal {
    const account = waiting.take(callerOf(request), 1, 0)
    if (!account) throw overloaded(new Error('too many clients wait for changes'))
    const gone = new AbortController()
    open += 1
    raw.once('close', () => {
      gone.abort()
      open -= 1
      waiting.give(account, 1, 0)
    })
    return AbortSignal.any([gone.signal, stopping.signal])
  }

  app.get('/changes', {
    config: { access: 'read' },
    schema: {
      operationId: 'listChanges',
      summary: 'Read what changed',
      description: 'Each ticket that has changed since the cursor, as it is now, at least once, and per ticket in order: keep the highest version. Without `since` all tickets are told first. ' +
        'With `Accept: text/event-stream` the changes come as server-sent events `change`, whose id is the cursor.',
      tags: ['lists'],
      querystring: Querystring,
      headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ maxLength: CURSOR_CHARACTERS_MAX, description: 'Of events: the id of the last one, which counts instead of `since`' })) }),
      response: {
        200: {
          description: 'What has changed',
          content: {
            'application/json': { schema: Answer },
            [EVENT_STREAM]: { schema: Type.String({ description: 'Events, until the client or the service ends' }) },
          } as object,
        },
        ...problems('validation_failed', 'cursor_expired', 'not_supported', 'store_unavailable', 'overloaded'),
      },
    },
  }, async (request, reply) => {
    if (!isLogged) throw new Problem('not_supported', 'There is no change log: CHANGES_RETENTION_SECONDS is 0.')
    traffic.discount()
    const { query: { since, limit = CHANGES_MAX, wait = 0 }, held, id } = request
    const caller = callerOf(request)
    const isStream = wantsEvents(request)
    const read = (cursor: ChangeCursor | undefined, answer: TicketList) => changes.page(cursor, limit, { caller, answer })
    const ending = isStream || wait > 0 ? admit(request, reply) : stopping.signal
    const until = performance.now() + wait * 1000

    let cursor = await toCursor(since, isStream ? request.headers['last-event-id'] : undefined)
    let answer = new TicketList(held, reply.raw)
    let seen = changeSignal.count()
    let page = await read(cursor, answer)
    if (isStream) {
      reply.type(`${EVENT_STREAM}; charset=utf-8`).header('x-accel-buffering', 'no')
      return reply.send(Readable.from(streamChanges({ first: { page, answer, seen }, read, signal: changeSignal, requestId: id, held, response: reply.raw, ending }), { objectMode: false, highWaterMark: 1 }))
    }
    while (hasNothing(page) && performance.now() < until && await changeSignal.wait(seen, until - performance.now(), ending)) {
      cursor = page.next
      answer = new TicketList(held, reply.raw)
      seen = changeSignal.count()
      page = await read(cursor, answer)
    }
    return reply.type('application/json; charset=utf-8').send(toChangesJson(page, answer, id))
  })

  /** undefined: the beginning. */
  async function toCursor (since: string | undefined, lastEventId: string | undefined): Promise<ChangeCursor | undefined> {
    if (lastEventId) return fromChangeCursor(lastEventId, '/last-event-id')
    if (since === 'now') return await changes.end()
    return since === undefined ? undefined : fromChangeCursor(since, '/since')
  }
}

export default routes
