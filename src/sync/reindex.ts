import { randomUUID } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import pLimit from 'p-limit'
import type { Shards } from '../shards/shards.ts'
import type { IndexStore } from '../store/index-store.ts'
import type { TicketEvents } from '../tickets/events.ts'

/** An instance that lists wants the indexes for some looks, and at least for this time. Longer than a restart of all instances takes. */
const WANTED_MIN_MS = 600_000
const WANTED_LOOKS = 3

interface Indexed { index: IndexStore, isUsable: () => boolean }

export interface ReindexOptions {
  shards: Shards<Indexed>
  /** LISTS=on. */
  isWanted: boolean
  /** Between two looks, ms, at most a day. */
  intervalMs: number
  events: TicketEvents
  log: FastifyBaseLogger
  stopping: AbortSignal
}

/**
 * Builds the indexes of the unsynced tickets anew where they are not whole: after an upgrade, after an older instance or another
 * program has changed marks, after a ticket has vanished. Lists wait for it; nothing else does.
 * With LISTS=off it removes them, once no instance wants them. Until then all instances keep them, whatever their own setting.
 */
export function createReindex ({ shards, isWanted, intervalMs, events, log, stopping }: ReindexOptions) {
  const owner = randomUUID()
  const wantedMs = Math.max(WANTED_MIN_MS, WANTED_LOOKS * intervalMs)
  // One shard at a time, so that a Cluster's are no more load than a single Redis.
  const oneAtATime = pLimit(1)
  const working = new Map<Indexed, Promise<void>>()

  async function build ({ index }: Indexed, partition: object) {
    const startedAt = performance.now()
    const isBuilt = await index.rebuild(owner, wantedMs, stopping, () => { log.debug(partition, 'the indexes of the unsynced tickets are being built') })
    if (!isBuilt) return
    events.emit('indexed', 'built')
    log.info({ ...partition, duration_ms: Math.round(performance.now() - startedAt) }, 'the indexes of the unsynced tickets were built')
  }

  async function drop ({ index }: Indexed, partition: object) {
    if (await index.drop(owner, stopping)) log.info(partition, 'the indexes of the unsynced tickets were removed: no instance has LISTS=on')
  }

  function onError (error: unknown) {
    if (stopping.aborted) return
    if (!isWanted) return log.warn({ err: error }, 'the indexes of the unsynced tickets could not be removed; the next flush tries again')
    events.emit('indexed', 'failed')
    log.warn({ err: error }, 'the indexes of the unsynced tickets could not be built; the next flush tries again, and lists are 503 until then')
  }

  return {
    /** Looks at all shards, in the background. Does not fail: the next look tries again. */
    look () {
      shards.all.forEach((shard, i) => {
        if (stopping.aborted || working.has(shard) || !shard.isUsable()) return
        const partition = shards.all.length > 1 ? { partition: i } : {}
        working.set(shard, oneAtATime(() => isWanted ? build(shard, partition) : drop(shard, partition))
          .catch(onError)
          .finally(() => { working.delete(shard) }))
      })
    },

    /** Resolves when nothing runs any more. */
    async ended () { await Promise.all(working.values()) },
  }
}

export type Reindex = ReturnType<typeof createReindex>
