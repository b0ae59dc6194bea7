import { partitionOf, type Partitioning } from '../tickets/partitioning.ts'

/** Tickets that are remembered: some megabytes. */
const TICKETS_MAX = 100_000

/**
 * Which partitions' writes go to the journal at present. A write must not overtake one that was kept
 * before it, so a partition's writes go on to the journal until its entries have been applied.
 */
export function createJournalGate (partitioning: Partitioning) {
  const partitions = Array.from({ length: partitioning.count }, () => ({
    /** The journal may have entries of it. */
    hasEntries: false,
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

  const of = (ticketId: number) => partitions[partitionOf(ticketId, partitioning)]!

  function set (partition: typeof partitions[number], change: () => void) {
    const was = partition.hasEntries || partition.running > 0 || partition.pause !== undefined
    change()
    const is = partition.hasEntries || partition.running > 0 || partition.pause !== undefined
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
    isIdle: () => busy === 0,
    /** Whether writes to this ticket go to the journal. */
    isJournaled: (ticketId: number) => of(ticketId).hasEntries || of(ticketId).running > 0,
    /** The partitions whose writes go to the journal. */
    journaled: () => partitions.flatMap(({ hasEntries, running }, index) => hasEntries || running > 0 ? [index] : []),

    /** Resolves when no partition of these tickets is paused. */
    async whenReplayed (ticketIds: readonly number[]) {
      for (;;) {
        const pauses = ticketIds.flatMap(id => of(id).pause ?? [])
        if (pauses.length === 0) return
        await Promise.all(pauses)
      }
    },

    /** Whether changes to this ticket may wait in the journal. */
    mayHavePending (ticketId: number): boolean {
      const { hasEntries, tickets } = of(ticketId)
      return hasEntries && (tickets?.has(ticketId) ?? true)
    },

    /** The journal has entries of this partition from before. */
    markPending (index: number) {
      set(partitions[index]!, () => {
        partitions[index]!.hasEntries = true
        partitions[index]!.tickets = undefined
      })
    },

    /** Writes to these tickets are kept while `work` runs, and afterwards when it says that they may have been. */
    async trackAppend<T> (ticketIds: readonly number[], work: () => Promise<T>, mayBeKept: (result: T) => boolean): Promise<T> {
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
            partition.hasEntries ||= kept
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
            partition.hasEntries = false
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

export type JournalGate = ReturnType<typeof createJournalGate>
