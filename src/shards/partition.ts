import type { FastifyBaseLogger } from 'fastify'
import type { Limit } from '../util/limit.ts'
import { createDriftRepair } from '../sync/reconcile.ts'
import type { Home } from '../redis/servers.ts'
import type { TicketArchive } from '../database/database.ts'
import { createDeadLetters } from '../store/dead-letters.ts'
import { createDriftStore } from '../store/reconcile-store.ts'
import { createDueIndex } from '../store/due-index.ts'
import type { Keys } from '../tickets/keys.ts'
import { SCRIPT_NAMES, type Script, type Scripts } from '../store/scripts.ts'
import { createTicketStore, type StoreOptions } from '../store/store.ts'
import { createTrust } from '../sync/trust.ts'

export interface PartitionOptions extends StoreOptions {
  home: Home
  keys: Keys
  archive: TicketArchive
  /** Which one of how many it is. */
  index: number
  count: number
  attemptsMax: number
  /** For a page of rows. */
  statementTimeoutMs: number
  log: FastifyBaseLogger
  /** Of the comparisons with MySQL that run at a time. */
  limit: Limit
}

/** The scripts at the server that holds the partition. */
const scriptsAt = (home: Home): Scripts =>
  Object.fromEntries(SCRIPT_NAMES.map(name => [name, (...call: Parameters<Script>) => home.call(node => node.scripts[name](...call))])) as Scripts

/** The tickets whose keys are in one place: all of them, or one slot's of a Cluster. */
export function createPartition (options: PartitionOptions) {
  const { home, keys, archive, index, count, retentionSeconds, attemptsMax, log } = options
  const scripts = scriptsAt(home)
  const dueIndex = createDueIndex(scripts, keys, { retentionSeconds, attemptsMax })
  const drift = createDriftRepair({
    store: createDriftStore(scripts, keys, { retentionSeconds, partitions: count }),
    archive,
    partition: { index, count },
    limit: options.limit,
    learnHighestId: async () => { await dueIndex.raiseArchivedMax(await archive.highestId()) },
    timeoutMs: options.statementTimeoutMs,
    log,
  })
  return {
    home,
    repository: createTrust(createTicketStore(options), drift.isTrusted),
    dueIndex,
    deadLetters: createDeadLetters(scripts, keys),
    drift,
  }
}

export type Partition = ReturnType<typeof createPartition>
