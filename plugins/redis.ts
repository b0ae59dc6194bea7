import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../src/config.js'
import { createClock } from '../src/redis/clock.js'
import { createRedis } from '../src/redis/connection.js'
import { checkServer } from '../src/redis/check.js'

declare module 'fastify' {
  interface FastifyInstance { redis: Awaited<ReturnType<typeof connect>> }
}

async function connect (app: FastifyInstance, config: Config) {
  const client = createRedis(config)
  client.on('error', (error: Error) => { app.log.warn({ err: error }, 'Redis') })
  const clock = createClock(client, error => { app.log.warn({ err: error }, 'the clock of Redis could not be read') })
  try {
    await client.connect()
    await clock.measure()
  } catch (error) {
    // The service waits for Redis in the background and answers 503 until then.
    app.log.error({ err: error }, 'Redis cannot be reached; trying again in the background')
  }
  return { client, clock, ping: () => client.ping() }
}

/** The connection to Redis and its clock. Ready when Redis has answered or is known to be away. */
export default fp<{ config: Config }>(async (app, { config }) => {
  const redis = await connect(app, config)
  app.decorate('redis', redis)
  app.addHook('onClose', () => {
    redis.clock.stop()
    redis.client.disconnect()
  })
  await checkServer(redis.client, config.ALLOW_UNSAFE_EVICTION, app.log)
}, { name: 'redis' })
