import { randomUUID } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import pLimit from 'p-limit'
import type { Shards } from '../shards/shards.ts'
import type { IndexStore } from '../store/index-store.ts'

interface Indexed { index: IndexStore, isUsable: () => boolean }

export interface ReindexOptions {
  shards: Shards<Indexed>
  log: FastifyBaseLogger
  stopping: AbortSignal
}

/**
 * Builds the indexes of the unsynced tickets anew where they are not whole: after an upgrade, after an older instance or another
 * program has changed marks, after a ticket has vanished. Lists wait for it; nothing else does.
 */
export function createReindex ({ shards, log, stopping }: ReindexOptions) {
  const owner = randomUUID()
  // One shard at a time, so that a Cluster's are no more load than a single Redis.
  const oneAtATime = pLimit(1)
  const working = new Map<Indexed, Promise<void>>()

  async function work (shard: Indexed) {
    const startedAt = performance.now()
    const partition = shards.all.length > 1 ? { partition: shards.all.indexOf(shard) } : {}
    const isBuilt = await shard.index.rebuild(owner, stopping, () => { log.debug(partition, 'the indexes of the unsynced tickets are being built') })
    if (isBuilt) log.info({ ...partition, duration_ms: Math.round(performance.now() - startedAt) }, 'the indexes of the unsynced tickets were built')
  }

  return {
    /** Looks at all shards, in the background. Does not fail: the next look tries again. */
    look () {
      for (const shard of shards.all) {
        if (stopping.aborted || working.has(shard) || !shard.isUsable()) continue
        working.set(shard, oneAtATime(() => work(shard))
          .catch((error: unknown) => { if (!stopping.aborted) log.warn({ err: error }, 'the indexes of the unsynced tickets could not be built; the next flush tries again, and lists are 503 until then') })
          .finally(() => { working.delete(shard) }))
      }
    },

    /** Resolves when nothing runs any more. */
    async ended () { await Promise.all(working.values()) },
  }
}

export type Reindex = ReturnType<typeof createReindex>
