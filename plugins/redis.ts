import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../src/config.js'
import { createClock } from '../src/redis/clock.js'
import { createRedis } from '../src/redis/connection.js'
import { checkServer } from '../src/redis/check.js'
import { createReplicaWait } from '../src/redis/replicas.js'

declare module 'fastify' {
  interface FastifyInstance { redis: Awaited<ReturnType<typeof connect>> }
}

function open (app: FastifyInstance, config: Config) {
  const client = createRedis(config)
  client.on('error', (error: Error) => { app.log.warn({ err: error }, 'Redis') })
  return client
}

async function connect (app: FastifyInstance, config: Config) {
  const client = open(app, config)
  // WAIT blocks its connection: reads and the flush do not stand behind writes that wait for a replica.
  const writer = config.REDIS_WAIT_REPLICAS > 0 ? open(app, config) : client
  const clock = createClock(client, error => { app.log.warn({ err: error }, 'the clock of Redis could not be read') })
  try {
    await Promise.all([...new Set([client, writer])].map(each => each.connect()))
    await clock.measure()
  } catch (error) {
    // The service waits for Redis in the background and answers 503 until then.
    app.log.error({ err: error }, 'Redis cannot be reached; trying again in the background')
  }
  return {
    client,
    /** The connection of the writes. */
    writer,
    clock,
    /** Only there when writes are to wait for replicas. */
    waitForReplicas: config.REDIS_WAIT_REPLICAS > 0 ? createReplicaWait(writer, config.REDIS_WAIT_REPLICAS) : undefined,
    ping: () => client.ping(),
  }
}

/** The connection to Redis and its clock. Ready when Redis has answered or is known to be away. */
export default fp<{ config: Config }>(async (app, { config }) => {
  const redis = await connect(app, config)
  app.decorate('redis', redis)
  app.addHook('onClose', () => {
    redis.clock.stop()
    redis.client.disconnect()
    redis.writer.disconnect()
  })
  await checkServer(redis.client, config.ALLOW_UNSAFE_EVICTION, app.log)
}, { name: 'redis' })
