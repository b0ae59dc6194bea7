import { Problem } from '../errors.ts'
import { singleFlight } from '../util/async.ts'

/** What waits for one ticket. A batch of the largest size, all of it for one ticket, fits; who reads the ticket reads all of it. */
export const TICKET_ENTRIES_MAX = 1000
export const TICKET_BYTES_MAX = 4 * 1024 * 1024

/** Bytes of an entry beside what it costs to read it: its other columns, and its place in five indexes. */
const ENTRY_OVERHEAD = 512

/** Counting looks at each entry in an index, some millions a second: it takes a twentieth of the time at most. */
const COUNT_AGAIN_MS = 1000
const COUNT_PAUSE_FACTOR = 20

/** Redis is unavailable for longer than that, or the entries are being applied. */
const RETRY_AFTER = { 'retry-after': '10' }

/** Why a change is not kept: its ticket, its caller or all have as much in the journal as there may be. */
export const FULL_REASONS = ['ticket', 'caller', 'total'] as const

export type FullReason = typeof FULL_REASONS[number]

const DETAILS: Record<FullReason, string> = {
  ticket: `As many changes of the ticket wait for Redis as are kept of one (${TICKET_ENTRIES_MAX}, or ${TICKET_BYTES_MAX / 1024 ** 2} MiB).`,
  caller: 'The journal, which keeps changes until Redis is back, holds as much of this API key\'s as it may.',
  total: 'The journal, which keeps changes until Redis is back, is full (JOURNAL_MAX_BYTES).',
}

/** A change that there is no room for: surely not kept. */
export const journalFull = (reason: FullReason) =>
  new Problem('overloaded', `${DETAILS[reason]} Nothing was changed. Repeat the request after the seconds in Retry-After.`, { headers: RETRY_AFTER })

/** What is kept, by caller. */
export interface CallerCount { caller: string, entries: number, bytes: number }

/**
 * How much the journal may hold in all, so that an outage of Redis does not fill MySQL's disk. A caller (the name of an API
 * key) may have as much there as is still free, alone half of it, so that there is room for whoever comes next. What all
 * instances have kept is counted now and then, and what this one keeps meanwhile is added.
 * @param bytesMax JOURNAL_MAX_BYTES
 * @param count asks MySQL
 */
export function createRoom (bytesMax: number, count: () => Promise<readonly CallerCount[]>) {
  let bytesOf = new Map<string, number>()
  let total = 0
  let countAgainAt = -Infinity

  const recount = singleFlight(async () => {
    const startedAt = performance.now()
    const counts = await count()
    bytesOf = new Map(counts.map(({ caller, entries, bytes }) => [caller, bytes + entries * ENTRY_OVERHEAD]))
    total = [...bytesOf.values()].reduce((sum, bytes) => sum + bytes, 0)
    countAgainAt = performance.now() + Math.max(COUNT_AGAIN_MS, (performance.now() - startedAt) * COUNT_PAUSE_FACTOR)
  })

  return {
    /** Has what is there counted, if that is due. Nobody waits for it. */
    refresh () {
      // What cannot be counted cannot be added to either, and says so itself.
      if (performance.now() >= countAgainAt) void recount().catch(() => {})
    },

    /**
     * Takes room for an entry; what is not kept after all counts until the next look.
     * @returns why there is none
     */
    take (caller: string, bytes: number): FullReason | undefined {
      const cost = bytes + ENTRY_OVERHEAD
      const own = (bytesOf.get(caller) ?? 0) + cost
      const free = bytesMax - total - cost
      if (cost > free) return 'total'
      if (own > free) return 'caller'
      bytesOf.set(caller, own)
      total += cost
      return undefined
    },
  }
}

/** What one ticket may have waiting, beside what waits already. */
export function createTicketRoom (waiting: ReadonlyMap<number, { entries: number, bytes: number }>) {
  const taken = new Map<number, { entries: number, bytes: number }>()
  return {
    /** @returns whether there is room */
    take (ticketId: number, moreBytes: number): boolean {
      const { entries, bytes } = taken.get(ticketId) ?? waiting.get(ticketId) ?? { entries: 0, bytes: 0 }
      if (entries + 1 > TICKET_ENTRIES_MAX || bytes + moreBytes > TICKET_BYTES_MAX) return false
      taken.set(ticketId, { entries: entries + 1, bytes: bytes + moreBytes })
      return true
    },
  }
}
