import type { FastifyBaseLogger } from 'fastify'
import type { Redis } from 'ioredis'
import { ConfigError, type Config } from '../config.ts'

/** Redis is set up so that it may throw tickets away. */
export class UnsafeEvictionError extends Error {
  override readonly name = 'UnsafeEvictionError'
}

/**
 * Looks at how the server is set up. INFO is asked, because managed Redis often forbids CONFIG.
 * @throws {UnsafeEvictionError} when it may evict tickets that MySQL does not hold
 * @throws {ConfigError} when it is a node of a Cluster, and nobody said so
 */
export async function checkServer (redis: Redis, { ALLOW_UNSAFE_EVICTION: allowUnsafeEviction, REDIS_MODE: mode }: Config, log: FastifyBaseLogger): Promise<void> {
  const info = parseInfo(await redis.info())
  const policy = info.get('maxmemory_policy')
  if (mode !== 'cluster' && info.get('redis_mode') === 'cluster') throw new ConfigError('REDIS_URL leads to a node of a Cluster: set REDIS_MODE=cluster, and REDIS_CLUSTER_NODES')
  if (info.get('aof_enabled') === '0') {
    log.warn('Redis has AOF off: open tickets that were written since its last snapshot are lost when it stops. Set appendonly yes')
  }
  if (policy?.startsWith('volatile-')) {
    log.warn(`Redis has maxmemory-policy ${policy}: when it is full it forgets idempotency keys, and a repeated request may be applied twice. Set maxmemory-policy noeviction where that matters`)
  }
  if (policy?.startsWith('allkeys-') && !allowUnsafeEviction) {
    throw new UnsafeEvictionError(`Redis has maxmemory-policy ${policy} and may evict tickets that MySQL does not hold: set maxmemory-policy noeviction (or volatile-ttl, which may forget idempotency keys), or ALLOW_UNSAFE_EVICTION=true to accept the loss`)
  }
}

/** The lines `name:value` of INFO (https://redis.io/docs/latest/commands/info/). */
function parseInfo (text: string): Map<string, string> {
  return new Map(text.split('\r\n').filter(line => line.includes(':')).map(line => line.split(':', 2) as [string, string]))
}
