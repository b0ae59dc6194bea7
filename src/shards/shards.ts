import { partitionOf, type Partitioning } from '../tickets/partitioning.ts'
import { allEnded } from '../util/async.ts'

/**
 * One fan-out over the shards that hold the tickets: the partitions of a Cluster; without a Cluster there is one shard.
 * What one shard fails with does not keep the others from theirs, and is thrown when all have ended.
 */
export function createShards<Shard> (all: readonly Shard[], partitioning: Partitioning) {
  return {
    all,

    /** Asks each shard for its part of the items. The answers stand in the order of the items. */
    async spread<Item, Answer> (items: readonly Item[], idOf: (item: Item) => number, ask: (shard: Shard, part: Item[]) => Promise<Answer[]>): Promise<Answer[]> {
      const parts = Map.groupBy(items.keys(), position => partitionOf(idOf(items[position]!), partitioning))
      const answers: Answer[] = []
      await allEnded(Array.from(parts, async ([partition, positions]) => {
        const part = await ask(all[partition]!, positions.map(position => items[position]!))
        positions.forEach((position, i) => { answers[position] = part[i]! })
      }))
      return answers
    },

    /** The parts of the items, by shard. */
    divide<Item> (items: readonly Item[], idOf: (item: Item) => number): [Shard, Item[]][] {
      return Array.from(Map.groupBy(items, item => partitionOf(idOf(item), partitioning)), ([partition, part]) => [all[partition]!, part])
    },

    /** Asks all of them. */
    each: <Answer>(ask: (shard: Shard) => Promise<Answer>): Promise<Answer[]> => allEnded(all.map(ask)),

    /**
     * Asks all of them, of which some may be unreachable: these are asked again later.
     * @throws what the first failed with, when none can be reached
     */
    async reachable<Answer> (ask: (shard: Shard) => Promise<Answer>): Promise<Answer[]> {
      const outcomes = await Promise.allSettled(all.map(ask))
      const answers = outcomes.flatMap(outcome => outcome.status === 'fulfilled' ? [outcome.value] : [])
      if (answers.length === 0) throw (outcomes[0] as PromiseRejectedResult).reason
      return answers
    },
  }
}

export type Shards<Shard> = Pick<ReturnType<typeof createShards<Shard>>, 'all' | 'spread' | 'divide' | 'each' | 'reachable'>
