import timers from 'node:timers/promises'
import { Problem, TicketDeleted, cursorExpired } from '../errors.ts'
import type { Shards } from '../shards/shards.ts'
import type { ChangeLog, LogItem } from '../store/change-log.ts'
import type { ResyncStore } from '../store/resync-store.ts'
import type { Change, ChangeCursor, LogPosition } from '../tickets/changes.ts'
import type { Found } from '../tickets/repository.ts'
import { allEnded } from '../util/async.ts'
import type { Pace } from '../util/pace.ts'
import type { Unread } from './lists.ts'
import { readInOrder, type Answers } from './read-in-order.ts'
import { createSnapshot, type SnapshotCall, type SnapshotOptions } from './snapshot.ts'

/**
 * A page of a snapshot waits for so long while requests are being served. Its reader asks for the next one at once, and most of what a page costs does
 * not depend on its size: smaller pages leave requests no more. At full load, on two cores that all of it shares, requests kept 0.70 of their
 * rate without a pause, 0.71 with 1 ms, and 0.82 with 3, which were some 5,200, 4,400 and 2,500 tickets a second.
 */
const LOADED_PAUSE_MS = 3

export interface ChangesOptions extends SnapshotOptions {
  shards: Shards<{ changes: ChangeLog, walk: ResyncStore['walkOn'] }>
  /** Of a snapshot: its pages are small beside requests. */
  pace: Pace
}

export type ChangeCall = SnapshotCall

export interface ChangePage {
  changes: Change[]
  /** Tickets that cannot be read, and why. */
  failures: Unread[]
  next: ChangeCursor
  hasMore: boolean
}

/** Nothing has changed. */
export const hasNothing = ({ changes, failures, hasMore }: ChangePage): boolean => changes.length === 0 && failures.length === 0 && !hasMore

interface Told extends LogItem { shard: number }

/**
 * What has changed, at least once, and per ticket in order. The log names the tickets, which are then read as any read reads them: a
 * ticket is told as it is now. Without a cursor the tickets are told that there are, after the end of the log was looked up: what
 * changes meanwhile follows.
 */
export function createChanges (options: ChangesOptions) {
  const { shards, read, pace } = options
  const snapshot = createSnapshot(options)
  const count = shards.all.length

  const end = async (): Promise<ChangeCursor> => ({ positions: await shards.each(({ changes }) => changes.end()) })

  /** @throws {Problem} cursor_expired */
  async function logged (positions: readonly LogPosition[], limit: number, call: ChangeCall): Promise<ChangePage> {
    const parts = await allEnded(shards.all.map(({ changes }, shard) => changes.read(positions[shard]!, Math.ceil(limit / count))))
    const known = parts.filter(part => part !== undefined)
    if (known.length < count) throw cursorExpired()
    const all = inTime(known.map(({ items }, shard) => items.map(item => ({ ...item, shard }))))
    const some = firstTickets(all, limit)
    const answers = await readInOrder(read, [...new Set(some.map(({ ticketId }) => ticketId))], call)
    const { told, refusal } = untilLeft(some, answers)
    if (told.length === 0 && refusal) throw refusal

    const next = known.map((part, shard): LogPosition => {
      const ofShard = told.filter(item => item.shard === shard)
      if (ofShard.length === part.items.length) return part.end
      return ofShard.at(-1)?.position ?? positions[shard]!
    })
    const page: ChangePage = {
      changes: [],
      failures: [],
      next: { positions: next },
      hasMore: told.length < all.length || known.some(({ hasMore }) => hasMore),
    }
    for (const ticketId of new Set(told.map(item => item.ticketId))) addTo(page, ticketId, answers.get(ticketId)!, known[0]!.now)
    return page
  }

  return {
    /** Where changes begin that are yet to come. */
    end,

    /**
     * The page after a cursor; without one, the first of the snapshot. A snapshot can wait for those who are served, the log
     * cannot: it grows as fast as they write.
     * @throws {Problem} cursor_expired, store_unavailable, overloaded
     */
    async page (cursor: ChangeCursor | undefined, limit: number, call: ChangeCall): Promise<ChangePage> {
      const { positions, snapshot: at } = cursor ?? { ...await end(), snapshot: snapshot.first }
      // Another REDIS_PARTITIONS, or mode.
      if (positions.length !== count) throw cursorExpired()
      if (!at) return await logged(positions, limit, call)
      const size = pace(limit, 0)
      if (size < limit) await timers.setTimeout(LOADED_PAUSE_MS)
      const { next, ...page } = await snapshot.page(at, size, call)
      // The log follows.
      return { ...page, next: { positions, ...(next && { snapshot: next }) }, hasMore: true }
    },

    /** Changes when somebody has changed a ticket. */
    mark: async (): Promise<string> => (await end()).positions.map(({ epoch, entry }) => `${epoch} ${entry}`).join(),
  }
}

export type Changes = ReturnType<typeof createChanges>

/** In the order of all shards' clocks, so that none keeps the others from being told. */
function inTime (parts: readonly Told[][]): Told[] {
  if (parts.length === 1) return parts[0]!
  const msOf = ({ position }: Told) => Number.parseInt(position.entry)
  // A stable sort: those of a shard stay in their order.
  return parts.flat().sort((a, b) => msOf(a) - msOf(b))
}

/** As far as they are this number of tickets. */
function firstTickets (items: readonly Told[], limit: number): Told[] {
  const seen = new Set<number>()
  const some: Told[] = []
  for (const item of items) {
    if (!seen.has(item.ticketId) && seen.size === limit) break
    seen.add(item.ticketId)
    some.push(item)
  }
  return some
}

/**
 * Those of each shard before the first that was not read, because the answer is full.
 * @throws {Problem} store_unavailable when one could not be asked for
 */
function untilLeft (items: readonly Told[], answers: Answers): { told: Told[], refusal?: Problem } {
  const cut = new Set<number>()
  let refusal: Problem | undefined
  const told = items.filter(({ ticketId, shard }) => {
    const answer = answers.get(ticketId)
    if (isUnavailable(answer)) throw answer
    if (answer instanceof Problem && answer.code === 'overloaded') {
      refusal ??= answer
      cut.add(shard)
    }
    return !cut.has(shard)
  })
  return { told, ...(refusal && { refusal }) }
}

const isUnavailable = (answer: Found | Problem | null | undefined): answer is Problem =>
  answer instanceof Problem && answer.status === 503 && answer.code !== 'overloaded'

/** @param now Redis's clock: the version of a deletion of which nothing is left but the log's word */
function addTo ({ changes, failures }: ChangePage, ticketId: number, answer: Found | Problem | null, now: number) {
  if (answer instanceof TicketDeleted) changes.push({ ticketId, version: answer.version ?? now })
  else if (answer instanceof Problem) failures.push({ ticketId, problem: answer })
  else if (answer) changes.push({ ticketId, version: answer.ticket.version, ticket: answer.ticket })
  else changes.push({ ticketId, version: now })
}
