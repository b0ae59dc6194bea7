import type { Ticket } from '../../../src/tickets/ticket.ts'

interface Entry {
  /** As it was answered last; null: it was deleted, or is not there yet. */
  ticket: Ticket | null
  /** A write is under way: it may be as before, or as after it. */
  isInFlight: boolean
  changedAt: number
}

/** What callers know of all tickets, and since when. Each ticket has one writer, which ends a write before it begins the next. */
export function createTicketModel () {
  const entries = new Map<number, Entry>()
  let moment = 0

  return {
    /** A moment, to be compared with those of writes. */
    now: () => moment,

    begin (id: number) {
      entries.set(id, { ticket: entries.get(id)?.ticket ?? null, isInFlight: true, changedAt: ++moment })
    },

    end (id: number, ticket: Ticket | null) {
      entries.set(id, { ticket, isInFlight: false, changedAt: ++moment })
    },

    /** undefined: nobody has written it. */
    get: (id: number): Ticket | null | undefined => entries.get(id)?.ticket,

    /** Whether no write to it has begun or ended since. */
    isSteady: (id: number, since: number): boolean => {
      const entry = entries.get(id)
      return entry !== undefined && !entry.isInFlight && entry.changedAt <= since
    },

    ids: () => [...entries.keys()],

    /** The tickets that were there, and as they are, all the time since; and how many others may have been. */
    since (began: number) {
      const all = [...entries.values()]
      const steady = all.filter(({ isInFlight, changedAt }) => !isInFlight && changedAt <= began)
      return { steady: steady.flatMap(({ ticket }) => ticket ?? []), others: all.length - steady.length }
    },
  }
}

export type TicketModel = ReturnType<typeof createTicketModel>
