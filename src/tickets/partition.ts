import type { FastifyBaseLogger } from 'fastify'
import type { Limit } from '../limit.js'
import { createDriftRepair } from '../sync/drift.js'
import type { Home } from '../redis/servers.js'
import type { TicketArchive } from './archive.js'
import { createDeadLetters } from './dead-letters.js'
import { createDriftStore } from './drift-store.js'
import { createDueIndex } from './due-index.js'
import type { Keys } from './keys.js'
import { SCRIPT_NAMES, type Script, type Scripts } from './scripts/index.js'
import { createTicketStore, type StoreOptions } from './store.js'
import { createTrust } from './trust.js'

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
