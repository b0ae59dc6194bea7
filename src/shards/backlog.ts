import { PAGE_BYTES_MAX, type DeadLetters, type Page, type Position } from '../store/dead-letters.ts'
import type { Backlog, DueIndex } from '../store/due-index.ts'
import type { Shards } from './shards.ts'

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

/**
 * How far MySQL is behind: the sum over the shards that can be reached, and how many cannot.
 * @throws when none can
 */
export async function readBacklog (shards: Shards<{ dueIndex: DueIndex }>): Promise<Backlog & { unreachable: number }> {
  const backlogs = await shards.reachable(({ dueIndex }) => dueIndex.backlog())
  const total = (name: 'unsynced' | 'waiting' | 'due' | 'dead') => sum(backlogs.map(backlog => backlog[name]))
  const ages = backlogs.flatMap(({ oldest_due_age_ms: age }) => age ?? [])
  return {
    unsynced: total('unsynced'),
    waiting: total('waiting'),
    due: total('due'),
    oldest_due_age_ms: ages.length > 0 ? Math.max(...ages) : null,
    dead: total('dead'),
    isIndexed: backlogs.every(({ isIndexed }) => isIndexed),
    unreachable: shards.all.length - backlogs.length,
  }
}

/** In the order in which they died, and as Redis orders those of the same millisecond: by their ids as text. */
const byDeath = (a: Position, b: Position) => Number(a.score) - Number(b.score) || (a.id < b.id ? -1 : Number(a.id !== b.id))

/** The dead letters of all shards. */
export function createShardedDeadLetters (shards: Shards<{ deadLetters: DeadLetters }>): DeadLetters {
  return {
    async list (limit: number, after?: Position): Promise<Page> {
      const bytesMax = Math.ceil(PAGE_BYTES_MAX / shards.all.length)
      const pages = await shards.each(({ deadLetters }) => deadLetters.list(limit, after, bytesMax))
      const entries = pages.flatMap(page => page.deadLetters).sort((a, b) => byDeath(a.position, b.position))
      // Behind the end of a page that others follow nothing can be said of what comes next.
      const [end] = pages.flatMap(page => page.next ?? []).sort(byDeath)
      const shown = entries.filter(({ position }) => !end || byDeath(position, end) <= 0).slice(0, limit)
      const next = shown.length === limit ? shown.at(-1)!.position : end
      const hasMore = end !== undefined || entries.length > shown.length
      return { total: sum(pages.map(({ total }) => total)), deadLetters: shown, ...(hasMore && { next }) }
    },

    async redrive (ids: readonly number[]): Promise<number[]> {
      const redriven = shards.divide(ids, id => id).map(([{ deadLetters }, part]) => deadLetters.redrive(part))
      return (await Promise.all(redriven)).flat()
    },

    redriveAll: async (): Promise<number> => sum(await shards.each(({ deadLetters }) => deadLetters.redriveAll())),
  }
}
