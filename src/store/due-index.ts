import { randomBytes } from 'node:crypto'
import type { Failure } from '../database/ticket-database.ts'
import { CorruptTicketError, fromHash } from '../tickets/codec.ts'
import type { Keys } from '../tickets/keys.ts'
import type { Figures } from './checkpoint.ts'
import { shorten } from '../util/text.ts'
import { KNOWN_FIELDS, type Scripts } from './scripts.ts'
import type { Ticket } from '../tickets/fields.ts'

/** Bytes of the tickets of one claim: what one flush holds in memory is three batches. */
export const CLAIM_BYTES_MAX = 4 * 1024 * 1024

/** Characters of a reason. MySQL's own have at most 512; a damaged hash may name a field of any length. */
const REASON_MAX = 1024

/** Marks that one call looks at, so that none occupies Redis for long. */
const EXPEDITE_MAX = 1000

/** The field of a hash with the version that the ticket was created with, until MySQL has it. */
const FIRST_VERSION = 'first_version'

/** Of what stands between the parts of a ticket: more than anybody can guess, who might put it into a text. */
const BOUNDARY_BYTES = 6

/** Waits between attempts to write a ticket that MySQL refuses. */
const RETRY_FIRST_MS = 1000
const RETRY_LONGEST_MS = 300_000

export interface Claim {
  /** Redis's clock at the claim, ms. */
  nowMs: number
  /** Identifies the claim when tickets are given back. */
  lease: string
  tickets: Ticket[]
  /** When they became due, ms, by id. */
  since: Map<number, number>
  /** The versions that those of them were created with that MySQL never took, by id. */
  firstVersions: Map<number, number>
  /** Hashes that are not tickets. */
  corrupt: CorruptTicketError[]
  /** Marks without a ticket: another program has deleted the hash, or made the mark. */
  vanished: string[]
  /** Ids that were not looked at, or due tickets that were not taken. */
  left: number
  /** Tickets that were left to an instance of a newer version of the service: they have fields that this one does not know. */
  newer: number
}

export interface Acknowledged { inStep: number, older: number[] }

export interface ClaimOptions {
  leaseMs: number
  ticketsMax: number
  /** Bytes of tickets, passed by one ticket at most; default: CLAIM_BYTES_MAX. */
  bytesMax?: number
  /** Only what was due at this time (ms of Redis's clock); default: now. */
  dueByMs?: number
  /** These tickets and no others, whenever they are due. */
  ids?: readonly number[]
}

export interface Backlog {
  /** Tickets whose newest version is not in MySQL. */
  unsynced: number
  /** Of these, the ones that have a time to be pushed. */
  waiting: number
  /** Of these, the ones whose time has come. */
  due: number
  oldest_due_age_ms: number | null
  dead: number
  /** Whether the indexes of the unsynced tickets are whole. */
  isIndexed: boolean
}

export interface DueIndexOptions {
  /** A closed ticket stays in Redis this long after MySQL has it. */
  retentionSeconds: number
  /** Attempts to write a ticket before it becomes a dead letter. */
  attemptsMax: number
  /** The longest time that a due time or a lease may lie ahead, ms, retries aside. */
  delayMaxMs: number
  /** Told of what every look at the backlog finds. */
  onBacklog: (figures: Figures) => void
}

/**
 * A mark that lies further ahead was made before Redis's clock was set back, ms. To take a lease for one costs a push that is done twice.
 */
export const horizonOf = (delayMaxMs: number): number => HORIZON_FACTOR * Math.max(delayMaxMs, RETRY_LONGEST_MS)

/** Ample for clocks that differ, and for another instance whose configuration has somewhat longer times. */
const HORIZON_FACTOR = 2

/**
 * Which tickets are ahead of MySQL, and who is writing them: the sorted set `tickets:due`.
 * Every call may be repeated, so all of them fail as `store_unavailable`.
 */
