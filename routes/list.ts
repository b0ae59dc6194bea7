import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import type { Config } from '../src/config.ts'
import { callerOf } from '../src/auth/caller.ts'
import { Problem, invalid } from '../src/errors.ts'
import { fromCursor, toCursor } from '../src/http/cursor.ts'
import { problems, success } from '../src/http/problems.ts'
import { TicketList, isOverloaded, toErrors } from '../src/http/ticket-list.ts'
import { INTEGER_MAX, UNIX_SECONDS_MAX } from '../src/tickets/fields.ts'
import { GROUP_FIELDS, SORT_FIELDS, type Filters, type GroupField, type Sort, type SortField } from '../src/tickets/query.ts'
import { TicketId } from '../src/tickets/ticket.ts'
import { Type, type Static } from '../src/util/schema.ts'

const TICKETS_PER_READ_MAX = 500
const TICKETS_PER_PAGE_MAX = 100
const TICKETS_PER_PAGE_DEFAULT = 50

/** Values of one filter. */
const VALUES_MAX = 100

const list = { style: 'form', explode: false, minItems: 1, maxItems: VALUES_MAX }
// An example is what Swagger UI sends when nothing else is chosen: what is one filter of many has none.
const Labels = (example: string) => Type.Optional(Type.Array(Type.String({ pattern: '^[^,\\s]([^,]{0,62}[^,\\s])?$' }), { ...list, description: `Comma-separated: one of these, such as ${example}` }))
const Seconds = (description: string) => Type.Optional(Type.Integer({ minimum: 0, maximum: UNIX_SECONDS_MAX, description: `Unix seconds, such as 1764000000: ${description}` }))

/** What a list may be asked for, beside what `ids` asks for. */
const filtersOf = (statuses: readonly string[]) => ({
  status: Type.Optional(Type.Array(Type.Enum([...statuses]), { ...list, description: 'Comma-separated: one of these', examples: [[statuses[0]!]] })),
  assigned_to: Type.Optional(Type.Array(Type.String({ pattern: '^(none|[1-9]\\d{0,15})$' }), { ...list, description: 'Comma-separated ids of agents, such as 7,none; `none`: unassigned' })),
  customer_id: Type.Optional(Type.Integer({ minimum: 1, maximum: INTEGER_MAX, description: 'The customer\'s id, such as 123' })),
  category: Labels('billing'),
  priority: Labels('high'),
  created_since: Seconds('created then or later'),
  created_until: Seconds('created then or earlier'),
  updated_since: Seconds('last changed then or later'),
  updated_until: Seconds('last changed then or earlier'),
})

const querystringOf = (statuses: readonly string[]) => Type.Object({
  ids: Type.Optional(Type.Array(TicketId, { minItems: 1, maxItems: TICKETS_PER_READ_MAX, description: 'Comma-separated ids, such as 1234,1235: these tickets, and no other parameter', style: 'form', explode: false })),
  ...filtersOf(statuses),
  sort: Type.Optional(Type.Enum(SORT_FIELDS.flatMap(field => [field, `-${field}`]), { description: '`-` descends; the id breaks ties. Default: -ticket_id', examples: ['-ticket_id'] })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: TICKETS_PER_PAGE_MAX, description: `Tickets of a page at most; default: ${TICKETS_PER_PAGE_DEFAULT}`, examples: [50] })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: '`next_cursor` of the page before, such as an answer has it' })),
  partial: Type.Optional(Type.Boolean({ description: 'true: where Redis, a part of a Cluster or MySQL cannot be asked, or not in time, what there is, and `incomplete`', examples: [false] })),
}, { additionalProperties: false })

type Asked = Static<ReturnType<typeof querystringOf>>

