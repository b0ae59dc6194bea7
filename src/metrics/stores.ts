import type { Mysql, MysqlCall } from '../mysql/mysql.ts'
import { DatabaseUnavailable, MYSQL_FAILURES, failureKind as databaseFailureKind } from '../mysql/failure.ts'
import { REDIS_FAILURES, failureKind as redisFailureKind } from '../redis/failure.ts'
import type { RedisServers } from '../redis/servers.ts'
import type { TicketEvents } from '../tickets/events.ts'
import { LATENCY_BUCKETS, type Metrics } from './metrics.ts'

export interface Stores {
  redis: RedisServers
  mysql: Mysql
  events: TicketEvents
}

/** Calls to Redis and MySQL: how long they take, and how they fail. */
export function measureStores (metrics: Metrics, { redis, mysql, events }: Stores) {
  events.on('write', metrics.histogram({
    name: 'tickets_write_batch_size',
    help: 'Operations of one script call: requests that arrive together share it',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
  }))

  const redisSeconds = metrics.histogramBy<string>('call', {
    name: 'tickets_redis_call_duration_seconds',
    help: 'Calls to Redis, by script; wait: for the replicas of REDIS_WAIT_REPLICAS',
    buckets: LATENCY_BUCKETS,
  })
  const redisErrors = metrics.counter({
    name: 'tickets_redis_errors_total',
    help: 'What could not be done in Redis. Surely not applied: not_connected, out_of_memory, late (it arrived after its deadline), refused. Perhaps: timeout, unconfirmed (by replicas), unknown',
    label: 'reason',
    values: REDIS_FAILURES,
  })
  redis.calls.on('ended', (call, ms, error) => {
    // Nothing was called.
    if (error !== undefined && redisFailureKind(error) === 'not_connected') return
    redisSeconds(call, ms / 1000)
  })
  redis.calls.on('failed', error => { redisErrors.inc({ reason: redisFailureKind(error) }) })

  const mysqlSeconds = metrics.histogramBy<MysqlCall>('call', {
    name: 'tickets_mysql_call_duration_seconds',
    help: 'Calls to MySQL, with the wait for a connection: a statement (query), some in a transaction, or all that is done under a lock (exclusively)',
    buckets: LATENCY_BUCKETS,
  })
  const mysqlErrors = metrics.counter({
    name: 'tickets_mysql_errors_total',
    help: 'Calls to MySQL that failed: unavailable, timeout, overloaded (more waited than may), lock_conflict, read_only, too_large (max_allowed_packet), refused (it answered with another error)',
    label: 'reason',
    values: MYSQL_FAILURES,
  })
  mysql.on('ended', (call, ms, error) => {
    const reason = error === undefined ? undefined : databaseFailureKind(error)
    if (reason) mysqlErrors.inc({ reason })
    // Nothing was called.
    if (!(error instanceof DatabaseUnavailable) || reason === 'timeout') mysqlSeconds(call, ms / 1000)
  })

  metrics.gauge({
    name: 'tickets_redis_up',
    help: '1: this instance is connected to Redis; with a Cluster, to the masters of all partitions',
    read: () => Number(redis.shards.every(shard => shard.isReady())),
  })
  metrics.gauge({
    name: 'tickets_redis_unsafe_settings',
    help: '1: Redis is set up so that it may lose tickets that MySQL does not hold. eviction: its maxmemory-policy may evict them, and ALLOW_UNSAFE_EVICTION does not accept that; persistence: it has no append-only file',
    read () {
      const { unsafePolicy, isAofOff } = redis.settings()
      return [
        { labels: { setting: 'eviction' }, value: Number(unsafePolicy !== undefined) },
        { labels: { setting: 'persistence' }, value: Number(isAofOff) },
      ]
    },
  })
  metrics.gauge({
    name: 'tickets_mysql_up',
    help: '0: MySQL has not answered this instance, and is not asked until it does',
    read: () => Number(mysql.isUp()),
  })
}
