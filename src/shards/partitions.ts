import { createSweep } from '../sync/claim-batches.ts'
import type { Loaded } from '../sync/reconcile.ts'
import type { Backlog } from '../store/due-index.ts'
import type { Page, Position } from '../store/dead-letters.ts'
import type { Partition } from './partition.ts'
import { byPartition } from './partitioned.ts'

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

/** In the order in which they died, and as Redis orders those of the same millisecond: by their ids as text. */
const byDeath = (a: Position, b: Position) => Number(a.score) - Number(b.score) || (a.id < b.id ? -1 : 1)

/** What concerns all partitions at once. Rejects when one of them cannot be reached, unless it says otherwise. */
export function createPartitions (partitions: readonly Partition[]) {
  const dueIndexes = partitions.map(({ dueIndex }) => dueIndex)

  return {
    /** A way through what is due, or through these tickets. */
    sweep: (ids?: readonly number[]) => createSweep(dueIndexes, ids),

    /** Of the partitions that can be reached, and how many cannot. Rejects when none can. */
    async backlog (): Promise<Backlog & { unreachable: number }> {
      const outcomes = await Promise.allSettled(dueIndexes.map(index => index.backlog()))
      const backlogs = outcomes.flatMap(outcome => outcome.status === 'fulfilled' ? [outcome.value] : [])
      if (backlogs.length === 0) throw (outcomes[0] as PromiseRejectedResult).reason
      const total = (name: 'unsynced' | 'waiting' | 'due' | 'dead') => sum(backlogs.map(backlog => backlog[name]))
      const ages = backlogs.flatMap(({ oldest_due_age_ms: age }) => age ?? [])
      return {
        unsynced: total('unsynced'),
        waiting: total('waiting'),
        due: total('due'),
        oldest_due_age_ms: ages.length > 0 ? Math.max(...ages) : null,
        dead: total('dead'),
        unreachable: outcomes.length - backlogs.length,
      }
    },

    /** Makes every unsynced ticket due now, where it can be reached. */
    expediteAll: () => some(dueIndexes.map(index => index.expediteAll())),

    /** Records the highest id that MySQL holds, where it can be recorded. */
    raiseArchivedMax: (id: number) => some(dueIndexes.map(index => index.raiseArchivedMax(id))),

    deadLetters: {
      /** A page of at most `limit`, in the order in which they died. */
      async list (limit: number, after?: Position): Promise<Page> {
        const pages = await Promise.all(partitions.map(({ deadLetters }) => deadLetters.list(limit, after)))
        const entries = pages.flatMap(page => page.deadLetters).sort((a, b) => byDeath(a.position, b.position))
        const hasMore = entries.length > limit || pages.some(page => page.next)
        const shown = entries.slice(0, limit)
        return { total: sum(pages.map(({ total }) => total)), deadLetters: shown, ...(hasMore && { next: shown.at(-1)?.position ?? pages.find(page => page.next)!.next }) }
      },

      /** Makes these due again. Resolves with those that were dead letters. */
      async revive (ids: readonly number[]): Promise<number[]> {
        const parts = byPartition(ids, partitions.length)
        const revived = await Promise.all(Array.from(parts, ([partition, positions]) => partitions[partition]!.deadLetters.revive(positions.map(position => ids[position]!))))
        return revived.flat()
      },

      /** Makes all due again. Resolves with their number. */
      reviveAll: async (): Promise<number> => sum(await Promise.all(partitions.map(({ deadLetters }) => deadLetters.reviveAll()))),
    },

    drift: {
      /** @throws what the first of them failed with, when all have ended */
      async check (signal: AbortSignal): Promise<void> {
        const outcomes = await Promise.allSettled(partitions.map(({ drift }) => drift.check(signal)))
        const failed = outcomes.find(outcome => outcome.status === 'rejected')
        if (failed) throw failed.reason
      },

      /** Loads those of the tickets that MySQL holds in a newer version than Redis. */
      async load (ids: readonly number[]): Promise<Loaded> {
        const parts = byPartition(ids, partitions.length)
        const all = await Promise.all(Array.from(parts, ([partition, positions]) => partitions[partition]!.drift.load(positions.map(position => ids[position]!))))
        return { loaded: sum(all.map(({ loaded }) => loaded)), failures: all.flatMap(({ failures }) => failures) }
      },

      /** Resolves when the checks that run have found whether Redis can be trusted, or failed. */
      settled: async () => { await Promise.all(partitions.map(({ drift }) => drift.settled())) },
    },
  }
}

export type Partitions = ReturnType<typeof createPartitions>

/** What some cannot do they are asked again later; rejects when none can. */
async function some (promises: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(promises)
  const failed = outcomes.find(outcome => outcome.status === 'rejected')
  if (failed && outcomes.every(({ status }) => status === 'rejected')) throw failed.reason
}
