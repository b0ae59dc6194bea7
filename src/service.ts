import type { FastifyBaseLogger } from 'fastify'
import pLimit from 'p-limit'
import type { Config } from './config.ts'
import { createTableDatabase } from './database/table.ts'
import { createPostDatabase } from './database/wordpress/posts.ts'
import type { Site } from './database/wordpress/site.ts'
import { createErasures } from './erasure/erasures.ts'
import { createErasureRequests } from './erasure/requests.ts'
import { createFallback } from './journal/fallback.ts'
import { createJournalGate } from './journal/gate.ts'
import { createJournal } from './journal/journal.ts'
import { createReplayLoop } from './journal/replay-loop.ts'
import { createConflictResolution } from './journal/resolution.ts'
import { journalTable } from './mysql/migrate.ts'
import type { Mysql } from './mysql/mysql.ts'
import { createChanges } from './read-through/changes.ts'
import { createCounts } from './read-through/counts.ts'
import { createLists } from './read-through/lists.ts'
import { createReadThrough } from './read-through/read-through.ts'
import type { RedisServers } from './redis/servers.ts'
import { createShards } from './shards/shards.ts'
import { createTicketStore } from './store/store.ts'
import { createTicketShard, type TicketShard } from './sync/shard.ts'
import { createWriteBehind } from './sync/write-behind.ts'
import { createTicketEvents } from './tickets/events.ts'
import { createKeys } from './tickets/keys.ts'
import { UNDIVIDED } from './tickets/partitioning.ts'
import type { TicketRepository } from './tickets/repository.ts'
import { createStrategy } from './tickets/strategy.ts'
import { aborted } from './util/async.ts'
import { createBudget, type Refusal } from './util/budget.ts'
import { createChangeSignal } from './util/change-signal.ts'
import type { Grace } from './util/grace.ts'
import { createPace } from './util/pace.ts'
import { createSemaphore } from './util/semaphore.ts'
import { createTraffic } from './util/traffic.ts'
import type { Target } from './webhooks/targets.ts'
import { createWebhooks } from './webhooks/webhooks.ts'

/** Ample for a batch that usually takes a hundredth of it. */
const STATEMENT_TIMEOUT_MS = 10_000

/** What may wait for Redis for one caller alone, in tickets: a second of full load. */
const PENDING_MAX = 30_000

/** The same in bytes: some batches of the largest size, or a second of usual tickets. */
const PENDING_BYTES_MAX = 16 * 1024 * 1024

/** The service starts in the end: all of its start stays below what the framework gives a plugin (pluginTimeout, 10 s). */
const START_TIMEOUT_MS = 2000

/** That run at a time: the pool has connections for others, too. */
const COMPARISONS_MAX = 3

/** Steps of passes through all unsynced tickets that run at a time, each a millisecond of Redis. All else comes in between, and keeps two thirds of its rate, whatever passes are asked for. */
const PASS_STEPS_MAX = 1

/** Several millions of tickets that nobody else is served beside. */
const PASS_TIMEOUT_MS = 10_000

export interface ServiceOptions {
  config: Config
  redis: RedisServers
  mysql: Mysql
  log: FastifyBaseLogger
  grace: Grace
  /** Where WordPress keeps the tickets; undefined: TICKETS_TABLE does. */
  site: Site | undefined
  /** Who is told of changes. */
  targets: readonly Target[]
}

/**
 * Puts the parts together: tickets in Redis, by shards; read-through from MySQL around them; the journal around that;
 * and the write-behind that keeps MySQL in step. The parts hold no knowledge of each other but what is handed to them here.
 */
