import type { FastifyBaseLogger } from 'fastify'
import type { Redis } from 'ioredis'
import { ConfigError, type Config } from '../config.ts'

/** Redis is set up so that it may throw tickets away. */
export class UnsafeEvictionError extends Error {
  override readonly name = 'UnsafeEvictionError'
}

/** How a server is set up, as far as it concerns what may be lost. */
export interface Settings {
  /** Its maxmemory-policy, where that may evict tickets that MySQL does not hold, and nobody has accepted it. */
  unsafePolicy?: string
  /** It has no append-only file. */
  isAofOff: boolean
}

/**
 * Looks at how a server is set up, as often as it is told to: a setting may be changed at any time. What is wrong is
 * logged when it is first seen, and what is right again, too. INFO is asked, because managed Redis often forbids CONFIG.
 */
export function createCheck ({ ALLOW_UNSAFE_EVICTION: isEvictionAccepted, REDIS_MODE: mode }: Config, log: FastifyBaseLogger, address?: object) {
  let settings: Settings = { isAofOff: false }
  let lastPolicy: string | undefined

  function logPolicy (policy: string) {
    if (policy.startsWith('volatile-')) {
      log.warn({ ...address }, `Redis has maxmemory-policy ${policy}: when it is full it forgets idempotency keys, and a repeated request may be applied twice. Set maxmemory-policy noeviction where that matters`)
    } else if (policy.startsWith('allkeys-')) {
      const consequence = `Redis has maxmemory-policy ${policy} and may evict tickets that MySQL does not hold`
      if (isEvictionAccepted) log.warn({ ...address }, `${consequence}, which ALLOW_UNSAFE_EVICTION=true accepts`)
      else log.error({ ...address }, `${consequence}: set maxmemory-policy noeviction`)
    } else if (lastPolicy !== undefined) {
      log.info({ ...address }, `Redis has maxmemory-policy ${policy} again`)
    }
  }

  return {
    /** As they were when they were last looked at. */
    settings: () => settings,

    /**
     * @throws {UnsafeEvictionError} when it may evict tickets that MySQL does not hold; only the first look does: later
     * the service goes on, and says so
     * @throws {ConfigError} when it is a node of a Cluster, and nobody said so
     */
    async look (redis: Redis, isStart = false): Promise<void> {
      const info = parseInfo(await redis.info())
      if (mode !== 'cluster' && info.get('redis_mode') === 'cluster') throw new ConfigError('REDIS_URL leads to a node of a Cluster: set REDIS_MODE=cluster, and REDIS_CLUSTER_NODES')
      const policy = info.get('maxmemory_policy') ?? ''
      const unsafePolicy = policy.startsWith('allkeys-') && !isEvictionAccepted ? policy : undefined
      const isAofOff = info.get('aof_enabled') === '0'
      if (isAofOff && !settings.isAofOff) log.warn({ ...address }, 'Redis has AOF off: open tickets that were written since its last snapshot are lost when it stops. Set appendonly yes')
      if (!isAofOff && settings.isAofOff) log.info({ ...address }, 'Redis has AOF on again')
      settings = { unsafePolicy, isAofOff }
      if (unsafePolicy && isStart) {
        throw new UnsafeEvictionError(`Redis has maxmemory-policy ${policy} and may evict tickets that MySQL does not hold: set maxmemory-policy noeviction (or volatile-ttl, which may forget idempotency keys), or ALLOW_UNSAFE_EVICTION=true to accept the loss`)
      }
      if (policy !== lastPolicy) logPolicy(policy)
      lastPolicy = policy
    },
  }
}

/** The lines `name:value` of INFO (https://redis.io/docs/latest/commands/info/). */
function parseInfo (text: string): Map<string, string> {
  return new Map(text.split('\r\n').filter(line => line.includes(':')).map(line => line.split(':', 2) as [string, string]))
}
