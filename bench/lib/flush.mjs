/** Pushes to MySQL what is due. */
import { Failure } from '../../scripts/lib/main.mjs'
import { call } from './call.mjs'

/**
 * @param {import('./stage.mjs').Service} service
 * @param {number} count how many tickets are due
 * @returns {Promise<number>} tickets a second
 */
export async function flush (service, count) {
  const startedAt = performance.now()
  const { status, body } = await call(service, 'POST', '/flush', {})
  const seconds = (performance.now() - startedAt) / 1000
  if (status !== 200 || body.synced !== count) throw new Failure(`A flush of ${count} tickets was answered with ${status}: ${JSON.stringify(body)}`)
  return count / seconds
}
