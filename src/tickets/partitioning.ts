/**
 * How the tickets of a Cluster are divided: `block` consecutive ids are in one partition, the next ones in the next. Tickets that are new, and
 * so asked for together, share calls, marks and entries of the change log; still each master has its part of them.
 */
export interface Partitioning {
  /** Partitions. */
  count: number
  block: number
}

/** Without a Cluster. */
export const UNDIVIDED: Partitioning = { count: 1, block: 1 }

/** The partition that a ticket is in, from 0. */
export const partitionOf = (ticketId: number, { count, block }: Partitioning): number => Math.floor(ticketId / block) % count

/** As it is kept with the tickets. Blocks are new: without them it is the count alone. */
export const toText = ({ count, block }: Partitioning): string => block === 1 ? String(count) : `${count}/${block}`

/** The settings that are this. */
export function toSettings (text: string): string {
  const [count, block = '1'] = text.split('/')
  return `REDIS_PARTITIONS=${count} and REDIS_PARTITION_BLOCK=${block}`
}
