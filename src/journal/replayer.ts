import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { Problem } from '../errors.ts'
import type { Query } from '../mysql/transaction.ts'
import type { Replayed } from '../tickets/events.ts'
import { isKnown } from '../tickets/operation.ts'
import { partitionOf, type Partitioning } from '../tickets/partitioning.ts'
import type { TicketRepository } from '../tickets/repository.ts'
import { measureNarrowly, type Offset } from '../util/offset.ts'
import { toAsOf } from './accepted.ts'
import type { Entry } from './entry.ts'
import type { Journal } from './journal.ts'
import type { JournalGate } from './gate.ts'

/** Entries of one round, and their bytes: what is held in memory, and sent to Redis at once. */
const ROUND_MAX = 500
const ROUND_BYTES_MAX = 4 * 1024 * 1024

/** One round, most of it in Redis. Another instance may have to wait so long for one that hangs. */
const ROUND_TIMEOUT_MS = 30_000

/** Writes wait at most so long for the last entries of their partition. */
const CLOSE_MAX_MS = 1000

/** Another instance is replaying: it is not waited for in a busy loop. */
const LOCK_AGAIN_MS = 20

export interface ReplayerOptions {
  journal: Journal
  /** What the journal stands before. */
  repository: TicketRepository
  gate: JournalGate
  partitioning: Partitioning
  /** Whether Redis can be written to, by partition. */
  isUsable: readonly (() => boolean)[]
  /** Measure the clock that gives the versions, by partition. */
  clocks: readonly (() => Promise<Offset>)[]
  onReplayed: (replayed: Replayed) => void
  log: FastifyBaseLogger
}

/** What a replay is to look at, and what it has met. */
interface Replay extends Replayed {
  partitions: readonly number[]
  upTo?: number
  /** The last entry that was looked at. */
  after: number
  /** Tickets of which Redis did not take an entry: those that follow it wait too. */
  stuck: Set<number>
}

/**
 * Applies the entries of the journal, of all instances, in their order: one instance at a time, under a
 * lock of MySQL. An entry that cannot be applied is kept as a conflict. Everything may be repeated: an
 * entry that was applied and could not be removed is known to Redis by its key.
 */
