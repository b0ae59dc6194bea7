/** The schemas of the service's own routes, taken from them, so that a plain route beside them validates and answers the same. */
import { fastify } from 'fastify'
import { built } from './built.mjs'

/** @typedef {import('fastify').FastifySchema} Schema */

/**
 * @param {readonly string[]} statuses TICKET_STATUSES
 * @returns {Promise<{ shared: object[], routes: Record<string, Schema> }>} those that routes name, and each route's
 */
export async function serviceSchemas (statuses) {
  const [{ createTicketSchemas }, { ProblemSchema }, { default: ticketRoutes }, { default: batchRoutes }] = await Promise.all([
    /** @type {Promise<typeof import('../../src/tickets/ticket.js')>} */ (built('src/tickets/ticket.js')),
    /** @type {Promise<typeof import('../../src/http/problems.js')>} */ (built('src/http/problems.js')),
    /** @type {Promise<typeof import('../../routes/tickets.js')>} */ (built('routes/tickets.js')),
    /** @type {Promise<typeof import('../../routes/batch.js')>} */ (built('routes/batch.js')),
  ])
  const schemas = createTicketSchemas(statuses)
  /** @type {Record<string, Schema>} */
  const routes = {}
  // Never listens: it only hears which routes there are, and they find the decorator that they look for.
  const listener = fastify()
  listener.decorate('tickets', /** @type {never} */ ({}))
  listener.addHook('onRoute', ({ method, url, schema }) => { if (schema) routes[`${method} ${url}`] = schema })
  await ticketRoutes(/** @type {never} */ (listener), { schemas })
  await batchRoutes(/** @type {never} */ (listener), { schemas })
  return { shared: [ProblemSchema, schemas.Ticket, schemas.CreateOperation, schemas.UpdateOperation], routes }
}
