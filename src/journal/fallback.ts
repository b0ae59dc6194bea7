import { LATER, createBatcher, type Context } from '../util/batcher.ts'
import { createBudget } from '../util/budget.ts'
import { createRecent } from '../util/recent.ts'
import { Problem, corruptTicket, storeUnavailable, ticketDeleted, type ProblemCode } from '../errors.ts'
import { DatabaseUnavailable } from '../mysql/failure.ts'
import { MaybeInDatabase, NewerFields } from '../store/write-codec.ts'
import { CorruptTicketError } from '../tickets/codec.ts'
import type { Operation, Statuses } from '../tickets/operation.ts'
import type { CallOptions, Found, Journaled, ReadOptions, TicketRepository, Written } from '../tickets/repository.ts'
import { isExpired, isTombstone, type Ticket } from '../tickets/fields.ts'
import type { Waiting } from './append.ts'
import { createPreviews } from './preview.ts'
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
  /** TICKET_RETENTION_SECONDS: of a tombstone that is older nothing is known any more. */
  retentionSeconds: number
}

/** A ticket is read again this often when some of the changes that wait for it are applied meanwhile. */
const ATTEMPTS_MAX = 8

/** Some of what waited was applied while the ticket was read. */
const OUTDATED = Symbol('outdated')

type Merged = Found | Problem | null | typeof OUTDATED

type Answer = Written | Journaled | Problem

const NOTHING_WAITS: Waiting = { entries: 0, bytes: 0, last: 0, sum: 0n }

/**
 * Answers from MySQL what Redis cannot: writes that surely did not reach it are kept in the journal,
 * reads get the archived ticket with the changes that wait for it.
 * The row is stale when Redis could not be asked, whether it holds a newer version or not.
 */
