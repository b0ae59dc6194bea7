import { groupBy } from '../util/group-by.ts'
import type { TicketRepository } from '../tickets/repository.ts'

/** Which of `count` partitions a ticket is in. */
export const partitionOf = (ticketId: number, count: number): number => ticketId % count

/** Positions in `ids`, by partition. */
export function byPartition (ids: readonly number[], count: number): Map<number, number[]> {
  return groupBy([...ids.keys()], position => partitionOf(ids[position]!, count))
}

/** The repositories of the partitions as one. */
export function createPartitioned (repositories: readonly TicketRepository[]): TicketRepository {
  const count = repositories.length
  if (count === 1) return repositories[0]!

  /** Asks each partition for its part, and puts the answers in the order of the whole. */
  async function spread<Item, Answer> (items: readonly Item[], ids: readonly number[], ask: (repository: TicketRepository, part: Item[]) => Promise<Answer[]>): Promise<Answer[]> {
    const answers: Answer[] = []
    await Promise.all(Array.from(byPartition(ids, count), async ([partition, positions]) => {
      const part = await ask(repositories[partition]!, positions.map(position => items[position]!))
      positions.forEach((position, i) => { answers[position] = part[i]! })
    }))
    return answers
  }

  return {
    write: operations => spread(operations, operations.map(operation => operation.ticket_id), (repository, part) => repository.write(part)),
    read: ids => spread(ids, ids, (repository, part) => repository.read(part)),
  }
}
