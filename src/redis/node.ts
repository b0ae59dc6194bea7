import { EventEmitter } from 'node:events'
import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../config.ts'
import { createCheck } from './check.ts'
import { createClock } from './clock.ts'
import { createRedis, type Address } from './connection.ts'
import { RedisError } from './failure.ts'
import { instrument, type Calls } from './instrument.ts'
import { createReplicaWait } from './replicas.ts'
import { createScriptRunner, type Arguments, type LuaScript } from './scripts.ts'

/** A setting that is changed while the server runs is noticed in this time. */
const CHECK_EVERY_MS = 5000

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
  const [onClient, onWriter] = [createScriptRunner(client), createScriptRunner(writer)]
  const waitForReplicas = config.REDIS_WAIT_REPLICAS > 0 ? createReplicaWait(writer, config.REDIS_WAIT_REPLICAS) : undefined
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

  const { look, settings } = createCheck(config, log, address)
  let lastComplaint: string | undefined

  /** A failure that goes on is logged once. */
  async function lookAgain () {
    try {
      await look(client)
      lastComplaint = undefined
    } catch (error) {
      const { message } = error as Error
      if (message !== lastComplaint && isReady) log.error({ err: error, ...address }, 'the settings of Redis')
      lastComplaint = message
    }
  }

  const timer = setInterval(() => { if (isReady && isConnected) void lookAgain() }, CHECK_EVERY_MS).unref()

  for (const connection of connections) {
    connection.on('ready', () => {
      if (isReady || connections.some(({ status }) => status !== 'ready')) return
      isReady = true
      lastError = undefined
      if (isConnected) void lookAgain()
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
    clock,
    /** How it is set up, as far as is known. */
    settings,
    isReady: () => isReady,

    /** Runs a script. */
    run (script: LuaScript, keys: readonly string[], args: Arguments) {
      return instrument(calls, script.name, () => (script.isReplicated ? onWriter : onClient)(script, keys, args))
    },

    /** Only there when writes are to wait for replicas. Resolves with why they have not confirmed; undefined: they have. */
    waitForReplicas: waitForReplicas && (async (timeoutMs: number) => {
      const failure = await instrument(calls, 'wait', () => waitForReplicas(timeoutMs))
      if (failure) calls.emit('failed', failure)
      return failure
    }),

    /**
     * Resolves when the server has answered and its settings will do. How long that takes is for the caller to bound:
     * Sentinels that are all unavailable are asked for ever.
     * @throws the reason why not; a server that is unavailable is tried again in the background
     */
    async connect () {
      try {
        await Promise.all(connections.map(connection => connection.connect()))
        await clock.measure()
        await look(client, true)
      } finally {
        isConnected = true
      }
    },

    /** @throws why there is no answer */
    async ping () {
      if (!isReady) throw lastError ?? new RedisError('not_connected', 'not connected')
      await client.ping()
    },

    close () {
      isClosed = true
      clearInterval(timer)
      clock.stop()
      for (const connection of connections) connection.disconnect()
    },
  }
}

export type Node = ReturnType<typeof createNode>
