import { createDeadLetters } from '../store/dead-letters.ts'
import { createDueIndex, horizonOf, type DueIndexOptions } from '../store/due-index.ts'
import { createCheckpoint } from '../store/checkpoint.ts'
import { createChangeLog } from '../store/change-log.ts'
import { createErasureStore } from '../store/erasure-store.ts'
import { createListStore, type PassOptions } from '../store/list-store.ts'
import { createIndexStore } from '../store/index-store.ts'
import { createReconcileStore } from '../store/reconcile-store.ts'
import { createResyncStore } from '../store/resync-store.ts'
import { repeatableScripts } from '../store/scripts.ts'
import type { Partition } from '../store/owners.ts'
import { createWriteCodec, type WriteCodecOptions } from '../store/write-codec.ts'
import { createTicketPush } from '../store/ticket-push.ts'
import type { Partitioning } from '../tickets/partitioning.ts'
import { createReconcile, type ReconcileOptions } from './reconcile.ts'
import { createShardResync } from './shard-resync.ts'

export interface TicketShardOptions extends WriteCodecOptions, Omit<Partition, 'isTrusted'>, Omit<DueIndexOptions, 'onBacklog'>, Pick<ReconcileOptions, 'database' | 'limit' | 'timeoutMs' | 'log'> {
  /** Its place among the shards. */
  index: number
  partitioning: Partitioning
  retentionSeconds: number
  passes: PassOptions
  /** A change stays in the change log this long; 0: there is none. */
  changesSeconds: number
  /** This number of unsynced tickets is gone from Redis. */
  onVanished: (tickets: number) => void
}

/** The tickets whose keys are in one place, with what keeps them in step with MySQL. */
export function createTicketShard (options: TicketShardOptions) {
  const { shard, keys, index, partitioning, retentionSeconds, changesSeconds } = options
  const scripts = repeatableScripts(shard)
  const checkpoint = createCheckpoint(scripts, keys, { partitioning, onVanished: options.onVanished })
  const dueIndex = createDueIndex(scripts, keys, { ...options, onBacklog: checkpoint.note })
  const resyncStore = createResyncStore(scripts, keys)
  const reconcileStore = createReconcileStore(scripts, keys, { retentionSeconds, changesSeconds, checkpoint })
  const reconcile = createReconcile({
    ...options,
    store: reconcileStore,
    partition: { index, ...partitioning },
  })
  return {
    connection: shard,
    /** What the store knows of it. */
    partition: { shard, keys, isTrusted: reconcile.isTrusted } satisfies Partition,
    dueIndex,
    deadLetters: createDeadLetters(scripts, keys),
    inspect: createTicketPush(scripts, keys, horizonOf(options.delayMaxMs)),
    reconcile,
    erasure: createErasureStore(scripts, keys),
    index: createIndexStore(scripts, keys),
    list: createListStore(scripts, keys, createWriteCodec(options).decode, options.passes),
    changes: createChangeLog(scripts, keys),
    walk: resyncStore.walkOn,
    resync: createShardResync({ ...options, checkpoint, store: resyncStore, load: reconcile.load, forgetArchived: reconcileStore.forgetArchived }),
    /** Whether it can be written to. */
    isUsable: () => shard.isReady() && reconcile.isTrusted(),
  }
}

export type TicketShard = ReturnType<typeof createTicketShard>
