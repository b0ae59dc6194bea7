import { Redis, type RedisOptions } from 'ioredis'
import type { Config } from '../config.js'

/** The longest pause between two attempts to connect: recovery is seen within a few seconds. */
const RECONNECT_MAX_MS = 2000

/**
 * A client that fails fast and sends nothing twice: what Redis may have executed is the caller's
 * to repeat. Not connected yet; `connect()` does it.
 */
export function createRedis (config: Config): Redis {
  const options: RedisOptions = {
    lazyConnect: true,
    connectionName: 'ticket-metadata-service',
    // Without these two, writes pile up during an outage and are sent again after it.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: config.REDIS_COMMAND_TIMEOUT_MS,
    connectTimeout: 2000,
    // A half-open connection is noticed after a few missed answers, not after the kernel's 15 minutes.
    socketTimeout: 3 * config.REDIS_COMMAND_TIMEOUT_MS,
    // Half of the pause is chance, so that many instances do not return in step.
    retryStrategy: attempt => Math.min(50 * 2 ** attempt, RECONNECT_MAX_MS) * (0.5 + Math.random() / 2),
    // After a failover the old master answers READONLY: look for the new one, but do not send again.
    reconnectOnError: error => error.message.startsWith('READONLY') ? 1 : false,
    ...(config.REDIS_USERNAME && { username: config.REDIS_USERNAME }),
    ...(config.REDIS_PASSWORD && { password: config.REDIS_PASSWORD }),
  }
  return new Redis(config.REDIS_URL, options)
}
