import { readFileSync } from 'node:fs'
import type { Redis, RedisOptions } from 'ioredis'
import type { Config } from '../config.ts'
import { PatientRedis } from './patient-redis.ts'

/** The longest pause between two attempts to connect: recovery is seen within a few seconds. */
const RECONNECT_MAX_MS = 2000

/** A server that takes longer to accept a connection, or to say who is master, counts as down. */
const CONNECT_TIMEOUT_MS = 2000
const SENTINEL_TIMEOUT_MS = 1000
const DISCONNECT_TIMEOUT_MS = 100

/** A server's address. */
export interface Address { host: string, port: number }

/** `host:port`; an IPv6 address is in brackets. */
export function parseAddress (text: string): Address {
  const [, host = '', port = ''] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(text) ?? []
  return { host, port: Number(port) }
}

/** Half of the pause is chance, so that many instances do not return in step. */
const pauseMs = (attempt: number) => Math.round(Math.min(50 * 2 ** attempt, RECONNECT_MAX_MS) * (0.5 + Math.random() / 2))

/**
 * A client that fails fast and sends nothing twice: what Redis may have executed is the caller's
 * to repeat. Not connected yet; `connect()` does it.
 * @param address a node of a Cluster; without it, what REDIS_MODE says
 */
export function createRedis (config: Config, address?: Address): Redis {
  const url = new URL(config.REDIS_URL)
  const tls = url.protocol === 'rediss:' ? { ...(config.REDIS_TLS_CA_FILE && { ca: readFileSync(config.REDIS_TLS_CA_FILE) }) } : undefined
  const username = config.REDIS_USERNAME ?? decodeURIComponent(url.username)
  const password = config.REDIS_PASSWORD ?? decodeURIComponent(url.password)
  const options = {
    lazyConnect: true,
    connectionName: 'ticket-metadata-service',
    // Not among the rights of deploy/redis/users.acl, because Redis 7.0 does not know it.
    disableClientInfo: true,
    // Without these two, writes pile up during an outage and are sent again after it.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // A server that hangs does not take part in the closing.
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    retryStrategy: pauseMs,
    // After a failover the old master answers READONLY: look for the new one, but do not send again.
    reconnectOnError: error => error.message.startsWith('READONLY') ? 1 : false,
    ...(username && { username }),
    ...(password && { password }),
    ...(tls && { tls }),
  } satisfies RedisOptions
  const open = (more: Omit<RedisOptions, 'replyMapping'>) => ignoreLateErrors(new PatientRedis({ ...options, ...more }, config.REDIS_COMMAND_TIMEOUT_MS))
  if (address) return open({ ...address })
  const db = Number(url.pathname.slice(1) || 0)
  if (config.REDIS_MODE !== 'sentinel') return open({ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 6379), db })
  return open({
    db,
    name: config.REDIS_SENTINEL_NAME,
    sentinels: config.REDIS_SENTINELS.map(parseAddress),
    sentinelCommandTimeout: SENTINEL_TIMEOUT_MS,
    sentinelRetryStrategy: pauseMs,
    // Tells of a new master while the connection to the old one looks well: it hangs, or was cut off from the others.
    failoverDetector: true,
    ...(config.REDIS_SENTINEL_USERNAME && { sentinelUsername: config.REDIS_SENTINEL_USERNAME }),
    ...(config.REDIS_SENTINEL_PASSWORD && { sentinelPassword: config.REDIS_SENTINEL_PASSWORD }),
    ...(tls && { enableTLSForSentinelMode: true, sentinelTLS: tls }),
  })
}

/**
 * The client listens to the first error of a connection only. One of TLS may have a second, such as an alert of the
 * server behind a certificate that is refused, and that would end the process (https://github.com/redis/ioredis/pull/961).
 */
function ignoreLateErrors (redis: Redis): Redis {
  const ignore = () => {}
  // Once for each socket: behind Sentinel there are errors without a new one.
  const listen = () => { redis.stream?.off('error', ignore).on('error', ignore) }
  // The socket is made in the next tick, and hears nothing before the event loop's next turn; behind Sentinel it is made later.
  redis.on('connecting', () => { setImmediate(listen) })
  redis.on('connect', listen)
  redis.on('error', listen)
  return redis
}
