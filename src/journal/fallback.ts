import { LATER, createBatcher, type Context } from '../util/batcher.ts'
import { createBudget } from '../util/budget.ts'
import { createRecent } from '../util/recent.ts'
import { Problem, corruptTicket, storeUnavailable, type ProblemCode } from '../errors.ts'
import { DatabaseUnavailable } from '../mysql/failure.ts'
import { MaybeInDatabase, NewerFields } from '../store/write-codec.ts'
import { CorruptTicketError } from '../tickets/codec.ts'
import { handlerOf, isKnown, type Operation, type Statuses } from '../tickets/operation.ts'
import type { CallOptions, Found, Journaled, ReadOptions, TicketRepository, Written } from '../tickets/repository.ts'
import type { Ticket } from '../tickets/fields.ts'
import type { Entry } from './entry.ts'
import { createJournalWriter, type JournalWriterOptions } from './writer.ts'

/** While nothing can be kept for less, writes that follow others in the journal are refused. */
const ALONE_AFTER_MS = 2000

/** Ids of one look-up. */
const IDS_PER_SELECT_MAX = 500

/** Look-ups that run at a time: those that come meanwhile share the next. */
const LOOK_UPS_MAX = 2

/** Look-ups that may wait for MySQL. */
const PENDING_MAX = 10_000

/** The journal is not asked again so soon for a ticket that was nowhere: many may ask for it. Some megabytes. */
const ABSENT_MS = 1000
const ABSENT_MAX = 10_000

export interface FallbackOptions extends JournalWriterOptions, Statuses {
  /** A stored ticket could not be read. */
  onCorrupt: (error: Error, ticketId: number) => void
}

type Answer = Written | Journaled | Problem

/** The changes of a ticket that wait. */
interface Waiting { entries: Entry[] }

/**
 * Answers from MySQL what Redis cannot: writes that surely did not reach it are kept in the journal,
 * reads get the archived ticket with the changes that wait for it.
 * The row is stale when Redis could not be asked, whether it holds a newer version or not.
 */
