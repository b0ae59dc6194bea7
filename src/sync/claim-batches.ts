import type { Failure } from '../database/ticket-database.ts'
import type { Shards } from '../shards/shards.ts'
import { CLAIM_BYTES_MAX, type Claim, type DueIndex } from '../store/due-index.ts'
import type { CorruptTicketError } from '../tickets/codec.ts'
import type { Ticket } from '../tickets/fields.ts'
import { allEnded } from '../util/async.ts'

/** Tickets that were claimed at the same time, from one or several shards. */
export interface Batch {
  tickets: Ticket[]
  /** The versions that those of them were created with that MySQL never took, by id. */
  firstVersions: Map<number, number>
  corrupt: CorruptTicketError[]
  /** Marks without a ticket. */
  vanished: string[]
  /** Tickets that were left to an instance of a newer version of the service. */
  newer: number
  /** How long the oldest of the tickets had been due. */
  ageMs: number
  /** Whether there is something left to claim. */
  hasMore: boolean
  /** Records that MySQL holds these versions. Resolves with the ids of those of which Redis holds an older one. */
  acknowledge: (tickets: readonly Ticket[]) => Promise<number[]>
  /** Gives all of them back as they were: nothing was wrong with them. */
  release: () => Promise<void>
  /** Puts tickets off that could not be written. Resolves as DueIndex.retry does. */
  retry: (failures: readonly Failure[]) => Promise<number[]>
}

/** Of one call: less is not worth it. */
const TICKETS_PER_CALL_MIN = 10

/** Shards of one batch, which share its bytes. Each may pass its share by one ticket. */
const SHARDS_PER_BATCH_MAX = 32

interface Claimable { dueIndex: DueIndex }

/** What a pass has before it in one shard. */
interface Part {
  shard: Claimable
  ids?: readonly number[]
  /** What became due later is for the next pass. */
  dueByMs?: number
}

interface Claimed { shard: Claimable, claim: Claim }

/**
 * Claims what is due when it begins, or `ids`, in batches. A shard that cannot be reached does not stop the
 * others; its error comes when they are done.
 *
 * @returns a function that claims the next batch
 * @throws what a shard failed with
 */
export function claimBatches (shards: Shards<Claimable>, ids?: readonly number[]) {
  let open: Part[] = ids ? shards.divide(ids, id => id).map(([shard, ids]) => ({ shard, ids })) : shards.all.map(shard => ({ shard }))
  let failure: unknown

  async function claimPart (part: Part, leaseMs: number, ticketsMax: number, bytesMax: number): Promise<Claim> {
    const given = part.ids?.slice(0, ticketsMax)
    const claim = await part.shard.dueIndex.claim({ leaseMs, ticketsMax, bytesMax, dueByMs: part.dueByMs, ids: given })
    part.dueByMs ??= claim.nowMs
    part.ids = part.ids?.slice(given!.length - claim.left)
    return claim
  }

  return async (leaseMs: number, ticketsMax: number): Promise<Batch> => {
    const turn = open.slice(0, Math.min(Math.ceil(ticketsMax / TICKETS_PER_CALL_MIN), SHARDS_PER_BATCH_MAX))
    const share = Math.max(1, Math.floor(ticketsMax / Math.max(1, turn.length)))
    const bytesMax = Math.floor(CLAIM_BYTES_MAX / Math.max(1, turn.length))
    const outcomes = await Promise.allSettled(turn.map(part => claimPart(part, leaseMs, share, bytesMax)))
    const claims: Claimed[] = []
    const unfinished: Part[] = []
    for (const [i, outcome] of outcomes.entries()) {
      const part = turn[i]!
      if (outcome.status === 'rejected') {
        failure ??= outcome.reason
      } else {
        claims.push({ shard: part.shard, claim: outcome.value })
        if ((part.ids?.length ?? outcome.value.left) > 0) unfinished.push(part)
      }
    }
    // Those that have not had their turn come first.
    open = [...open.slice(turn.length), ...unfinished]
    if (claims.length === 0 && failure) throw failure
    return toBatch(claims, shards, open.length > 0 || failure !== undefined)
  }
}

function toBatch (claims: readonly Claimed[], shards: Shards<Claimable>, hasMore: boolean): Batch {
  const leaseOf = new Map(claims.map(({ shard, claim }) => [shard, claim.lease]))

  return {
    tickets: claims.flatMap(({ claim }) => claim.tickets),
    firstVersions: new Map(claims.flatMap(({ claim }) => [...claim.firstVersions])),
    corrupt: claims.flatMap(({ claim }) => claim.corrupt),
    vanished: claims.flatMap(({ claim }) => claim.vanished),
    newer: claims.reduce((sum, { claim }) => sum + claim.newer, 0),
    ageMs: Math.max(0, ...claims.flatMap(({ claim }) => [...claim.since.values()].map(since => claim.nowMs - since))),
    hasMore,
    async acknowledge (tickets) {
      const parts = shards.divide(tickets, ticket => ticket.ticket_id)
      const acknowledged = await allEnded(parts.map(([shard, part]) => shard.dueIndex.acknowledge(leaseOf.get(shard)!, part)))
      return acknowledged.flatMap(({ older }) => older)
    },
    async release () {
      await allEnded(claims.map(({ shard, claim }) => shard.dueIndex.release(claim)))
    },
    retry: failures => shards.spread(failures, ({ ticketId }) => ticketId, (shard, part) => shard.dueIndex.retry(leaseOf.get(shard)!, part)),
  }
}
