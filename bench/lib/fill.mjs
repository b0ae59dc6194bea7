/** Fills the service with tickets, by its batch route, as fast as it takes them. */
import { Failure } from '../../scripts/lib/main.mjs'
import { call } from './call.mjs'
import { takeIds } from './ids.mjs'
import { TICKET } from './requests.mjs'

/** What the route takes at most. */
export const OPERATIONS = 500
const CONNECTIONS = 4

/** So many customers have tickets, and a step that leads from one ticket's to the next one's, far from it. */
export const CUSTOMERS = 50_000
export const CUSTOMER_STEP = 7919

/** @typedef {{ first: number, count: number }} Ids */

/**
 * @param {import('./stage.mjs').Service} service
 * @param {number} count
 * @param {object} [fields] besides those of the usual ticket
 * @returns {Promise<Ids>}
 */
export async function fill (service, count, fields = {}) {
  const first = takeIds(count)
  let next = first
  const work = async () => {
    while (next < first + count) {
      const start = next
      const size = Math.min(OPERATIONS, first + count - start)
      next += size
      await writeMany(service, Array.from({ length: size }, (_, i) => ({
        op: 'create', ticket_id: start + i, ...TICKET, customer_id: customerOf(start + i), ...fields,
      })))
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
  return { first, count }
}

/**
 * As tickets come in: from all customers, so that MySQL's index of these is written to everywhere.
 * @param {number} id
 */
function customerOf (id) {
  return 1 + id * CUSTOMER_STEP % CUSTOMERS
}

/**
 * @param {import('./stage.mjs').Service} service
 * @param {readonly object[]} operations
 */
export async function writeMany (service, operations) {
  const { status, body } = await call(service, 'POST', '/tickets/batch', { operations })
  if (status === 200) return
  // One that has results has more that succeeded.
  const { results } = /** @type {{ results?: { status: number }[] }} */ (body)
  const failed = results?.filter((result) => result.status >= 300) ?? body
  throw new Failure(`A batch of tickets was answered with ${status}: ${JSON.stringify(failed).slice(0, 1000)}`)
}
