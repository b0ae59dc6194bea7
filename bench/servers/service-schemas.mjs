/** The schemas of the service's own routes, taken from them, so that a plain route beside them validates and answers the same. */
import { fastify } from 'fastify'
import batchRoutes from '../../routes/batch.ts'
import ticketRoutes from '../../routes/tickets.ts'
import { ProblemSchema } from '../../src/http/problems.ts'
import { createTicketSchemas } from '../../src/tickets/ticket.ts'

/** @typedef {import('fastify').FastifySchema} Schema */

/**
 * @param {readonly string[]} statuses TICKET_STATUSES
 * @returns {Promise<{ shared: object[], routes: Record<string, Schema> }>} those that routes name, and each route's
 */
export async function serviceSchemas (statuses) {
  const schemas = createTicketSchemas(statuses)
  /** @type {Record<string, Schema>} */
  const routes = {}
  // Never listens: it only hears which routes there are, and they find the decorator that they look for.
  const listener = fastify()
  listener.decorate('tickets', /** @type {never} */ ({}))
  listener.addHook('onRoute', ({ method, url, schema }) => { if (schema) routes[`${method} ${url}`] = schema })
  await ticketRoutes(/** @type {never} */ (listener), { schemas })
  await batchRoutes(/** @type {never} */ (listener), { schemas })
  return { shared: [ProblemSchema, schemas.Ticket, ...schemas.operations], routes }
}
