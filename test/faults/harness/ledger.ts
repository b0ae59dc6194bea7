import { EventEmitter, once } from 'node:events'
import { isDeepStrictEqual } from 'node:util'
import type { Ticket } from '../../../src/tickets/ticket.ts'

/** A run in which nothing is acknowledged for this long does not recover any more. */
const PATIENCE_MS = 30_000

/** A write that is about to be sent. Its mark is a custom field of its own, so that the ticket tells which writes it holds. */
export interface Write {
  id: number
  mark: string
  /** The newest version that was acknowledged before it was sent. */
  floor: number
}

/** Who keeps a write that was acknowledged. */
export type Keeper = 'redis' | 'journal'

interface Entry {
  writes: number
  acknowledged: Set<string>
  refused: Set<string>
  versions: Set<number>
  /** The newest version that was acknowledged, as it was answered. */
  newest?: Ticket
  isDeleted: boolean
}

/**
 * What callers were told about every write: acknowledged (it must be there), refused (it must not), in doubt (either).
 * `findings` is what was wrong with the answers themselves.
 */
export function createLedger () {
  const entries = new Map<number, Entry>()
  const findings: string[] = []
  const counts = { acknowledged: 0, journaled: 0, refused: 0, doubtful: 0 }
  const codes: Record<string, number> = {}
  const events = new EventEmitter()
  let lastId = 0

  function entryOf (id: number): Entry {
    const entry = entries.get(id) ?? { writes: 0, acknowledged: new Set(), refused: new Set(), versions: new Set(), isDeleted: false }
    entries.set(id, entry)
    return entry
  }

  /** Resolves when `count` more writes that fit have been acknowledged. */
  async function acknowledgements (count: number, fits: (by: Keeper, id: number) => boolean) {
    let missing = count
    const onWrite = (by: Keeper, id: number) => { if (fits(by, id)) missing -= 1 }
    events.on('write', onWrite)
    const signal = AbortSignal.timeout(PATIENCE_MS)
    try {
      while (missing > 0) {
        if (findings.length > 0) throw new Error(findings[0])
        await once(events, 'news', { signal }).catch((error: unknown) => {
          throw new Error(`${missing} of ${count} writes were not acknowledged within ${PATIENCE_MS} ms`, { cause: error })
        })
      }
    } finally {
      events.off('write', onWrite)
    }
  }

  function note (by: Keeper, id: number) {
    counts.acknowledged += 1
    events.emit('write', by, id)
    events.emit('news')
  }

  return {
    findings,
    counts,
    /** The errors that were answered apart from these, and how often. */
    unexpectedCodes: (expected: readonly string[]) => Object.entries(codes).filter(([code]) => !expected.includes(code)),
    ids: () => [...entries.keys()],
    /** The newest version that was acknowledged. */
    version: (id: number) => entries.get(id)?.newest?.version,
    /** An id above all others, which therefore no MySQL holds. */
    nextId: () => ++lastId,

    begin (id: number): Write {
      const entry = entryOf(id)
      entry.writes += 1
      return { id, mark: `w${entry.writes}`, floor: entry.newest?.version ?? 0 }
    },

    acknowledge ({ id, mark, floor }: Write, ticket: Ticket) {
      const entry = entryOf(id)
      const { version } = ticket
      if (version <= floor) findings.push(`ticket ${id}: ${mark} was answered with version ${version}, but ${floor} had been acknowledged before`)
      if (entry.versions.has(version)) findings.push(`ticket ${id}: version ${version} was answered twice`)
      entry.versions.add(version)
      entry.acknowledged.add(mark)
      if (version > (entry.newest?.version ?? 0)) entry.newest = ticket
      note('redis', id)
    },

    /** Of its ticket a tombstone is left. */
    remove ({ id }: Write) {
      entryOf(id).isDeleted = true
      note('redis', id)
    },

    /** It will be made when Redis is back, and has no version yet. */
    accept ({ id, mark }: Write) {
      entryOf(id).acknowledged.add(mark)
      counts.journaled += 1
      note('journal', id)
    },

    /** The caller was told, by this code, that it is not applied. */
    refuse ({ id, mark }: Write, code: string) {
      entryOf(id).refused.add(mark)
      counts.refused += 1
      codes[code] = (codes[code] ?? 0) + 1
    },

    /** The caller was told that nobody knows, or nothing. */
    doubt (code: string) {
      counts.doubtful += 1
      codes[code] = (codes[code] ?? 0) + 1
    },

    find (finding: string) {
      findings.push(finding)
      events.emit('news')
    },

    /** Resolves when that many more writes have been acknowledged. */
    acknowledged: (count: number) => acknowledgements(count, () => true),

    /** The same, of those that this one keeps, to these tickets. */
    acknowledgedBy: (keeper: Keeper, count: number, isOne: (id: number) => boolean = () => true) =>
      acknowledgements(count, (by, id) => by === keeper && isOne(id)),

    /**
     * What is wrong with the tickets that `place` holds.
     * @param conflicts marks of writes that wait for an operator, by ticket
     * @param only the tickets to look at, by the newest that was acknowledged
     */
    compare (place: string, held: ReadonlyMap<number, Ticket>, conflicts: ReadonlyMap<number, ReadonlySet<string>> = new Map(), only: (newest: Ticket | undefined) => boolean = () => true): string[] {
      const strangers = [...held.keys()].filter(id => !entries.has(id)).map(id => `${place}: nobody wrote ticket ${id}`)
      return [...strangers, ...[...entries].flatMap(([id, entry]) =>
        only(entry.newest) ? Array.from(compareEntry(entry, held.get(id), conflicts.get(id)), finding => `${place}: ticket ${id}: ${finding}`) : [])]
    },
  }
}

export type Ledger = ReturnType<typeof createLedger>

function * compareEntry ({ acknowledged, refused, newest, isDeleted }: Entry, held: Ticket | undefined, conflicts?: ReadonlySet<string>): Generator<string> {
  if (held && isDeleted !== (held.deleted_at !== undefined)) yield isDeleted ? `was deleted, and is ${JSON.stringify(held)}` : 'is a tombstone, and nobody deleted it'
  if (isDeleted) return
  const has = (mark: string) => held?.custom_fields?.[mark] === true
  for (const mark of acknowledged) if (!has(mark) && !conflicts?.has(mark)) yield `${mark} was acknowledged and is not there`
  for (const mark of refused) if (has(mark)) yield `${mark} was refused and is there`
  if (!newest || !held) return
  if (held.version < newest.version) yield `version ${newest.version} was acknowledged, ${held.version} is there`
  if (held.version === newest.version && !isSame(held, newest)) yield `is ${JSON.stringify(held)}, was answered as ${JSON.stringify(newest)}`
}

/** Apart from how far MySQL was when they were read. */
export const isSame = (a: Ticket, b: Ticket): boolean => isDeepStrictEqual({ ...a, synced_version: null }, { ...b, synced_version: null })
