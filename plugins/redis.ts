import fp from 'fastify-plugin'
import { ConfigError, type Config } from '../src/config.ts'
import { UnsafeEvictionError } from '../src/redis/check.ts'
import { createCluster } from '../src/redis/cluster.ts'
import type { RedisServers } from '../src/redis/servers.ts'
import { createSingleMaster } from '../src/redis/single-master.ts'
import { withTimeout } from '../src/util/async.ts'

declare module 'fastify' {
  interface FastifyInstance { redis: RedisServers }
}

/** Half of what the framework gives a plugin (pluginTimeout, 10 s), after which the process would end. */
const START_TIMEOUT_MS = 5000

/** The connections to Redis. Ready when Redis has answered or is known to be unavailable. */
export default fp<{ config: Config }>(async (app, { config }) => {
  const redis = (config.REDIS_MODE === 'cluster' ? createCluster : createSingleMaster)(config, app.log)
  app.decorate('redis', redis)
  app.addHook('onClose', redis.close)
  await withTimeout(START_TIMEOUT_MS, redis.connect).catch((error: unknown) => {
    if (error instanceof UnsafeEvictionError || error instanceof ConfigError) throw error
    // The service waits for Redis in the background.
    app.log.error({ err: error }, 'Redis cannot be reached; trying again in the background')
  })
}, { name: 'redis' })
