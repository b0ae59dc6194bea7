/**
 * The service's routes and schemas as a plain Fastify app, without a store: what Fastify itself costs.
 * With MYSQL_URL and TABLE it inserts each new ticket into that table before it answers: the way without this service.
 * Arguments: the port, and the statuses of tickets.
 */
import { fastify } from 'fastify'
import { TICKET } from '../lib/requests.mjs'
import { createInsert } from './insert.mjs'
import { serviceSchemas } from './service-schemas.mjs'
import { validatorCompiler } from '../../src/http/validation.ts'

const [port, ...statuses] = process.argv.slice(2)
const { MYSQL_URL, TABLE } = process.env

const { shared, routes } = await serviceSchemas(statuses)
const insert = MYSQL_URL && TABLE ? createInsert(MYSQL_URL, TABLE) : undefined

// As in the service nothing is coerced, stripped or filled in. Its schema of a batch holds words that only this Ajv overlooks.
const app = fastify({ ajv: { customOptions: { strict: false, coerceTypes: false, removeAdditional: false, useDefaults: false } } })
/** @param {string} route */
const asInService = (route) => ({ schema: routes[route], validatorCompiler: /** @type {import('fastify').FastifySchemaCompiler<unknown>} */ (validatorCompiler) })
for (const schema of shared) app.addSchema(schema)

/**
 * @typedef {Record<string, unknown> & { status?: string }} Fields
 * @typedef {{ Params: { id: number }, Body: Fields }} OneTicket
 * @typedef {{ Body: { operations: { op: string, ticket_id: number }[] } }} ManyTickets
 */

/**
 * @param {number} id
 * @param {Fields} fields
 */
function toTicket (id, fields) {
  const now = Date.now()
  const seconds = Math.floor(now / 1000)
  return { ticket_id: id, created_at: seconds, updated_at: seconds, version: now, synced_version: null, status: 'open', ...fields }
}

const known = toTicket(1, TICKET)

app.post('/tickets/:id', asInService('POST /tickets/:id'), async (/** @type {import('fastify').FastifyRequest<OneTicket>} */ request, reply) => {
  const ticket = toTicket(request.params.id, request.body)
  if (insert) await insert(ticket)
  return reply.code(201).header('location', `/tickets/${ticket.ticket_id}`).header('etag', `"${ticket.version}"`).send(ticket)
})

app.patch('/tickets/:id', asInService('PATCH /tickets/:id'), async (/** @type {import('fastify').FastifyRequest<OneTicket>} */ request, reply) => {
  return reply.header('etag', `"${known.version}"`).send({ ...known, ...request.body, ticket_id: request.params.id })
})

app.get('/tickets/:id', asInService('GET /tickets/:id'), async (/** @type {import('fastify').FastifyRequest<OneTicket>} */ request, reply) => {
  return reply.header('x-ticket-source', 'redis').header('etag', `"${known.version}"`).send({ ...known, ticket_id: request.params.id })
})

app.post('/tickets/batch', { schema: routes['POST /tickets/batch'] }, async (/** @type {import('fastify').FastifyRequest<ManyTickets>} */ request, reply) => {
  const version = Date.now()
  return reply.send({
    results: request.body.operations.map(({ op, ticket_id: id }) => ({ ticket_id: id, status: op === 'create' ? 201 : 200, version })),
  })
})

await app.listen({ host: '127.0.0.1', port: Number(port) })
