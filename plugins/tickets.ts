import { EventEmitter } from 'node:events'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../src/config.js'
import { createDriftRepair } from '../src/sync/drift.js'
import { createStrategy } from '../src/sync/strategy.js'
import { createArchive } from '../src/tickets/archive-target.js'
import { createDeadLetters } from '../src/tickets/dead-letters.js'
import { createDriftStore } from '../src/tickets/drift-store.js'
import { createDueIndex } from '../src/tickets/due-index.js'
import { createKeys } from '../src/tickets/keys.js'
import { createReadThrough } from '../src/tickets/read-through.js'
import { defineScripts } from '../src/tickets/scripts/index.js'
import { createTicketStore } from '../src/tickets/store.js'
import { createTrust } from '../src/tickets/trust.js'

/** Ample for a batch that usually takes a hundredth of it. */
const STATEMENT_TIMEOUT_MS = 10_000

declare module 'fastify' {
  interface FastifyInstance { tickets: ReturnType<typeof createTickets> }
}

function createTickets ({ redis, mysql, log }: FastifyInstance, config: Config) {
  const changes = new EventEmitter<{ write: [] }>()
  const scripts = defineScripts(redis.client)
  const { write } = defineScripts(redis.writer)
  const keys = createKeys(config.KEY_PREFIX)
  const onCorrupt = (error: Error, ticketId: number) => { log.error({ err: error, ticket_id: ticketId }, 'a stored ticket cannot be read') }

  const timeoutMs = statementTimeoutMs(config)
  const archive = createArchive(mysql, config, timeoutMs)
  const dueIndex = createDueIndex(scripts, keys, { retentionSeconds: config.TICKET_RETENTION_SECONDS, attemptsMax: config.FLUSH_MAX_ATTEMPTS })
  const learnHighestId = async () => { await dueIndex.raiseArchivedMax(await archive.highestId()) }
  const drift = createDriftRepair({
    store: createDriftStore(scripts, keys, config.TICKET_RETENTION_SECONDS),
    archive,
    learnHighestId,
    timeoutMs,
    log,
  })
  const store = createTicketStore({
    scripts: { ...scripts, write },
    keys,
    clock: redis.clock,
    strategy: createStrategy(config.SYNC_STRATEGY, config.SYNC_LINGER_MS),
    commandTimeoutMs: config.REDIS_COMMAND_TIMEOUT_MS,
    retentionSeconds: config.TICKET_RETENTION_SECONDS,
    idempotencySeconds: config.IDEMPOTENCY_TTL_SECONDS,
    closedStatuses: config.TICKET_CLOSED_STATUSES,
    defaultStatus: config.TICKET_STATUSES[0]!,
    waitForReplicas: redis.waitForReplicas,
    onCorrupt,
    onWrite: () => { changes.emit('write') },
  })
  const readThrough = createReadThrough(store, {
    archive,
    onCorrupt,
    onUncheckedCreate: ticketId => { log.warn({ ticket_id: ticketId }, 'created without asking MySQL, which has not answered since this Redis began; if it holds the id, the newer version will replace its row') },
  })
  return {
    ...createTrust(readThrough, drift.isTrusted),
    /** Emits `write` after every script call that has changed tickets. */
    changes,
    archive,
    dueIndex,
    learnHighestId,
    deadLetters: createDeadLetters(scripts, keys),
    drift,
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
