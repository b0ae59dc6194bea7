/** Fills the service with tickets, by its batch route, as fast as it takes them. */
import { Failure } from '../../scripts/lib/main.mjs'
import { takeIds } from './ids.mjs'
import { TICKET } from './requests.mjs'

/** What the route takes at most. */
export const OPERATIONS = 500
const CONNECTIONS = 4

/**
 * @param {import('./stage.mjs').Service} service
 * @param {number} count
 * @param {object} [fields] besides those of the usual ticket
 * @returns {Promise<{ first: number, count: number }>} their ids
 */
export async function fill (service, count, fields = {}) {
  const first = takeIds(count)
  let next = first
  const work = async () => {
    while (next < first + count) {
      const size = Math.min(OPERATIONS, first + count - next)
      const operations = Array.from({ length: size }, (_, i) => ({ op: 'create', ticket_id: next + i, ...TICKET, ...fields }))
      next += size
      await writeMany(service, operations)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
  return { first, count }
}

/**
 * @param {import('./stage.mjs').Service} service
 * @param {readonly object[]} operations
 */
export async function writeMany (service, operations) {
  const { status, body } = await call(service, 'POST', '/tickets/batch', { operations })
  if (status !== 200) throw new Failure(`A batch of tickets was answered with ${status}: ${JSON.stringify(body).slice(0, 1000)}`)
}

/**
 * @param {import('./stage.mjs').Service} service
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<{ status: number, body: Record<string, unknown> }>}
 */
export async function call (service, method, path, body) {
  const response = await fetch(service.url + path, {
    method,
    body: body && JSON.stringify(body),
    headers: { authorization: `Bearer ${service.key}`, ...(body && { 'content-type': 'application/json' }) },
  })
  return { status: response.status, body: /** @type {Record<string, unknown>} */ (await response.json()) }
}