/** Lists of tickets: by their ids, or by what they are. */
const routes: FastifyPluginAsyncTypebox<{ config: Config }> = async (app, { config }) => {
  const { repository, list, count } = app.tickets

  /** @throws {Problem} not_supported */
  function refuseUnlisted () {
    if (config.LISTS === 'off') throw new Problem('not_supported', 'Lists and counts are turned off: LISTS=off. Set LISTS=on at every instance, which then builds the indexes that they need. GET /tickets?ids= needs none.')
  }

  app.get('/tickets', {
    config: { access: 'read' },
    schema: {
      operationId: 'listTickets',
      summary: 'List tickets',
      description: 'With `ids` up to 500 tickets by their ids: those that do not exist are in `missing`, those that are left because the answer is large in `unprocessed`. ' +
        'Else the tickets that fit the filters, in pages: fields are ANDed, the values of one ORed. A page may hold fewer than `limit`, or none, and still have a `next_cursor`: follow it until `has_more` is false.',
      tags: ['lists'],
      querystring: querystringOf(config.TICKET_STATUSES),
      response: {
        200: success('What was found, in the order of the ids or of the sort', Type.Object({
          tickets: Type.Array(Type.Unsafe({ $ref: 'Ticket#' })),
          next_cursor: Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'Of a list: what the next page is asked for with; null: this is the last' })),
          has_more: Type.Optional(Type.Boolean({ description: 'Of a list: whether there is a next page' })),
          incomplete: Type.Optional(Type.Array(Type.Enum(['redis', 'mysql']), { description: 'Only there with `partial=true`: what could not be asked, or not all of it' })),
          missing: Type.Optional(Type.Array(TicketId, { description: 'Of `ids`: those of which there is no ticket, or whose ticket was deleted' })),
          unprocessed: Type.Optional(Type.Array(TicketId, { description: 'Of `ids`: only there when the answer is as large as one may be, about 4 MiB: those that were not read. The next request asks for these' })),
          pending: Type.Optional(Type.Array(TicketId, { description: 'Only there while Redis is unavailable, or has just come back: tickets that are shown with changes that wait for it' })),
          stale: Type.Optional(Type.Array(TicketId, { description: 'Only there when Redis cannot be asked for some tickets: these are as MySQL has them, and Redis may hold newer versions. Their synced_version is null' })),
          from_mysql: Type.Optional(Type.Array(TicketId, { description: 'Only there when some tickets come from MySQL; these' })),
          errors: Type.Optional(Type.Array(Type.Object({ ticket_id: TicketId, error: Type.Unsafe({ $ref: 'Problem#' }) }), {
            description: 'Only there when a ticket could not be read; the others are not stopped by it. In a list it may fit the filters, or not',
          })),
        })),
        ...problems('validation_failed', 'not_supported', 'store_unavailable', 'overloaded'),
      },
    },
  }, async (request, reply) => {
    const answer = new TicketList(request.held, reply.raw)
    const caller = callerOf(request)
    reply.type('application/json; charset=utf-8')
    if (request.query.ids) {
      const other = Object.keys(request.query).find(name => name !== 'ids')
      if (other) throw invalid(`/${other}`, 'cannot be sent together with ids')
      const ids = [...new Set(request.query.ids)]
      const answers = await repository.read(ids, { caller, answer })
      // What cannot be asked is no part of an answer; an answer that holds nothing at all says that too much is asked for.
      const unavailable = answers.find(found => found instanceof Problem && found.status === 503 && (!isOverloaded(found) || answers.every(isOverloaded)))
      if (unavailable instanceof Problem) return reply.sendProblem(unavailable)
      return reply.send(answer.toJson(ids, answers, request.id))
    }
    refuseUnlisted()
    const { cursor, limit = TICKETS_PER_PAGE_DEFAULT, partial = false } = request.query
    const asked = { filters: toFilters(request.query), sort: toSort(request.query.sort) }
    const after = cursor === undefined ? undefined : fromCursor(asked, cursor)
    const { tickets, unread, next, incomplete } = await list({ ...asked, limit, after }, { caller, gone: goneOf(reply), answer, isPartial: partial })
    return reply.send(answer.toPage(tickets, {
      next_cursor: next ? toCursor(asked, next) : null,
      has_more: next !== undefined,
      ...(incomplete.length > 0 && { incomplete }),
      ...(unread.length > 0 && { errors: toErrors(unread, request.id) }),
    }))
  })

  app.get('/tickets/counts', {
    config: { access: 'read' },
    schema: {
      operationId: 'countTickets',
      summary: 'Count tickets',
      description: 'How many tickets fit the filters of GET /tickets, by a field: tickets that wait in Redis, and those of MySQL, each once, as it was at some moment of the request.',
      tags: ['lists'],
      querystring: Type.Object({
        group_by: Type.Enum([...GROUP_FIELDS], { description: 'What they are counted by', examples: ['status'] }),
        ...filtersOf(config.TICKET_STATUSES),
      }, { additionalProperties: false }),
      response: {
        200: success('The counts', Type.Object({
          counts: Type.Record(Type.String(), Type.Integer({ minimum: 1 }), { description: 'By the value of the field; `none`: those that have none. A category or priority that is really `none` is `=none` here, `=none` is `==none`, and so on' }),
          as_of: Type.Integer({ minimum: 0, description: 'Unix seconds' }),
        }, { examples: [{ counts: { open: 12, pending: 3 }, as_of: 1_764_000_000 }] })),
        ...problems('validation_failed', 'not_supported', 'store_unavailable', 'overloaded'),
      },
    },
  }, async (request, reply) => {
    refuseUnlisted()
    const { group_by: by, ...filters } = request.query
    const asOf = Math.floor(Date.now() / 1000)
    const counts = await count(toFilters(filters), by, { caller: callerOf(request), gone: goneOf(reply) })
    return { counts: Object.fromEntries(Array.from(counts, ([value, number]) => [toName(by, value), number])), as_of: asOf }
  })
}

export default routes

/** Ends when nobody waits for the answer any more. */
function goneOf ({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  if (raw.destroyed) gone.abort()
  else raw.once('close', () => { gone.abort() })
  return gone.signal
}

function toSort (sort: Asked['sort'] = '-ticket_id'): Sort {
  const isDescending = sort.startsWith('-')
  return { field: (isDescending ? sort.slice(1) : sort) as SortField, isDescending }
}

/** What a count is told by. A category or priority may be any text, `none` as well, which has a `=` more than what it would be taken for. */
function toName (by: GroupField, value: string): string {
  if (by === 'status') return value
  if (by === 'assigned_to') return value === '0' ? 'none' : value
  return value === '' ? 'none' : value.replace(/^=*none$/, '=$&')
}

/** @throws {Problem} validation_failed */
function toFilters ({ ids: _ids, sort: _sort, limit: _limit, cursor: _cursor, partial: _partial, assigned_to: assignees, ...filters }: Partial<Asked>): Filters {
  for (const name of ['created', 'updated'] as const) {
    const [since, until] = [filters[`${name}_since`], filters[`${name}_until`]]
    if (since !== undefined && until !== undefined && since > until) throw invalid(`/${name}_since`, `is after ${name}_until`)
  }
  const agents = assignees?.map(agent => agent === 'none' ? 0 : Number(agent))
  if (agents?.some(agent => agent > INTEGER_MAX)) throw invalid('/assigned_to', 'must be ids up to 2^53-1, or none')
  return { ...filters, ...(agents && { assigned_to: [...new Set(agents)] }) } as Filters
}
