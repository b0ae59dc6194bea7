/** Tickets that are written outside of any measure, by the service's own routes. */
import { setTimeout as delay } from 'node:timers/promises'
import { Failure } from '../../scripts/lib/main.mjs'
import { FIRST_ID, TICKET } from './requests.ts'
import type { Service } from './stage.ts'

/** What the batch route takes at most. */
export const OPERATIONS = 500
const CONNECTIONS = 4
/** The service asks for a second. */
const RETRY_AFTER_MS = 1000
const ATTEMPTS_MAX = 20

/** As many customers have tickets, and a step that leads from one ticket's to the next one's, far from it. */
export const CUSTOMERS = 50_000
export const CUSTOMER_STEP = 7919

/** Each has as many tickets as every other, from the oldest to the newest. */
export const AGENTS = 20
export const agentOf = (id: number) => 1 + id % AGENTS

export interface Ids { first: number, count: number }

let nextId = FIRST_ID

/**
 * No id is given twice, and each is higher than those before, as a shop's are.
 *
 * @returns the first of as many
 */
export function takeIds (count: number): number {
  const first = nextId
  nextId += count
  return first
}

export async function call (service: Pick<Service, 'url' | 'key'>, path: string, body: object): Promise<{ status: number, body: Record<string, unknown> }> {
  const response = await fetch(service.url + path, {
    method: 'POST', body: JSON.stringify(body), headers: { authorization: `Bearer ${service.key}`, 'content-type': 'application/json' },
  })
  return { status: response.status, body: await response.json() as Record<string, unknown> }
}

/**
 * The answer to a GET.
 *
 * @param attempts that are left when it cannot be told yet: MySQL counts its rows once, some seconds for ten million
 */
export async function read (service: Pick<Service, 'url' | 'key'>, path: string, attempts = ATTEMPTS_MAX): Promise<unknown> {
  const response = await fetch(service.url + path, { headers: { authorization: `Bearer ${service.key}` } })
  const body = await response.json() as unknown
  if (response.status === 503 && attempts > 1) {
    await delay(RETRY_AFTER_MS)
    return await read(service, path, attempts - 1)
  }
  if (response.status !== 200) throw new Failure(`GET ${path} was answered with ${response.status}: ${JSON.stringify(body).slice(0, 1000)}`)
  return body
}

/**
 * Creates tickets as fast as the service takes them.
 *
 * @param fields besides those of the usual ticket, by id where they differ
 * @param op import: dates may be among them
 */
export async function fill (service: Service, count: number, fields: object | ((id: number) => object) = {}, op: 'create' | 'import' = 'create'): Promise<Ids> {
  const first = takeIds(count)
  const fieldsOf = typeof fields === 'function' ? fields as (id: number) => object : () => fields
  let next = first
  const work = async () => {
    while (next < first + count) {
      const start = next
      const size = Math.min(OPERATIONS, first + count - start)
      next += size
      await writeMany(service, Array.from({ length: size }, (_, i) => ({
        op, ticket_id: start + i, ...TICKET, customer_id: customerOf(start + i), ...fieldsOf(start + i),
      })))
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
  return { first, count }
}

/** As tickets come in: from all customers, so that MySQL's index of these is written to everywhere. */
export const customerOf = (id: number) => 1 + id * CUSTOMER_STEP % CUSTOMERS

/** @param attempts that are left when the service has more work than it can take: a machine that is busy for a moment ends no run */
export async function writeMany (service: Pick<Service, 'url' | 'key'>, operations: readonly object[], attempts = ATTEMPTS_MAX): Promise<void> {
  const { status, body } = await call(service, '/tickets/batch', { operations })
  if (status === 200) return
  if (status === 503 && body.code === 'overloaded' && attempts > 1) {
    await delay(RETRY_AFTER_MS)
    return await writeMany(service, operations, attempts - 1)
  }
  // One that has results has more that succeeded.
  const { results } = body as { results?: { status: number }[] }
  const failed = results?.filter(result => result.status >= 300) ?? body
  throw new Failure(`A batch of tickets was answered with ${status}: ${JSON.stringify(failed).slice(0, 1000)}`)
}

/**
 * Pushes to MySQL what is due.
 *
 * @param count how many tickets are due
 * @returns tickets a second
 */
export async function flush (service: Service, count: number): Promise<number> {
  const startedAt = performance.now()
  const { status, body } = await call(service, '/flush', {})
  const seconds = (performance.now() - startedAt) / 1000
  if (status !== 200 || body.synced !== count) throw new Failure(`A flush of ${count} tickets was answered with ${status}: ${JSON.stringify(body)}`)
  return count / seconds
}
