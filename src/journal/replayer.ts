import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { Problem } from '../errors.js'
import type { Query } from '../mysql/database.js'
import type { TicketRepository, Written } from '../tickets/repository.js'
import type { Entry, Journal } from './journal.js'
import type { Turns } from './turns.js'

/** Entries of one round: what is held in memory, and sent to Redis at once. */
const ROUND_MAX = 500

/** Writes wait at most so long for the last entries of their partition. */
const CLOSE_MAX_MS = 2000

/** Another instance is replaying: it is not waited for in a busy loop. */
const LOCK_AGAIN_MS = 20

export interface ReplayerOptions {
  journal: Journal
  /** Names the lock; the same for all instances on the same journal. */
  scope: string
  /** What the journal stands before. */
  repository: TicketRepository
  turns: Turns
  /** Whether Redis can be written to, by partition. */
  isUsable: readonly (() => boolean)[]
  log: FastifyBaseLogger
}

/** What one round did. `stuck`: entries that Redis did not take this time. */
interface Round { replayed: number, conflicts: number, stuck: number, isLast: boolean }

/**
 * Makes the entries of the journal, of all instances, in their order: one instance at a time, under a
 * lock of MySQL. An entry that cannot be made is kept as a conflict. Everything may be repeated: an
 * entry that was made and could not be removed is known to Redis by its key.
 */
export function createReplayer ({ journal, scope, repository, turns, isUsable, log }: ReplayerOptions) {
  const count = isUsable.length
  const lock = `replay:${createHash('sha1').update(scope).digest('hex')}`
  // What was made by this replay: the entries that follow are not older, though the clocks of instances differ.
  const versions = new Map<number, number>()

  async function round (query: Query, indexes: readonly number[], upTo?: number): Promise<Round> {
    const entries = await journal.find({ state: 'pending', upTo, partitions: { indexes, count }, limit: ROUND_MAX }, query)
    if (entries.length === 0) return { replayed: 0, conflicts: 0, stuck: 0, isLast: true }
    const answers = await repository.write(entries.map(({ operation, isRepeatable, acceptedAtMs }) => ({
      ...operation,
      // Who repeats the request later gets the answer that is remembered now.
      answer: isRepeatable ? undefined : 'version' as const,
      asOf: Math.max(acceptedAtMs, versions.get(operation.ticket_id) ?? 0),
    })))
    const done: number[] = []
    const conflicts: { entry: Entry, reason: string }[] = []
    entries.forEach((entry, i) => {
      const answer = answers[i]!
      if (!(answer instanceof Problem)) {
        note(entry, answer)
        done.push(entry.seq)
      } else if (answer.status !== 503) {
        conflicts.push({ entry, reason: `${answer.code}: ${answer.detail}` })
      }
    })
    if (done.length > 0) await journal.remove(done, query)
    for (const { entry, reason } of conflicts) {
      await journal.keepAsConflict(entry.seq, reason, query)
      log.warn({ seq: entry.seq, ticket_id: entry.operation.ticket_id, reason }, 'a journal entry is in conflict; an operator applies or discards it')
    }
    const stuck = entries.length - done.length - conflicts.length
    return { replayed: done.length, conflicts: conflicts.length, stuck, isLast: stuck > 0 || entries.length < ROUND_MAX }
  }

  function note ({ operation }: Entry, answer: Written) {
    versions.set(operation.ticket_id, answer.version)
  }

  /** Rounds until a short one. Resolves with false when another instance is replaying, or not all could be made. */
  async function replay (indexes: readonly number[], signal: AbortSignal, upTo?: number): Promise<boolean> {
    const total = { replayed: 0, conflicts: 0 }
    try {
      for (;;) {
        signal.throwIfAborted()
        const done = await journal.exclusively(lock, query => round(query, indexes, upTo))
        if (!done) return false
        total.replayed += done.replayed
        total.conflicts += done.conflicts
        if (done.isLast) return done.stuck === 0
      }
    } finally {
      if (total.replayed + total.conflicts > 0) log.info(total, 'journal entries were replayed')
    }
  }

  /** Until nothing is there that was kept before now. */
  async function empty (index: number, signal: AbortSignal): Promise<boolean> {
    const upTo = await journal.last()
    const giveUpAt = performance.now() + CLOSE_MAX_MS
    while (performance.now() < giveUpAt && isUsable[index]!()) {
      if (await replay([index], signal, upTo)) return true
      await sleep(LOCK_AGAIN_MS)
    }
    return false
  }

  return {
    /**
     * One look at the journal: what waits and can be made is made, and the partitions of which nothing is
     * left take their writes again.
     * @throws when MySQL cannot be used, or the signal aborts; the next call goes on
     */
    async run (signal: AbortSignal): Promise<void> {
      if (!isUsable.some(isUsableNow => isUsableNow())) return
      const waiting = await journal.waiting(count)
      const usable = [...new Set([...waiting, ...turns.journaled()])].filter(index => isUsable[index]!())
      if (usable.length > 0) await replay(usable, signal)
      for (const index of turns.journaled()) {
        if (isUsable[index]!()) await turns.close(index, () => empty(index, signal))
      }
      versions.clear()
    },

    /** Entries that wait since before this instance began go first. */
    async adopt (): Promise<void> {
      for (const index of await journal.waiting(count)) turns.hold(index)
    },
  }
}

export type Replayer = ReturnType<typeof createReplayer>
