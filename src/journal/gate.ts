import { partitionOf } from '../shards/partitioned.ts'

/** Tickets that are remembered: some megabytes. */
const TICKETS_MAX = 100_000

/**
 * Which partitions' writes go to the journal at present. A write must not overtake one that was kept
 * before it, so a partition's writes go on to the journal until its entries have been made.
 */
export function createTurns (count: number) {
  const partitions = Array.from({ length: count }, () => ({
    /** Entries may be there that were kept here. */
    holds: false,
    /** Of these tickets; undefined: of any, as far as is known. */
    tickets: new Set() as Set<number> | undefined,
    /** Writes that are being kept now. */
    running: 0,
    /** How often something was kept. */
    kept: 0,
    /** Writes wait meanwhile. */
    pause: undefined as Promise<void> | undefined,
    onIdle: () => {},
  }))
  // Nearly always nothing is journaled, and writes should not look further.
  let busy = 0

  const of = (ticketId: number) => partitions[partitionOf(ticketId, count)]!

  function set (partition: typeof partitions[number], change: () => void) {
    const was = partition.holds || partition.running > 0 || partition.pause !== undefined
    change()
    const is = partition.holds || partition.running > 0 || partition.pause !== undefined
    busy += Number(is) - Number(was)
    if (partition.running === 0) partition.onIdle()
  }

  function remember (ticketId: number) {
    const partition = of(ticketId)
    partition.tickets?.add(ticketId)
    if (partition.tickets && partition.tickets.size > TICKETS_MAX) partition.tickets = undefined
  }

  return {
    /** No write goes to the journal. */
    isQuiet: () => busy === 0,
    /** Whether writes to this ticket go to the journal. */
    isJournaled: (ticketId: number) => of(ticketId).holds || of(ticketId).running > 0,
    /** The partitions whose writes go to the journal. */
    journaled: () => partitions.flatMap(({ holds, running }, index) => holds || running > 0 ? [index] : []),

    /** Resolves when no partition of these tickets is paused. */
    async passage (ticketIds: readonly number[]) {
      for (;;) {
        const pauses = ticketIds.flatMap(id => of(id).pause ?? [])
        if (pauses.length === 0) return
        await Promise.all(pauses)
      }
    },

    /** Whether changes to this ticket may wait in the journal. */
    mayWait (ticketId: number): boolean {
      const { holds, tickets } = of(ticketId)
      return holds && (tickets?.has(ticketId) ?? true)
    },

    /** Entries are there that were kept before. */
    hold (index: number) {
      set(partitions[index]!, () => {
        partitions[index]!.holds = true
        partitions[index]!.tickets = undefined
      })
    },

    /** Writes to these tickets are kept while `work` runs, and afterwards when it says that they may have been. */
    async keeping<T> (ticketIds: readonly number[], work: () => Promise<T>, mayBeKept: (result: T) => boolean): Promise<T> {
      const involved = [...new Set(ticketIds.map(of))]
      for (const partition of involved) set(partition, () => { partition.running += 1 })
      let kept = true
      try {
        const result = await work()
        kept = mayBeKept(result)
        return result
      } finally {
        for (const partition of involved) {
          set(partition, () => {
            partition.running -= 1
            partition.kept += Number(kept)
            partition.holds ||= kept
          })
        }
        if (kept) for (const id of ticketIds) remember(id)
      }
    },

    /**
     * Holds the writes of a partition back, and has `empty` make what is left of its entries. When it
     * resolves with true, writes go to Redis again, unless one was kept meanwhile: those that were on their
     * way to Redis before are not held back, and what it did not take of them is kept behind what `empty` saw.
     */
    async close (index: number, empty: () => Promise<boolean>): Promise<void> {
      const partition = partitions[index]!
      let resume = () => {}
      set(partition, () => { partition.pause = new Promise(resolve => { resume = resolve }) })
      try {
        if (partition.running > 0) await new Promise<void>(resolve => { partition.onIdle = resolve })
        const before = partition.kept
        if (await empty() && partition.kept === before) {
          set(partition, () => {
            partition.holds = false
            partition.tickets = new Set()
          })
        }
      } finally {
        partition.onIdle = () => {}
        set(partition, () => { partition.pause = undefined })
        resume()
      }
    },
  }
}

export type Turns = ReturnType<typeof createTurns>