export function createReplayer ({ journal, repository, gate, partitioning, isUsable, clocks, onReplayed, log }: ReplayerOptions) {
  const partitionOfEntry = ({ operation }: Entry) => partitionOf(operation.ticket_id, partitioning)

  /** Of the partitions of these entries that can be asked, how each entry's time is that of the Redis that has its ticket. */
  async function measureClocks (query: Query, entries: readonly Entry[]) {
    const mysql = await measureNarrowly(() => journal.measureClock(query))
    const partitions = [...new Set(entries.map(partitionOfEntry))]
    const measured = await Promise.allSettled(partitions.map(partition => measureNarrowly(clocks[partition]!)))
    const redis = new Map(measured.flatMap((outcome, i) => outcome.status === 'fulfilled' ? [[partitions[i]!, outcome.value] as const] : []))
    return {
      isKnown: (entry: Entry) => redis.has(partitionOfEntry(entry)),
      asOf: (entry: Entry) => toAsOf(entry, redis.get(partitionOfEntry(entry))!, mysql),
    }
  }

  /** Resolves with whether there is more to look at. */
  async function round (query: Query, replay: Replay): Promise<boolean> {
    const { partitions, upTo, after, stuck } = replay
    const { entries: found, next } = await journal.find({ state: 'pending', partitions, after, upTo, limit: ROUND_MAX, bytesMax: ROUND_BYTES_MAX }, query)
    // An operation of a newer version of the service is for an instance of that, and so is what else waits for its ticket.
    for (const { operation } of found) if (!isKnown(operation)) stuck.add(operation.ticket_id)
    const waiting = found.filter(({ operation }) => !stuck.has(operation.ticket_id))
    const clock = waiting.length > 0 ? await measureClocks(query, waiting) : undefined
    for (const entry of waiting) if (!clock!.isKnown(entry)) stuck.add(entry.operation.ticket_id)
    const entries = waiting.filter(({ operation }) => !stuck.has(operation.ticket_id))
    const answers = entries.length > 0
      // Who repeats the request later gets the answer that is remembered now: the ticket, if it had a key.
      ? await repository.write(entries.map(entry => ({ ...entry.operation, answer: entry.isRepeatable ? undefined : 'version', asOf: clock!.asOf(entry) })))
      : []
    const done: number[] = []
    const conflicts: { seq: number, ticketId: number, reason: string }[] = []
    const ofDeleted: number[] = []
    entries.forEach(({ seq, operation: { ticket_id: ticketId } }, i) => {
      const answer = answers[i]!
      if (!(answer instanceof Problem)) done.push(seq)
      else if (answer.status === 503) stuck.add(ticketId)
      else conflicts.push({ seq, ticketId, reason: `${answer.code}: ${answer.detail}` })
      if (answer instanceof Problem && answer.code === 'ticket_deleted') ofDeleted.push(seq)
    })
    if (done.length > 0) await journal.remove(done, query)
    // Nobody can apply them any more, and an erasure cannot find out whose they are.
    if (ofDeleted.length > 0) await journal.clear(ofDeleted, query)
    if (conflicts.length > 0) await journal.keepAsConflicts(conflicts, query)
    for (const { seq, ticketId, reason } of conflicts) log.warn({ seq, ticket_id: ticketId, reason }, 'a journal entry is in conflict; an operator applies or discards it')
    replay.applied += done.length
    replay.conflicts += conflicts.length
    replay.after = next ?? after
    return next !== undefined
  }

  /**
   * Rounds until the last one. Resolves with false when another instance is replaying, or not all could be applied.
   * @param giveUpAt by performance.now()
   */
  async function replay (partitions: readonly number[], signal: AbortSignal, upTo?: number, giveUpAt = Infinity): Promise<boolean> {
    const state: Replay = { partitions, upTo, after: 0, stuck: new Set(), applied: 0, conflicts: 0 }
    try {
      for (let hasMore = true; hasMore;) {
        signal.throwIfAborted()
        const leftMs = Math.min(ROUND_TIMEOUT_MS, giveUpAt - performance.now())
        if (leftMs <= 0) return false
        const answer = await journal.exclusively('replay', leftMs, query => round(query, state))
        if (answer === undefined) return false
        hasMore = answer
      }
      return state.stuck.size === 0
    } finally {
      const { applied, conflicts } = state
      if (applied + conflicts > 0) {
        log.info({ applied, conflicts }, 'journal entries were replayed')
        onReplayed({ applied, conflicts })
      }
    }
  }

  /** Until nothing is there that was kept before now; false: it takes too long. */
  async function empty (index: number, signal: AbortSignal): Promise<boolean> {
    const giveUpAt = performance.now() + CLOSE_MAX_MS
    const upTo = await journal.last()
    while (performance.now() < giveUpAt && isUsable[index]!()) {
      if (await replay([index], signal, upTo, giveUpAt)) return true
      await sleep(LOCK_AGAIN_MS)
    }
    return false
  }

  return {
    /**
     * One look at the journal: what waits is applied where that is possible, and the partitions of which nothing is
     * left take their writes again.
     * @throws when MySQL cannot be used, or the signal aborts; the next call goes on
     */
    async run (signal: AbortSignal): Promise<void> {
      if (!isUsable.some(isUsableNow => isUsableNow())) return
      const waiting = await journal.waiting()
      const usable = [...new Set([...waiting, ...gate.journaled()])].filter(index => isUsable[index]!())
      // Only what is left then is little enough for writes to wait for it.
      if (usable.length === 0 || !await replay(usable, signal)) return
      for (const index of gate.journaled()) {
        if (isUsable[index]!()) await gate.close(index, () => Promise.race([empty(index, signal), sleep(CLOSE_MAX_MS, false, { ref: false })]))
      }
    },

    /** Entries that wait since before this instance began go first. */
    async adopt (): Promise<void> {
      for (const index of await journal.waiting()) gate.markPending(index)
    },
  }
}
