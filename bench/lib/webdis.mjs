/** Webdis as a contender, in the same way wherever something is measured beside it. */
import { Failure } from '../../scripts/lib/main.mjs'
import { contender } from './contender.mjs'
import { webdisCreate } from './requests.mjs'
import { withRedis } from './stores.mjs'

/**
 * So many serve it best: with the 64 of the service a fifth of its core is idle, with 512 it is as fast and answers later, with
 * 1024 it is slower.
 */
export const WEBDIS_CONNECTIONS = 256

/** The share of its answers that may have no ticket behind them: 5 of 39,990 were seen. More would be another work. */
const MISSING_MAX = 0.001

/**
 * @param {object} options
 * @param {import('./stage.mjs').Stage} options.stage
 * @param {import('./stage.mjs').Redis} options.redis
 * @param {number} options.seconds
 * @param {string} [options.name]
 * @param {number} [options.connections]
 * @returns {Promise<ReturnType<typeof contender>>}
 */
export async function webdisContender ({ stage, redis, name = 'webdis', connections = WEBDIS_CONNECTIONS, seconds }) {
  const server = await stage.webdis(redis)
  const each = contender({ stage, seconds, name, server, connections, requests: [webdisCreate()], statuses: [200] })
  const keys = () => withRedis(redis, (client) => client.dbsize())
  return {
    ...each,
    async measure (isStrict, how) {
      const before = await keys()
      const slice = await each.measure(isStrict, how)
      // Its status is 200 whatever Redis says.
      const more = await keys() - before
      if (more < slice.requests * (1 - MISSING_MAX)) throw new Failure(`Webdis answered ${slice.requests} requests, and Redis has ${more} tickets more`)
      return slice
    },
  }
}