export function createFallback (below: TicketRepository, options: FallbackOptions): TicketRepository<Written | Journaled> {
  const { journal, database, gate, onCorrupt, retentionSeconds } = options
  const keep = createJournalWriter(options)
  // Since when nothing could be kept.
  let failingSince: number | undefined
  // Tickets that were nowhere: not in Redis, MySQL or the journal.
  const absent = createRecent<number, true>(ABSENT_MAX, ABSENT_MS)

  /** What waits. Looked for before the ticket: what is applied in between is part of that. */
  const lookUpWaiting = createBatcher<number, Waiting | Problem>({
    itemsMax: IDS_PER_SELECT_MAX,
    runningMax: LOOK_UPS_MAX,
    budget: createBudget(PENDING_MAX, undefined, options.onRefused),
    async run (ids) {
      const waiting = await journal.waitingOf([...new Set(ids)])
      return ids.map(id => waiting.get(id) ?? NOTHING_WAITS)
    },
  })

  const preview = createPreviews(journal, options)

  const lookUpRow = createBatcher<number, { ticket?: Ticket } | Problem, Context & ReadOptions>({
    onResult: (row, { answer }) => !answer || row instanceof Problem || !row.ticket ? row : { ticket: answer.add(row.ticket) },
    itemsMax: IDS_PER_SELECT_MAX,
    runningMax: LOOK_UPS_MAX,
    budget: createBudget(PENDING_MAX, undefined, options.onRefused),
    async run (ids) {
      const { found, left } = await database.find([...new Set(ids)])
      return ids.map(id => {
        if (left.has(id)) return LATER
        const row = found.get(id)
        if (!(row instanceof CorruptTicketError)) return row && isTombstone(row) ? isExpired(row, retentionSeconds) ? {} : ticketDeleted(id, row.version) : { ticket: row }
        onCorrupt(row, id)
        return corruptTicket(id, row)
      })
    },
  })

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

  function read (ids: readonly number[], options?: ReadOptions): Promise<(Found | Problem | null)[]> {
    if (!gate.isIdle()) return readAll(ids, options)
    // Nearly every read is answered by Redis, and should cost nothing here.
    return below.read(ids, options).then(answers => answers.some(isOpen) ? readOpen(ids, answers, options) : answers)
  }

  async function readOpen (ids: readonly number[], answers: (Found | Problem | null)[], options?: ReadOptions): Promise<(Found | Problem | null)[]> {
    const open = positionsOf(answers, (answer, i) => isOpen(answer) && (answer !== null || !isAbsent(ids[i]!)))
    await replace(answers, ids, open, part => readAll(part, options))
    return answers
  }

  /** Reads with what waits, anew: what was told before may lack changes that have been applied since. */
  async function readAll (ids: readonly number[], { told: _told, ...options }: ReadOptions = {}, attempt = 1): Promise<(Found | Problem | null)[]> {
    const waiting: (Waiting | Problem)[] = ids.map(() => NOTHING_WAITS)
    await replace(waiting, ids, positionsOf(ids, id => !isAbsent(id)), part => lookUpWaiting(part, options))
    const answers = await below.read(ids, options)
    const merged = await Promise.all(answers.map((answer, i) => merge(ids[i]!, answer, waiting[i]!, options)))
    // Some of its changes have been applied since: what they made of it may not be part of what was read.
    const outdated = positionsOf(merged, answer => answer === OUTDATED)
    if (attempt < ATTEMPTS_MAX) await replace<number, Merged>(merged, ids, outdated, part => readAll(part, options, attempt + 1))
    return merged.map(answer => answer === OUTDATED ? storeUnavailable(new Error('the changes that wait are being applied')) : answer)
  }

  /** What was found, with what waits. */
  async function merge (id: number, answer: Found | Problem | null, waiting: Waiting | Problem, options?: ReadOptions): Promise<Merged> {
    if (answer instanceof Problem && !isUnavailable(answer)) return answer
    // Redis has answered, but there may be changes that wait, which cannot be asked for: one may create the ticket.
    if (waiting instanceof Problem) return answer === null || gate.mayHavePending(id) ? waiting : answer
    if (!(answer instanceof Problem)) {
      if (waiting.entries === 0) {
        if (answer === null) absent.set(id, true)
        return answer && { ...answer, pending: 0 }
      }
      const ticket = await previewOne(id, answer?.ticket, waiting, options)
      if (ticket instanceof Problem && ticket.code !== 'ticket_deleted' && answer !== null && !gate.mayHavePending(id)) return answer
      return isTicket(ticket) ? { ticket, source: answer?.source ?? 'mysql', pending: waiting.entries } : ticket ?? null
    }
    const [row] = await lookUpRow([id], options)
    if (row instanceof Problem) return row.code === 'store_unavailable' ? answer : row
    const ticket = waiting.entries === 0 ? row!.ticket : await previewOne(id, row!.ticket, waiting, options)
    // It may be in Redis alone. What is in MySQL may be older than what Redis holds, and is not called in step.
    return isTicket(ticket) ? { ticket: { ...ticket, synced_version: null }, source: 'mysql', pending: waiting.entries, isStale: true } : ticket ?? answer
  }

  async function previewOne (id: number, ticket: Ticket | undefined, waiting: Waiting, options?: ReadOptions): Promise<Ticket | Problem | typeof OUTDATED | undefined> {
    const [seen] = await preview([{ id, ticket, waiting }], options)
    if (seen instanceof Problem) return seen
    if (seen!.isOutdated) return OUTDATED
    return seen!.ticket && isTombstone(seen!.ticket) ? ticketDeleted(id) : seen!.ticket
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

const isTicket = (seen: Ticket | Problem | typeof OUTDATED | undefined): seen is Ticket => typeof seen === 'object' && !(seen instanceof Problem)

/** Whether what waits in the journal, or a row of MySQL, may say more. */
const isOpen = (answer: Found | Problem | null): boolean => answer === null || isUnavailable(answer)

/** Redis surely did nothing. When it was MySQL that could not be asked, it cannot keep anything either. */
const isUnavailable = (answer: unknown): boolean =>
  isCode(answer, 'store_unavailable') && !(answer instanceof DatabaseUnavailable) && !(answer instanceof NewerFields) && !(answer instanceof MaybeInDatabase)