export function createFallback (below: TicketRepository, options: FallbackOptions): TicketRepository<Written | Journaled> {
  const { journal, database, gate, onCorrupt } = options
  const keep = createJournalWriter(options)
  // Since when nothing could be kept.
  let failingSince: number | undefined
  // Tickets that were nowhere: not in Redis, MySQL or the journal.
  const absent = createRecent<number, true>(ABSENT_MAX, ABSENT_MS)

  /** The changes that wait. Looked for before the ticket: what is applied in between is part of that. */
  const lookUpEntries = createBatcher<number, Waiting | Problem>({
    itemsMax: IDS_PER_SELECT_MAX,
    runningMax: LOOK_UPS_MAX,
    budget: createBudget(PENDING_MAX, undefined, options.onRefused),
    async run (ids) {
      const entries = Map.groupBy(await journal.pending([...new Set(ids)]), ({ operation }) => operation.ticket_id)
      return ids.map(id => {
        const ofTicket = entries.get(id) ?? []
        return ofTicket.every(({ operation }) => isKnown(operation))
          ? { entries: ofTicket }
          : storeUnavailable(new Error(`a change of ticket ${id} that waits is one that only a newer version of the service knows`))
      })
    },
  })

  const lookUpRow = createBatcher<number, { ticket?: Ticket } | Problem, Context & ReadOptions>({
    onResult (row, { answer }) { if (answer && !(row instanceof Problem) && row.ticket) answer.add(row.ticket) },
    itemsMax: IDS_PER_SELECT_MAX,
    runningMax: LOOK_UPS_MAX,
    budget: createBudget(PENDING_MAX, undefined, options.onRefused),
    async run (ids) {
      const { found, left } = await database.find([...new Set(ids)])
      return ids.map(id => {
        if (left.has(id)) return LATER
        const row = found.get(id)
        if (!(row instanceof CorruptTicketError)) return { ticket: row }
        onCorrupt(row, id)
        return corruptTicket(id, row)
      })
    },
  })

  /** The ticket as it will be when the entries have been applied; undefined: nothing is known of the ticket that they change. */
  const preview = (ticket: Ticket | undefined, entries: readonly Entry[]) =>
    entries.reduce((before, { operation, acceptedAtMs }) => handlerOf(operation).preview(before, operation, Math.floor(acceptedAtMs / 1000), options), ticket)

  /** Replaces the answers at these positions. */
  async function replace<Item, Result> (answers: Result[], items: readonly Item[], positions: readonly number[], work: (items: Item[]) => Promise<Result[]>) {
    if (positions.length === 0) return
    const replaced = await work(positions.map(position => items[position]!))
    positions.forEach((position, i) => { answers[position] = replaced[i]! })
  }

  const positionsOf = <T>(items: readonly T[], fits: (item: T, position: number) => boolean) =>
    items.flatMap((item, position) => fits(item, position) ? [position] : [])

  async function writeAll (operations: readonly Operation[], options?: CallOptions): Promise<Answer[]> {
    await gate.whenReplayed(operations.map(operation => operation.ticket_id))
    const answers: Answer[] = []
    const isLate = operations.map(operation => gate.isJournaled(operation.ticket_id))
    await replace<Operation, Answer>(answers, operations, positionsOf(operations, (_, i) => !isLate[i]), part => below.write(part, options))
    await replace<Operation, Answer>(answers, operations, positionsOf(operations, (_, i) => isLate[i]! || isUnavailable(answers[i])), part => keep(part, options))
    const isRefused = answers.some((answer, i) => isLate[i]! && isCode(answer, 'store_unavailable'))
    if (isLate.includes(true)) failingSince = isRefused ? failingSince ?? performance.now() : undefined
    if (failingSince !== undefined && performance.now() - failingSince > ALONE_AFTER_MS) {
      // A ticket that has changes in the journal waits with them: they are older, and would be in conflict.
      const isFree = ({ ticket_id: id }: Operation, i: number) => isLate[i]! && isCode(answers[i], 'store_unavailable') && !gate.mayHavePending(id)
      await replace<Operation, Answer>(answers, operations, positionsOf(operations, isFree), part => writeAlone(part, options))
    }
    return answers
  }

  /** The journal stays unavailable. If Redis is there by now, it serves alone. */
  async function writeAlone (operations: readonly Operation[], options?: CallOptions): Promise<Answer[]> {
    const answers = await below.write(operations, options)
    // The journal may hold its create, kept by another instance.
    return answers.map(answer => isCode(answer, 'ticket_not_found') ? storeUnavailable(answer) : answer)
  }

  /** Whether the journal need not be asked for a ticket that is nowhere else. What this instance has kept is in it at once. */
  const isAbsent = (id: number) => absent.get(id) === true && !gate.isJournaled(id)

  async function read (ids: readonly number[], options?: ReadOptions): Promise<(Found | Problem | null)[]> {
    if (!gate.isIdle()) return await readAll(ids, options)
    const answers = await below.read(ids, options)
    // Nearly every read is answered by Redis, and should cost nothing here.
    const open = positionsOf(answers, (answer, i) => answer === null ? !isAbsent(ids[i]!) : isUnavailable(answer))
    await replace(answers, ids, open, part => readAll(part, options))
    return answers
  }

  /** Reads with what waits. */
  async function readAll (ids: readonly number[], options?: ReadOptions): Promise<(Found | Problem | null)[]> {
    const waiting: (Waiting | Problem)[] = ids.map(() => ({ entries: [] }))
    await replace(waiting, ids, positionsOf(ids, id => !isAbsent(id)), part => lookUpEntries(part, options))
    const answers = await below.read(ids, options)
    return await Promise.all(answers.map((answer, i) => merge(ids[i]!, answer, waiting[i]!, options)))
  }

  /** What was found, with what waits. */
  async function merge (id: number, answer: Found | Problem | null, waiting: Waiting | Problem, options?: ReadOptions): Promise<Found | Problem | null> {
    if (answer instanceof Problem && !isUnavailable(answer)) return answer
    // Redis has answered, but there may be changes that wait, which cannot be asked for: one may create the ticket.
    if (waiting instanceof Problem) return answer === null || gate.mayHavePending(id) ? waiting : answer
    const { entries } = waiting
    if (!(answer instanceof Problem)) {
      const ticket = preview(answer?.ticket, entries)
      if (answer === null && entries.length === 0) absent.set(id, true)
      return ticket ? { ticket, source: answer?.source ?? 'mysql', pending: entries.length } : null
    }
    const [row] = await lookUpRow([id], options)
    if (row instanceof Problem) return row.code === 'internal_error' || row.code === 'overloaded' ? row : answer
    const ticket = preview(row!.ticket, entries)
    // It may be in Redis alone. What is in MySQL may be older than what Redis holds, and is not called in step.
    return ticket ? { ticket: { ...ticket, synced_version: null }, source: 'mysql', pending: entries.length, isStale: true } : answer
  }

  return {
    write: (operations, options) => gate.isIdle()
      // Nearly every write is decided by Redis, and should cost nothing here.
      ? below.write(operations, options).then(answers => answers.some(isUnavailable) ? keepUnavailable(operations, answers, options) : answers)
      : writeAll(operations, options),

    read,
  }

  async function keepUnavailable (operations: readonly Operation[], answers: Answer[], options?: CallOptions): Promise<Answer[]> {
    await replace<Operation, Answer>(answers, operations, positionsOf(answers, isUnavailable), part => keep(part, options))
    return answers
  }
}

const isCode = (answer: unknown, code: ProblemCode): boolean => answer instanceof Problem && answer.code === code

/** Redis surely did nothing. When it was MySQL that could not be asked, it cannot keep anything either. */
const isUnavailable = (answer: unknown): boolean =>
  isCode(answer, 'store_unavailable') && !(answer instanceof DatabaseUnavailable) && !(answer instanceof NewerFields) && !(answer instanceof MaybeInDatabase)
