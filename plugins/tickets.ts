import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../src/config.ts'
import { createBudget } from '../src/util/budget.ts'
import { createLimit } from '../src/util/limit.ts'
import { createFallback } from '../src/journal/fallback.ts'
import { createJournal } from '../src/journal/journal.ts'
import { createTurns } from '../src/journal/gate.ts'
import { journalTable } from '../src/mysql/migrate.ts'
import { createStrategy } from '../src/tickets/strategy.ts'
import { createArchive } from '../src/database/target.ts'
import { createChanges } from '../src/tickets/events.ts'
import { createKeys } from '../src/tickets/keys.ts'
import { createPartition } from '../src/shards/partition.ts'
import { createPartitioned } from '../src/shards/partitioned.ts'
import { createPartitions } from '../src/shards/partitions.ts'
import { createReadThrough } from '../src/read-through/read-through.ts'
import { partitionTags } from './redis.ts'

/** Ample for a batch that usually takes a hundredth of it. */
const STATEMENT_TIMEOUT_MS = 10_000

declare module 'fastify' {
  interface FastifyInstance { tickets: ReturnType<typeof createTickets> }
}

/** What may wait for Redis, in tickets: a second of full load. */
const PENDING_MAX = 30_000

/** The same in characters: some batches of the largest size, or a second of usual tickets. */
const PENDING_CHARACTERS_MAX = 16 * 1024 * 1024

/** That run at a time: the pool has connections for others too. */
const COMPARISONS_MAX = 3

function createTickets ({ redis, mysql, log }: FastifyInstance, config: Config) {
  const changes = createChanges()
  const onCorrupt = (error: Error, ticketId: number) => { log.error({ err: error, ticket_id: ticketId }, 'a stored ticket cannot be read') }
  const onJournaled = (operations: number) => { changes.emit('journaled', operations) }
  const timeoutMs = statementTimeoutMs(config)
  const archive = createArchive(mysql, config, timeoutMs)
  const tags = partitionTags(config)
  const options = {
    archive,
    count: tags.length,
    writeBudget: createBudget(PENDING_MAX, PENDING_CHARACTERS_MAX),
    readBudget: createBudget(PENDING_MAX),
    strategy: createStrategy(config.SYNC_STRATEGY, config.SYNC_LINGER_MS),
    commandTimeoutMs: config.REDIS_COMMAND_TIMEOUT_MS,
    statementTimeoutMs: timeoutMs,
    retentionSeconds: config.TICKET_RETENTION_SECONDS,
    idempotencySeconds: config.IDEMPOTENCY_TTL_SECONDS,
    attemptsMax: config.FLUSH_MAX_ATTEMPTS,
    closedStatuses: config.TICKET_CLOSED_STATUSES,
    defaultStatus: config.TICKET_STATUSES[0]!,
    onCorrupt,
    onWrite: (operations: number) => { changes.emit('write', operations) },
    log,
    limit: createLimit(COMPARISONS_MAX),
  }
  const partitions = tags.map((tag, index) => createPartition({ ...options, index, home: redis.homes[index]!, keys: createKeys(config.KEY_PREFIX, tag) }))
  const count = partitions.length
  const journal = createJournal(mysql, journalTable(config.TICKETS_TABLE), count)
  const readThrough = createReadThrough(createPartitioned(partitions.map(({ repository }) => repository)), {
    archive,
    onCorrupt,
    awaited: config.FALLBACK === 'mysql' ? journal.creates : undefined,
    onUncheckedCreate: ticketId => { log.warn({ ticket_id: ticketId }, 'created without asking MySQL, which has not answered since this Redis began; if it holds the id, the newer version will replace its row') },
  })
  const turns = createTurns(count)
  const now = () => redis.now() ?? Date.now()
  const { TICKET_CLOSED_STATUSES: closedStatuses, TICKET_STATUSES: [defaultStatus] } = config
  return {
    ...(config.FALLBACK === 'mysql' ? createFallback(readThrough, { journal, archive, turns, now, closedStatuses, defaultStatus: defaultStatus!, onCorrupt, onJournaled }) : readThrough),
    /** Without the journal. */
    direct: readThrough,
    journal,
    turns,
    changes,
    archive,
    partitions,
    /** What concerns all partitions at once. */
    all: createPartitions(partitions),
  }
}

/**
 * A hung statement ends before its tickets are claimed again, and leaves room in the grace for
 * requests and two of its kind: the one that is running at SIGTERM and the last flush.
 */
const statementTimeoutMs = (config: Config) => Math.floor(Math.min(STATEMENT_TIMEOUT_MS, config.FLUSH_LEASE_MS / 3, config.SHUTDOWN_GRACE_MS / 4))

/** The Redis repository: what the ticket routes call, and the index that the flusher works through. */
export default fp<{ config: Config }>(async (app, { config }) => {
  app.decorate('tickets', createTickets(app, config))
}, { name: 'tickets', dependencies: ['redis', 'mysql'] })
