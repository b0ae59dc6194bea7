import { Problem } from '../errors.ts'
import type { Shards } from '../shards/shards.ts'
import type { ResyncStore } from '../store/resync-store.ts'
import type { Change, SnapshotPosition } from '../tickets/changes.ts'
import type { TicketRepository } from '../tickets/repository.ts'
import type { Lists, Unread } from './lists.ts'
import { readInOrder, type OrderedCall } from './read-in-order.ts'

/** Keys that one call looks at: those of its tickets that have no room in an answer are part of the cursor. */
const KEYS_PER_CALL = 64

/** Calls for one page: then it ends where they have come to. */
const CALLS_MAX = 40

export interface SnapshotOptions {
  shards: Shards<{ walk: ResyncStore['walkOn'] }>
  /** Of all tickets; without indexes, of MySQL's rows. */
  list: Lists
  /** Whether there are indexes, and so all tickets in the order of their ids. */
  isListed: boolean
  read: TicketRepository['read']
}

export interface SnapshotCall extends OrderedCall { caller: string }

export interface SnapshotPage {
  changes: Change[]
  failures: Unread[]
  /** undefined: that was all. */
  next?: SnapshotPosition
}

/**
 * All tickets that there are, in pages: in the order of their ids, of Redis's unsynced tickets and MySQL's rows. Without indexes first the unsynced
 * ones, as a walk through Redis's keys finds them, then MySQL's rows: what is brought over in between is in both. Either may be
 * gone on with by an instance with the other setting.
 */
export function createSnapshot ({ shards, list, isListed, read }: SnapshotOptions) {
  const first: SnapshotPosition = isListed ? { of: 'all', after: 0 } : { of: 'redis', shard: 0, cursor: '0', left: [] }

  async function listed (of: 'all' | 'mysql', after: number, limit: number, call: SnapshotCall): Promise<SnapshotPage> {
    const { tickets, unread, next } = await list(
      { filters: {}, sort: { field: 'ticket_id', isDescending: false }, limit, ...(after > 0 && { after: { value: after, id: after } }) },
      { ...call, isPartial: false })
    return {
      changes: tickets.map(ticket => ({ ticketId: ticket.ticket_id, version: ticket.version, ticket })),
      failures: unread,
      ...(next && { next: { of, after: next.id } }),
    }
  }

  /** Where the walk goes on after a call; undefined: it has ended. */
  function following (shard: number, cursor: string): SnapshotPosition & { of: 'redis' } | undefined {
    if (cursor !== '0') return { of: 'redis', shard, cursor, left: [] }
    return shard + 1 < shards.all.length ? { of: 'redis', shard: shard + 1, cursor: '0', left: [] } : undefined
  }

  async function walked (position: SnapshotPosition & { of: 'redis' }, limit: number, call: SnapshotCall): Promise<SnapshotPage> {
    const page: SnapshotPage = { changes: [], failures: [] }
    let { left: ids } = position
    let next: typeof position | undefined = position.shard < shards.all.length ? { ...position, left: [] } : undefined
    for (let calls = 0; ; calls += 1) {
      const rest = await tell(page, ids, limit - page.changes.length, call)
      if (rest.length > 0) return { ...page, next: { ...next ?? end(), left: rest } }
      if (!next) return { ...page, next: { of: 'mysql', after: 0 } }
      if (calls === CALLS_MAX || page.changes.length === limit) return { ...page, next }
      const { shard }: { shard: number } = next
      const [cursor, standings] = await shards.all[shard]!.walk(next.cursor, [], KEYS_PER_CALL)
      // What is in step MySQL tells; what cannot be read is told to be that.
      ids = standings.filter(({ version, syncedVersion, isForeign }) => isForeign || version === undefined || version !== syncedVersion).map(({ id }) => id)
      next = following(shard, cursor)
    }
  }

  /** All keys were walked through, and tickets of the last call are left. */
  const end = (): SnapshotPosition & { of: 'redis' } => ({ of: 'redis', shard: shards.all.length, cursor: '0', left: [] })

  /** Adds tickets to a page. Resolves with those that have no room in it. */
  async function tell (page: SnapshotPage, ids: readonly number[], limit: number, call: SnapshotCall): Promise<number[]> {
    const some = ids.slice(0, limit)
    const answers = await readInOrder(read, some, call)
    for (const [i, ticketId] of some.entries()) {
      const answer = answers.get(ticketId)
      if (!(answer instanceof Problem)) {
        if (answer) page.changes.push({ ticketId, version: answer.ticket.version, ticket: answer.ticket })
      } else if (answer.code === 'overloaded') {
        if (page.changes.length === 0) throw answer
        return ids.slice(i)
      } else if (answer.status === 503) {
        throw answer
      } else if (answer.code !== 'ticket_deleted') {
        page.failures.push({ ticketId, problem: answer })
      }
    }
    return ids.slice(limit)
  }

  return {
    first,

    /**
     * The page after a position.
     * @throws {Problem} store_unavailable, overloaded
     */
    async page (position: SnapshotPosition, limit: number, call: SnapshotCall): Promise<SnapshotPage> {
      // Of the unsynced tickets beyond the id nothing was told, and here they are in no order.
      const at = position.of === 'all' && !isListed ? first : position
      if (at.of !== 'redis') return await listed(at.of, at.after, limit, call)
      return await walked(at, limit, call)
    },
  }
}