export function createDueIndex (scripts: Scripts, keys: Keys, { retentionSeconds, attemptsMax, delayMaxMs, onBacklog }: DueIndexOptions) {
  const horizonMs = horizonOf(delayMaxMs)

  return {
    async claim ({ leaseMs, ticketsMax, bytesMax = CLAIM_BYTES_MAX, dueByMs, ids = [] }: ClaimOptions): Promise<Claim> {
      const boundary = randomBytes(BOUNDARY_BYTES).toString('base64')
      const [nowMs, lease, left, texts, newer] = await scripts.claim(
        [keys.due, keys.dead, keys.failures, keys.fields, keys.synced, keys.index],
        [keys.ticketPrefix, leaseMs, ticketsMax, bytesMax, dueByMs ?? '', KNOWN_FIELDS, horizonMs, boundary, ...ids],
      ) as [number, string, number, string[], number]
      const claim: Claim = { nowMs, lease, tickets: [], since: new Map(), firstVersions: new Map(), corrupt: [], vanished: [], left, newer }
      for (const text of texts) decodeInto(claim, text.split(boundary))
      return claim
    },

    /**
     * Records that MySQL holds these versions. Resolves with the number of tickets that are in step now, and
     * the ids of those of which Redis holds an older version: it has lost its data since the claim.
     */
    async acknowledge (lease: string, tickets: readonly Ticket[]): Promise<Acknowledged> {
      const [inStep, older] = await scripts.acknowledge(
        [keys.due, keys.archived, keys.failures, keys.acknowledged, keys.synced, keys.index],
        [keys.ticketPrefix, retentionSeconds, lease, ...tickets.flatMap(toAcknowledged)],
      ) as [number, string[]]
      return { inStep, older: older.map(Number) }
    },

    /** Gives claimed tickets back as they were: nothing was wrong with them. */
    release: async ({ lease, since }: Pick<Claim, 'lease' | 'since'>) => await scripts.release([keys.due], [lease, ...[...since].flat()]) as number,

    /**
     * Puts tickets off that could not be written, those that have had all their attempts for good.
     * Resolves with the attempts of each so far, negative for a dead letter, 0 for one that has changed meanwhile.
     */
    retry: async (lease: string, failures: readonly Failure[]) => await scripts.retry(
      [keys.due, keys.failures, keys.dead],
      [
        lease, RETRY_FIRST_MS, RETRY_LONGEST_MS, keys.ticketPrefix,
        ...failures.flatMap(({ ticketId, version = '', isFinal, reason }) => [ticketId, version, isFinal ? 1 : attemptsMax, shorten(reason, REASON_MAX)]),
      ],
    ) as number[],

    /** Makes every unsynced ticket due now, save those that a flush has claimed. */
    async expediteAll () {
      for (let offset = 0, looked = EXPEDITE_MAX; looked === EXPEDITE_MAX;) {
        const reply = await scripts.expedite([keys.due], [offset, EXPEDITE_MAX, horizonMs]) as [number, number]
        looked = reply[0]
        offset += reply[1]
      }
    },

    async backlog (): Promise<Backlog> {
      const [unsynced, waiting, due, age, dead, name, removed, whole] = await scripts.backlog([keys.due, keys.dead, keys.synced, keys.index], [horizonMs]) as [number, number, number, number, number, string, number, number]
      onBacklog({ name, unsynced: unsynced + dead, removed })
      return { unsynced, waiting, due, oldest_due_age_ms: age < 0 ? null : age, dead, isIndexed: whole === 1 }
    },
  }
}

export type DueIndex = ReturnType<typeof createDueIndex>

/** What the script is told of a ticket that was written. */
const toAcknowledged = ({ ticket_id: id, version, closed_at: closedAt, deleted_at: deletedAt, status, assigned_to: assignee, customer_id: customer }: Ticket) =>
  [id, version, (closedAt ?? deletedAt) === undefined ? '' : 1, status, assignee ?? 0, customer]

/** @param parts as the script has them: what the hash holds, the id and the score of the mark */
function decodeInto (claim: Claim, parts: string[]) {
  const score = toScore(parts.pop()!)
  const id = parts.pop()!
  if (parts.length === 0) {
    claim.vanished.push(id)
    return
  }
  try {
    claim.tickets.push(fromHash(Number(id), parts))
    claim.since.set(Number(id), Math.floor(Math.max(0, Math.min(score, claim.nowMs))))
    // Names alone: a subject may be the same text.
    for (let i = 0; i < parts.length; i += 2) if (parts[i] === FIRST_VERSION) claim.firstVersions.set(Number(id), Number(parts[i + 1]))
  } catch (error) {
    if (!(error instanceof CorruptTicketError)) throw error
    claim.corrupt.push(error)
  }
}

/** A score of a sorted set, which may be 'inf' or '-inf'. */
const toScore = (text: string): number => Number(text.replace('inf', 'Infinity'))
