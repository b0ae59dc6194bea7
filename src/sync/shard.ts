import { storeUnavailable } from '../errors.ts'
import { RedisError } from '../redis/failure.ts'
import { createDeadLetters } from '../store/dead-letters.ts'
import { createDueIndex, horizonOf, type DueIndexOptions } from '../store/due-index.ts'
import { createCheckpoint } from '../store/checkpoint.ts'
import { createChangeLog } from '../store/change-log.ts'
import { createErasureStore } from '../store/erasure-store.ts'
import { createListStore } from '../store/list-store.ts'
import { createIndexStore } from '../store/index-store.ts'
import { createReconcileStore } from '../store/reconcile-store.ts'
import { createResyncStore } from '../store/resync-store.ts'
import { repeatableScripts } from '../store/scripts.ts'
import { createTicketStore, type StoreOptions } from '../store/store.ts'
import { createTicketPush } from '../store/ticket-push.ts'
import type { TicketRepository } from '../tickets/repository.ts'
import { createReconcile, type ReconcileOptions } from './reconcile.ts'
import { createShardResync } from './shard-resync.ts'

export interface TicketShardOptions extends StoreOptions, Omit<DueIndexOptions, 'onBacklog'>, Pick<ReconcileOptions, 'database' | 'limit' | 'timeoutMs' | 'log'> {
  /** Its place among `count` shards. */
  index: number
  count: number
  /** This number of unsynced tickets is gone from Redis. */
  onVanished: (tickets: number) => void
}

/** The tickets whose keys are in one place, with what keeps them in step with MySQL. */
export function createTicketShard (options: TicketShardOptions) {
  const { shard, keys, index, count, retentionSeconds, changesSeconds } = options
  const scripts = repeatableScripts(shard)
  const checkpoint = createCheckpoint(scripts, keys, { partitions: count, onVanished: options.onVanished })
  const dueIndex = createDueIndex(scripts, keys, { ...options, onBacklog: checkpoint.note })
  const resyncStore = createResyncStore(scripts, keys)
  const reconcileStore = createReconcileStore(scripts, keys, { retentionSeconds, changesSeconds, checkpoint })
  const reconcile = createReconcile({
    ...options,
    store: reconcileStore,
    partition: { index, count },
  })
  return {
    connection: shard,
    repository: refuseUntilReconciled(createTicketStore(options), reconcile.isTrusted),
    dueIndex,
    deadLetters: createDeadLetters(scripts, keys),
    inspect: createTicketPush(scripts, keys, horizonOf(options.delayMaxMs)),
    reconcile,
    erasure: createErasureStore(scripts, keys),
    index: createIndexStore(scripts, keys),
    list: createListStore(scripts, keys),
    changes: createChangeLog(scripts, keys),
    walk: resyncStore.walkOn,
    resync: createShardResync({ ...options, checkpoint, store: resyncStore, load: reconcile.load, forgetArchived: reconcileStore.forgetArchived }),
    /** Whether it can be written to. */
    isUsable: () => shard.isReady() && reconcile.isTrusted(),
  }
}

export type TicketShard = ReturnType<typeof createTicketShard>

/**
 * Refuses writes while Redis may hold older data than MySQL. A write on top of that would be newer than
 * what it does not know of, and would replace it in MySQL. Reads go on.
 */
function refuseUntilReconciled (repository: TicketRepository, isTrusted: () => boolean): TicketRepository {
  return {
    read: repository.read,
    write: (operations, options) => {
      if (isTrusted()) return repository.write(operations, options)
      const problem = storeUnavailable(new RedisError('refused', 'Redis was unavailable, and is not yet known to hold all that MySQL does'))
      return Promise.resolve(operations.map(() => problem))
    },
  }
}