export function createService ({ config, redis, mysql, log, grace, site, targets }: ServiceOptions) {
  const events = createTicketEvents()
  const partitioning = config.REDIS_MODE === 'cluster' ? { count: config.REDIS_PARTITIONS, block: config.REDIS_PARTITION_BLOCK } : UNDIVIDED
  const timeoutMs = statementTimeoutMs(config)
  const { TICKETS_TABLE: table, TICKET_RETENTION_SECONDS: retentionSeconds } = config
  const database = site ? createPostDatabase(mysql, site, table, retentionSeconds, timeoutMs) : createTableDatabase(mysql, table, retentionSeconds, timeoutMs)
  const statuses = { closedStatuses: config.TICKET_CLOSED_STATUSES, defaultStatus: config.TICKET_STATUSES[0]! }
  const onRefused = (refusal: Refusal) => { events.emit('refused', refusal) }
  const onCorrupt = (error: Error, ticketId: number) => { log.error({ err: error, ticket_id: ticketId }, 'a stored ticket cannot be read') }

  const shardOptions = {
    ...statuses,
    database,
    timeoutMs,
    partitioning,
    retentionSeconds,
    changesSeconds: config.CHANGES_RETENTION_SECONDS,
    attemptsMax: config.FLUSH_MAX_ATTEMPTS,
    delayMaxMs: Math.max(config.FLUSH_LEASE_MS, config.SYNC_LINGER_MS),
    onCorrupt,
    onVanished: (tickets: number) => {
      log.error({ tickets }, 'unsynced tickets have vanished from Redis: it was emptied, or lost its data or a part of it. What MySQL has never had of them is gone')
      events.emit('vanished', tickets)
    },
    log,
    limit: pLimit(COMPARISONS_MAX),
    passes: { steps: createSemaphore(PASS_STEPS_MAX), timeoutMs: PASS_TIMEOUT_MS },
  }
  const shards = createShards(redis.shards.map((shard, index) => createTicketShard({ ...shardOptions, index, shard, keys: createKeys(config.KEY_PREFIX, shard.tag) })), partitioning)
  const store = createTicketStore({
    ...statuses,
    partitions: shards.all.map(({ partition }) => partition),
    partitioning,
    writeBudget: createBudget(PENDING_MAX, PENDING_BYTES_MAX, onRefused),
    readBudget: createBudget(PENDING_MAX, undefined, onRefused),
    strategy: createStrategy(config.SYNC_STRATEGY, config.SYNC_LINGER_MS),
    commandTimeoutMs: config.REDIS_COMMAND_TIMEOUT_MS,
    retentionSeconds,
    idempotencySeconds: config.IDEMPOTENCY_TTL_SECONDS,
    changesSeconds: config.CHANGES_RETENTION_SECONDS,
    onCorrupt,
    onWrite: operations => { events.emit('write', operations) },
  })

  const journal = createJournal(mysql, {
    table: journalTable(table),
    partitioning,
    bytesMax: config.JOURNAL_MAX_BYTES,
    onFull: reason => { events.emit('journalFull', reason) },
  })
  const gate = createJournalGate(partitioning)
  const isJournaled = config.FALLBACK === 'mysql'
  const direct = createReadThrough(store, {
    database,
    readCacheSeconds: config.READ_CACHE_SECONDS,
    retentionSeconds,
    onCorrupt,
    onRefused,
    awaited: isJournaled ? async ids => new Set((await journal.creates(ids)).keys()) : undefined,
    onUncheckedCreate: ticketId => { log.warn({ ticket_id: ticketId }, 'created without asking MySQL, which does not answer; if it holds the id, the ticket becomes a dead letter') },
  })
  const repository = isJournaled
    ? createFallback(direct, { ...statuses, journal, database, retentionSeconds, gate, redisNow: redis.now, onCorrupt, onRefused, onJournaled: operations => { events.emit('journaled', operations) } })
    : direct

  const traffic = createTraffic()
  const pace = createPace(traffic)
  const sync = createWriteBehind({ config, shards, database, mysql, events, pace, log, noMoreClaims: grace.over('claims') })
  const replayLoop = createReplayLoop({ mysql, events, log, journal, repository: direct, gate, partitioning, isUsable: shards.all.map(({ isUsable }) => isUsable), clocks: shards.all.map(({ connection }) => () => connection.call(node => node.clock.measure())) })

  const erasures = createErasures({
    requests: createErasureRequests(mysql, table),
    shards,
    database,
    journal,
    repository: direct,
    flush: ids => sync.flush({ ids }),
    redisNow: async () => Math.max(...await shards.each(({ connection }) => connection.call(async ({ client }) => {
      const [seconds, microseconds] = await client.time() as unknown as [string | number, string | number]
      return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
    }))),
    events,
    log,
  })

  const isListed = config.LISTS === 'on'
  const read: TicketRepository['read'] = (ids, options) => repository.read(ids, options)
  // Without indexes nothing is known of the order of what Redis holds.
  const list = createLists({ shards: isListed ? shards : createShards<TicketShard>([], partitioning), database, read, journal: isJournaled ? { list: journal.list, isIdle: gate.isIdle } : undefined })
  const changes = createChanges({ shards, list, isListed, read, pace })
  const changeSignal = createChangeSignal(changes.mark)
  events.on('write', changeSignal.changed)
  const webhooks = createWebhooks({ config, targets, shards: redis.shards, partitioning, changes, signal: changeSignal, log, ending: grace.over('statements') })

  const service = {
    /** How a status says whether a ticket is closed. */
    statuses,
    /** Tells what becomes of writes. */
    events,
    /** Is told of requests: beside them, long work takes less at a time. */
    traffic,
    /** What callers ask for: writes and reads of tickets. */
    repository,
    /** The same, of what Redis holds alone. */
    store,
    /** Lists of tickets by what they are. */
    list,
    /** Counts of them. */
    count: createCounts({ shards, database }),
    /** What has changed since a cursor. */
    changes,
    /** Wakes those who wait for a change. */
    changeSignal,
    /** Tell others of changes. */
    webhooks,
    /** The way to MySQL. */
    sync,
    /** Customers who are to be erased. */
    erasures,
    /** Writes that were accepted while Redis was unavailable. */
    journal: { ...journal, ...createConflictResolution(journal, direct), gate },
    database,
    shards,

    /** What readiness asks of Redis, beside whether it answers. */
    redisState: () => ({
      /** Whether it is known to hold all that MySQL does, in all shards. */
      isReconciled: shards.all.every(({ reconcile }) => reconcile.isTrusted()),
      /** Why that is not known, if it was tried in vain. */
      failure: shards.all.map(({ reconcile }) => reconcile.failure()).find(error => error !== undefined),
      /** Whether at least one shard can be reached. */
      isReachable: shards.all.some(({ connection }) => connection.isReady()),
    }),
  }

  return {
    service,

    /** @throws {ConfigError} when the tickets in Redis were written with other settings */
    async start () {
      await sync.start()
      erasures.start()
      webhooks.start()
      if (isJournaled) {
        await replayLoop.start()
        return
      }
      const { pending } = await journal.counts(START_TIMEOUT_MS).catch(() => ({ pending: 0 }))
      if (pending > 0) log.warn({ pending }, 'the journal holds writes that were accepted while Redis was unavailable, and FALLBACK=off leaves them there: set FALLBACK=mysql')
    },

    /** Brings to MySQL what there is time for. What has not ended by then is not waited for: it may be repeated. */
    async stop () {
      await Promise.race([Promise.all([replayLoop.stop(), erasures.stop(), sync.stop(), webhooks.stop()]), aborted(grace.over('work'))])
    },
  }
}

export type Service = ReturnType<typeof createService>['service']

/**
 * A hung statement ends before its tickets are claimed again. One that hangs at SIGTERM ends in time for the last pass,
 * whose own is cut off when the grace says so.
 */
const statementTimeoutMs = (config: Config) => Math.floor(Math.min(STATEMENT_TIMEOUT_MS, config.FLUSH_LEASE_MS / 3, config.SHUTDOWN_GRACE_MS / 4))
