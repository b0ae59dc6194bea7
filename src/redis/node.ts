import { EventEmitter } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Redis } from 'ioredis'
import type { Config } from '../config.ts'
import { within } from '../util/with-timeout.ts'
import { defineScripts, type Script, type Scripts } from '../store/scripts.ts'
import { tellingScripts, tellingWait, type Calls } from './instrument.ts'
import { checkServer } from './check.ts'
import { createClock } from './clock.ts'
import { createRedis, type Address } from './connection.ts'
import { createReplicaWait } from './replicas.ts'

/** Sentinels that are all away are asked for ever; the service starts meanwhile. */
const START_TIMEOUT_MS = 5000

/** How soon a connection that the client has given up is opened again. */
const REOPEN_AFTER_MS = 100

/**
 * One Redis server that takes writes: its connections, its scripts, its clock.
 * Emits `ready` when it can be used, and `lost` when it no longer can: who answers next may be another.
 *
 * @param calls told of every call
 * @param address of a node of a Cluster; without it, what REDIS_MODE says
 */
export function createNode (config: Config, log: FastifyBaseLogger, calls: Calls, address?: Address) {
  const events = new EventEmitter<{ ready: [], lost: [] }>()
  const client = open()
  // WAIT blocks its connection: reads and the flush do not stand behind writes that wait for a replica.
  const writer = config.REDIS_WAIT_REPLICAS > 0 ? open() : client
  const connections = [...new Set([client, writer])]
  const clock = createClock(client, error => { log.warn({ err: error }, 'the clock of Redis could not be read') })
  const scripts = tellingScripts(calls, { ...leaving(client, defineScripts(client)), write: leaving(writer, defineScripts(writer)).write })
  let isReady = false
  let isConnected = false
  let isClosed = false
  let lastError: Error | undefined

  function open () {
    const redis = createRedis(config, address)
    redis.on('error', (error: Error) => {
      lastError = error
      log.warn({ err: error, ...address }, 'Redis')
    })
    // The client gives up for ever when Sentinel names another master while it asks who is.
    redis.on('end', () => {
      setTimeout(() => {
        // Why it fails is told by its event.
        if (!isClosed) redis.connect().catch(() => {})
      }, REOPEN_AFTER_MS).unref()
    })
    return redis
  }

  const check = () => checkServer(client, config, log)

  for (const connection of connections) {
    connection.on('ready', () => {
      if (isReady || connections.some(({ status }) => status !== 'ready')) return
      isReady = true
      lastError = undefined
      if (isConnected) check().catch((error: unknown) => { log.error({ err: error }, 'the settings of Redis') })
      events.emit('ready')
    })
    connection.on('close', () => {
      if (!isReady) return
      isReady = false
      events.emit('lost')
    })
  }

  return {
    address,
    on: events.on.bind(events),
    client,
    scripts,
    clock,
    /** Only there when writes are to wait for replicas. */
    waitForReplicas: config.REDIS_WAIT_REPLICAS > 0 ? tellingWait(calls, createReplicaWait(writer, config.REDIS_WAIT_REPLICAS)) : undefined,
    isReady: () => isReady,

    /**
     * Resolves when the server has answered and its settings will do.
     * @throws the reason why not; a server that is away is tried again in the background
     */
    async connect () {
      try {
        await within(START_TIMEOUT_MS, () => Promise.all(connections.map(connection => connection.connect())))
        await clock.measure()
        await check()
      } finally {
        isConnected = true
      }
    },

    /** @throws why there is no answer */
    async ping () {
      if (!isReady) throw lastError ?? new Error('not connected')
      await client.ping().catch(leave(client))
    },

    close () {
      isClosed = true
      clock.stop()
      for (const connection of connections) connection.disconnect()
    },
  }
}

export type Node = ReturnType<typeof createNode>

/**
 * Ends a connection that has not answered in time, and passes the error on: all that waits behind the
 * call would wait as long, and until the server answers a new connection it counts as down. When it was this
 * process that was held up, its timers come before what the server has long sent: then nothing is wrong with it.
 */
const leave = (redis: Redis) => async (error: unknown): Promise<never> => {
  if ((error as Error).message === 'Command timed out' && redis.status === 'ready') {
    const { stream } = redis
    const { bytesRead } = stream
    await setImmediate()
    if (stream === redis.stream && stream.bytesRead === bytesRead) redis.disconnect(true)
  }
  throw error
}

const leaving = (redis: Redis, scripts: Scripts): Scripts =>
  Object.fromEntries(Object.entries(scripts).map(([name, script]) =>
    [name, (...call: Parameters<Script>) => script(...call).catch(leave(redis))])) as Scripts
