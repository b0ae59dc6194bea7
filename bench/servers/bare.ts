/**
 * The service's routes and schemas as a plain Fastify app, without a store: what Fastify itself costs.
 * With MYSQL_URL and TABLE it inserts each new ticket into that table before it answers: the way without this service.
 * Argument: the port.
 */
import { fastify, type FastifySchema } from 'fastify'
import { createPool } from 'mysql2/promise'
import { TICKET } from '../lib/requests.ts'
import {
  batchRoutes, COLUMNS, createTicketSchemas, toDateTime, loadConfig, ProblemSchema, type Ticket, ticketRoutes, toRow, createCompilers,
} from '../lib/service-modules.ts'

/** Faster than 10, and as fast as 64; with prepared statements, which are faster than texts. */
const SQL_CONNECTIONS = 32

const { MYSQL_URL, TABLE } = process.env
const insert = MYSQL_URL && TABLE ? createInsert(MYSQL_URL, TABLE) : undefined

const schemas = createTicketSchemas(loadConfig({}).TICKET_STATUSES)
const compilers = createCompilers()
const routes = await schemasOfRoutes()
// As in the service nothing is coerced, stripped or filled in. Its schema of a batch holds words that only this Ajv overlooks.
const app = fastify({ ajv: { customOptions: { strict: false, coerceTypes: false, removeAdditional: false, useDefaults: false } } })
for (const schema of [ProblemSchema, schemas.Ticket, ...schemas.operations]) app.addSchema(schema)
const asInService = (route: string) => ({ schema: routes.get(route)!, validatorCompiler: compilers.validatorCompiler })

/** The schemas of the service's own routes, taken from them. */
async function schemasOfRoutes (): Promise<Map<string, FastifySchema>> {
  const found = new Map<string, FastifySchema>()
  // Never listens: it only hears which routes there are, and they find the decorator that they look for.
  const listener = fastify()
  listener.decorate('tickets', {} as never)
  listener.addHook('onRoute', ({ method, url, schema }) => { if (schema) found.set(`${String(method)} ${url}`, schema) })
  await ticketRoutes(listener as never, { schemas })
  await batchRoutes(listener as never, { schemas, compilers })
  return found
}

/** Inserts a ticket's row, committed by itself. */
function createInsert (uri: string, table: string) {
  const pool = createPool({ uri, charset: 'utf8mb4', connectionLimit: SQL_CONNECTIONS })
  const sql = `INSERT INTO ${table} (synced_at, ${COLUMNS.join(', ')}) VALUES (?, ${COLUMNS.map(() => '?').join(', ')})`
  return (ticket: object) => pool.execute(sql, [toDateTime(Math.floor(Date.now() / 1000)), ...toRow(ticket as Ticket)])
}

type Fields = Record<string, unknown> & { status?: string }
interface OneTicket { Params: { id: number }, Body: Fields }
interface ManyTickets { Body: { operations: { op: string, ticket_id: number }[] } }

function toTicket (id: number, fields: Fields) {
  const now = Date.now()
  const seconds = Math.floor(now / 1000)
  return { ticket_id: id, created_at: seconds, updated_at: seconds, version: now, synced_version: null, status: 'open', ...fields }
}

const known = toTicket(1, TICKET)

app.post<OneTicket>('/tickets/:id', asInService('POST /tickets/:id'), async (request, reply) => {
  const ticket = toTicket(request.params.id, request.body)
  if (insert) await insert(ticket)
  return reply.code(201).header('location', `/tickets/${ticket.ticket_id}`).header('etag', `"${ticket.version}"`).send(ticket)
})

app.patch<OneTicket>('/tickets/:id', asInService('PATCH /tickets/:id'), async (request, reply) => {
  return reply.header('etag', `"${known.version}"`).send({ ...known, ...request.body, ticket_id: request.params.id })
})

app.get<OneTicket>('/tickets/:id', asInService('GET /tickets/:id'), async (request, reply) => {
  return reply.header('x-ticket-source', 'redis').header('etag', `"${known.version}"`).send({ ...known, ticket_id: request.params.id })
})

app.post<ManyTickets>('/tickets/batch', { schema: routes.get('POST /tickets/batch')! }, async (request, reply) => {
  const version = Date.now()
  return reply.send({
    results: request.body.operations.map(({ op, ticket_id: id }) => ({ ticket_id: id, status: op === 'create' ? 201 : 200, version })),
  })
})

await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) })
