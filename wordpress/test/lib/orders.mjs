/** What a test may have done to the servers, by name. */
import { Failure } from '../../../scripts/lib/main.mjs'
import { until } from '../../../scripts/lib/until.mjs'

/** A health check a second, with room for a slow machine. */
const NOTICE_TIMEOUT_MS = 20_000

/**
 * @param {object} servers
 * @param {import('../../../scripts/lib/server.mjs').Server & { url: string }} servers.service
 * @param {import('../../../scripts/lib/server.mjs').Server} servers.redis
 * @param {string} servers.key with which the service can be asked for tickets
 * @returns {(order: string) => Promise<void>} resolves when it is done, and the service knows it
 */
export function createOrders ({ service, redis, key }) {
  let isServiceUp = true
  let isRedisUp = true
  let isFrozen = false

  async function redisIs (/** @type {boolean} */ isUp) {
    isRedisUp = isUp
    await serviceKnows()
  }

  async function serviceKnows () {
    if (!isServiceUp) return
    const state = isRedisUp ? 'up' : 'down'
    const isNoticed = async () => {
      const response = await fetch(`${service.url}/health/ready`)
      const health = /** @type {any} */ (await response.json())
      // An idle journal has applied all its entries.
      return health.redis.state === state && (!isRedisUp || health.journal === 'idle')
    }
    if (!await until(isNoticed, NOTICE_TIMEOUT_MS)) throw new Failure(`The service did not notice that Redis is ${state}.${service.logTail()}`)
  }

  async function takesRequests () {
    const { status } = await fetch(`${service.url}/tickets?ids=1`, { headers: { authorization: `Bearer ${key}` } })
    return status === 200
  }

  /** @type {Record<string, () => Promise<unknown>>} */
  const orders = {
    async 'redis-unavailable' () {
      await redis.stop()
      await redisIs(false)
    },
    async 'redis-back' () {
      await redis.restart()
      await redisIs(true)
    },
    /** As a crash would. */
    async 'service-killed' () {
      isServiceUp = false
      await service.kill()
    },
    /** As a deployment would. */
    async 'service-stopped' () {
      isServiceUp = false
      await service.stop()
    },
    async 'service-back' () {
      await service.restart()
      isServiceUp = true
      await serviceKnows()
    },
    /** It takes connections and answers nothing. */
    async 'service-frozen' () {
      isFrozen = true
      await service.pause()
    },
    async 'service-thawed' () {
      service.resume()
      isFrozen = false
      // At first it takes the time that it stood still for too much work.
      if (!await until(takesRequests, NOTICE_TIMEOUT_MS)) throw new Failure(`The service takes no requests after a pause.${service.logTail()}`)
    },
    /** What a test has done and not undone. */
    async 'all-back' () {
      if (isFrozen) await orders['service-thawed']?.()
      if (!isRedisUp) await orders['redis-back']?.()
      if (!isServiceUp) await orders['service-back']?.()
    },
  }

  return async (order) => {
    const act = orders[order]
    if (!act) throw new Error(`nobody knows how to do ${order}`)
    await act()
  }
}
