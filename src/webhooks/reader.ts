import { Problem } from '../errors.ts'
import { fromChangeCursor, toChangeCursor } from '../http/change-cursor.ts'
import type { ChangePage, Changes } from '../read-through/changes.ts'
import { partitionOf, type Partitioning } from '../tickets/partitioning.ts'
import type { Notification, Turn, WebhookStore } from '../store/webhook-store.ts'
import type { Answer } from '../tickets/repository.ts'
import type { Ticket } from '../tickets/fields.ts'
import { OWN_WORK } from '../util/budget.ts'
import type { EventType, Target } from './targets.ts'

/** Changes that one look takes. A target is told of one after the other: more would wait, and change again. */
const PAGE_MAX = 100

/** Deliveries of a target that wait: while there are more, the change log keeps what follows. */
const WAITING_MAX = 10_000

/** Tickets are read for their versions alone: no more than this of them is in memory at a time. */
const PAGE_BYTES_MAX = 1024 * 1024

class Page implements Answer {
  bytes = 0
  isFull = () => this.bytes >= PAGE_BYTES_MAX
  add (ticket: Ticket) {
    this.bytes += JSON.stringify(ticket).length
    return ticket
  }
}

export interface ReaderOptions {
  target: Target
  changes: Changes
  partitioning: Partitioning
  store: Pick<WebhookStore, 'accept'>
  soonMs: number
  /** Whether the target has been told of this version a moment ago: one change may be in the log several times. */
  wasDelivered: (notification: Notification) => boolean
  /** The change log does not hold what followed, or the cursor is gone with Redis's data: it goes on with what comes. */
  onGap: () => void
}

/** Reads the change log for a target, as far as there is room for what it is told. */
export function createReader ({ target, changes, partitioning, store, soonMs, wasDelivered, onGap }: ReaderOptions) {
  /** Where it stood when it was last seen. */
  let known = ''

  async function keep (token: string, cursor: string, notifications: readonly Notification[], hasGap = false) {
    const isKept = await store.accept(token, cursor, notifications, { hasGap, soonMs })
    if (!isKept) return
    known = cursor
    if (hasGap) onGap()
  }

  const beginNow = async (token: string, hasGap: boolean) => { await keep(token, toChangeCursor(await changes.end()), [], hasGap) }

  /** undefined: what followed the cursor is not known any more, or another program has written what is no cursor. */
  async function pageAfter (cursor: string): Promise<ChangePage | undefined> {
    try {
      return await changes.page(fromChangeCursor(cursor, '/cursor'), PAGE_MAX, { caller: OWN_WORK, answer: new Page() })
    } catch (error) {
      if (error instanceof Problem && (error.code === 'cursor_expired' || error.code === 'validation_failed')) return undefined
      throw error
    }
  }

  return {
    /** Whether there is room for more. */
    hasRoom: ({ due, waiting }: Pick<Turn, 'due' | 'waiting'>) => due < PAGE_MAX && waiting < WAITING_MAX,

    /**
     * Takes the next page.
     * @returns whether there is more
     * @throws {Problem} store_unavailable, overloaded
     */
    async read ({ token, cursor }: Pick<Turn, 'token' | 'cursor'>): Promise<boolean> {
      if (cursor === '') {
        // A new target begins now. One that is known has lost its state with Redis's data.
        await beginNow(token, known !== '')
        return false
      }
      known = cursor
      const page = await pageAfter(cursor)
      if (!page) {
        await beginNow(token, true)
        return false
      }
      const { positions } = page.next
      const notifications = page.changes.map(({ ticketId, version, ticket }): Notification => ({
        ticketId,
        version,
        epoch: positions[partitionOf(ticketId, partitioning)]!.epoch,
        type: (ticket ? 'ticket.changed' : 'ticket.deleted') satisfies EventType,
      })).filter(notification => target.events.has(notification.type as EventType) && !wasDelivered(notification))
      const next = toChangeCursor(page.next)
      if (next !== cursor) await keep(token, next, notifications)
      return page.hasMore
    },
  }
}

export type Reader = ReturnType<typeof createReader>
