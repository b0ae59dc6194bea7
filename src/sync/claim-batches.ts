import type { Claim, DueIndex, Failure } from '../store/due-index.ts'
import type { Ticket } from '../tickets/ticket.ts'
import type { CorruptTicketError } from '../tickets/codec.ts'
import { byPartition } from '../shards/partitioned.ts'

/** Tickets that were claimed at the same time, from one or several partitions. */
export interface Batch {
  tickets: Ticket[]
  corrupt: CorruptTicketError[]
  /** Marks without a ticket. */
  vanished: string[]
  archivedMaxKnown: boolean
  /** How long the oldest of the tickets had been due. */
  ageMs: number
  /** Whether there is something left to claim. */
  hasMore: boolean
  /** Records that MySQL holds these versions. Resolves with the ids of those of which Redis holds an older one. */
  settle: (tickets: readonly Ticket[]) => Promise<number[]>
  /** Gives all of them back as they were: nothing was wrong with them. */
  release: () => Promise<void>
  /** Puts tickets off that could not be written. Resolves as DueIndex.retry does. */
  retry: (failures: readonly Failure[]) => Promise<number[]>
}

/** Of one call: less is not worth it. */
const TICKETS_PER_CALL_MIN = 10

/** What a pass has before it in one partition. */
interface Part {
  index: DueIndex
  ids?: readonly number[]
  /** What became due later is for the next pass. */
  dueByMs?: number
}

/**
 * One way through what is due when it begins, or through `ids`, in batches. A partition that cannot be
 * reached does not stop the others; its error comes when they are done.
 *
 * @returns a function that claims the next batch
 * @throws what a partition failed with
 */
export function createSweep (dueIndexes: readonly DueIndex[], ids?: readonly number[]) {
  let open: Part[] = ids
    ? Array.from(byPartition(ids, dueIndexes.length), ([partition, positions]) => ({ index: dueIndexes[partition]!, ids: positions.map(position => ids[position]!) }))
    : dueIndexes.map(index => ({ index }))
  let failure: unknown

  async function claimPart (part: Part, leaseMs: number, ticketsMax: number): Promise<Claim> {
    const given = part.ids?.slice(0, ticketsMax)
    const claim = await part.index.claim({ leaseMs, ticketsMax, dueByMs: part.dueByMs, ids: given })
    part.dueByMs ??= claim.nowMs
    part.ids = part.ids?.slice(given!.length - claim.left)
    return claim
  }

  return async (leaseMs: number, ticketsMax: number): Promise<Batch> => {
    const turn = open.slice(0, Math.ceil(ticketsMax / TICKETS_PER_CALL_MIN))
    const share = Math.max(1, Math.floor(ticketsMax / Math.max(1, turn.length)))
    const outcomes = await Promise.allSettled(turn.map(part => claimPart(part, leaseMs, share)))
    const unfinished = turn.filter((part, i) => {
      const outcome = outcomes[i]!
      if (outcome.status === 'rejected') failure ??= outcome.reason
      return outcome.status === 'fulfilled' && (part.ids?.length ?? outcome.value.left) > 0
    })
    // Those that have not had their turn come first.
    open = [...open.slice(turn.length), ...unfinished]
    const claims = turn.flatMap((part, i) => {
      const outcome = outcomes[i]!
      return outcome.status === 'fulfilled' ? [{ index: part.index, claim: outcome.value }] : []
    })
    if (claims.length === 0 && failure) throw failure
    return toBatch(claims, dueIndexes, open.length > 0 || failure !== undefined)
  }
}

interface Claimed { index: DueIndex, claim: Claim }

function toBatch (claims: readonly Claimed[], dueIndexes: readonly DueIndex[], hasMore: boolean): Batch {
  const leaseOf = new Map(claims.map(({ index, claim }) => [index, claim.lease]))

  /** Each partition its part; what one fails with does not keep the others from theirs. */
  async function spread<Item> (items: readonly Item[], idOf: (item: Item) => number, work: (index: DueIndex, lease: string, part: Item[], positions: number[]) => Promise<unknown>) {
    await all(Array.from(byPartition(items.map(idOf), dueIndexes.length), ([partition, positions]) => {
      const index = dueIndexes[partition]!
      return work(index, leaseOf.get(index)!, positions.map(position => items[position]!), positions)
    }))
  }

  return {
    tickets: claims.flatMap(({ claim }) => claim.tickets),
    corrupt: claims.flatMap(({ claim }) => claim.corrupt),
    vanished: claims.flatMap(({ claim }) => claim.vanished),
    ageMs: Math.max(0, ...claims.flatMap(({ claim }) => [...claim.since.values()].map(since => claim.nowMs - since))),
    archivedMaxKnown: claims.every(({ claim }) => claim.archivedMaxKnown),
    hasMore,
    async settle (tickets) {
      const older: number[] = []
      await spread(tickets, ticket => ticket.ticket_id, async (index, lease, part) => { older.push(...(await index.settle(lease, part)).older) })
      return older
    },
    async release () {
      await all(claims.map(({ index, claim }) => index.release(claim)))
    },
    async retry (failures) {
      const attempts: number[] = []
      await spread(failures, ({ ticketId }) => ticketId, async (index, lease, part, positions) => {
        const ofPart = await index.retry(lease, part)
        positions.forEach((position, i) => { attempts[position] = ofPart[i]! })
      })
      return attempts
    },
  }
}

/** Waits for all, and then fails with the first that failed. */
async function all (promises: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(promises)
  const failed = outcomes.find(outcome => outcome.status === 'rejected')
  if (failed) throw failed.reason
}
