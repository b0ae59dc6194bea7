import { createBatcher } from '../batcher.js'
import { createBudget } from '../budget.js'
import { Problem, corruptTicket, storeUnavailable, type ProblemCode } from '../errors.js'
import { groupBy } from '../group-by.js'
import { DatabaseUnavailable } from '../mysql/failure.js'
import { CorruptTicketError } from '../tickets/codec.js'
import type { Found, Journaled, Operation, TicketRepository, Written } from '../tickets/repository.js'
import type { Ticket } from '../tickets/ticket.js'
import type { Entry } from './journal.js'
import { createKeeper, type KeeperOptions } from './keeper.js'
import { overlay, type Statuses } from './overlay.js'

/** While nothing can be kept for less, writes that follow others in the journal are refused. */
const ALONE_AFTER_MS = 2000

/** Ids of one look-up. */
const IDS_PER_SELECT_MAX = 500

/** Look-ups that may wait for MySQL. */
const PENDING_MAX = 10_000

export interface FallbackOptions extends KeeperOptions, Statuses {
  /** A stored ticket could not be read. */
  onCorrupt: (error: Error, ticketId: number) => void
}

type Answer = Written | Journaled | Problem

/** What MySQL knows of a ticket. */
interface Known { ticket?: Ticket, entries: Entry[] }

/**
 * Answers from MySQL what Redis cannot: writes that surely did not reach it are kept in the journal,
 * reads get the archived ticket with the changes that wait for it.
 */
export function createFallback (below: TicketRepository, options: FallbackOptions): TicketRepository<Written | Journaled> {
  const { journal, archive, turns, onCorrupt } = options
  const keep = createKeeper(options)
  // Since when nothing could be kept.
  let failingSince: number | undefined

  const lookUp = createBatcher<number, Known | Problem>({
    itemsMax: IDS_PER_SELECT_MAX,
    budget: createBudget(PENDING_MAX),
    async run (ids) {
      const [rows, entries] = await Promise.all([archive.find([...new Set(ids)]), journal.pending([...new Set(ids)])])
      const entriesOf = groupBy(entries, ({ operation }) => operation.ticket_id)
      return ids.map((id): Known | Problem => {
        const row = rows.get(id)
        if (row instanceof CorruptTicketError) {
          onCorrupt(row, id)
          return corruptTicket(id, row)
        }
        return { ticket: row, entries: entriesOf.get(id) ?? [] }
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

  async function writeAll (operations: readonly Operation[]): Promise<Answer[]> {
    await turns.passage(operations.map(operation => operation.ticket_id))
    const answers: Answer[] = []
    const isLate = operations.map(operation => turns.isJournaled(operation.ticket_id))
    await replace<Operation, Answer>(answers, operations, positionsOf(operations, (_, i) => !isLate[i]), part => below.write(part))
    await replace<Operation, Answer>(answers, operations, positionsOf(operations, (_, i) => isLate[i]! || isUnavailable(answers[i])), keep)
    const isRefused = answers.some((answer, i) => isLate[i]! && isCode(answer, 'store_unavailable'))
    if (isLate.includes(true)) failingSince = isRefused ? failingSince ?? performance.now() : undefined
    if (failingSince !== undefined && performance.now() - failingSince > ALONE_AFTER_MS) {
      await replace<Operation, Answer>(answers, operations, positionsOf(operations, (_, i) => isLate[i]! && isCode(answers[i], 'store_unavailable')), writeAlone)
    }
    return answers
  }

  /** The journal stays away. If Redis is there by now, it serves alone; what is in the journal is older. */
  async function writeAlone (operations: readonly Operation[]): Promise<Answer[]> {
    const answers = await below.write(operations)
    // The journal may hold its create.
    return answers.map(answer => isCode(answer, 'ticket_not_found') ? storeUnavailable(answer) : answer)
  }

  async function readAll (ids: readonly number[], answers: (Found | Problem | null)[]): Promise<(Found | Problem | null)[]> {
    const asked = positionsOf(answers, (answer, i) => isUnavailable(answer) || turns.isJournaled(ids[i]!))
    const known = await lookUp(asked.map(position => ids[position]!))
    asked.forEach((position, i) => { answers[position] = merge(answers[position]!, known[i]!) })
    return answers
  }

  /** What Redis said, with what MySQL knows. */
  function merge (answer: Found | Problem | null, known: Known | Problem): Found | Problem | null {
    // Redis has answered, and what waits for it cannot be asked for: that may be what creates the ticket.
    if (known instanceof Problem) return answer === null || (isUnavailable(answer) && known.code === 'internal_error') ? known : answer
    const { entries } = known
    if (answer instanceof Problem) {
      if (!isUnavailable(answer)) return answer
      const ticket = overlay(known.ticket, entries, options)
      // It may be in Redis alone.
      return ticket ? { ticket, source: 'archive', pending: entries.length } : answer
    }
    const ticket = overlay(answer?.ticket, entries, options)
    return ticket ? { ticket, source: answer?.source ?? 'archive', pending: entries.length } : null
  }

  return {
    write: operations => turns.isQuiet()
      // Nearly every write is decided by Redis, and should cost nothing here.
      ? below.write(operations).then(answers => answers.some(isUnavailable) ? keepUnavailable(operations, answers) : answers)
      : writeAll(operations),

    read: ids => below.read(ids).then(answers => !turns.isQuiet() || answers.some(isUnavailable) ? readAll(ids, answers) : answers),
  }

  async function keepUnavailable (operations: readonly Operation[], answers: Answer[]): Promise<Answer[]> {
    await replace<Operation, Answer>(answers, operations, positionsOf(answers, isUnavailable), keep)
    return answers
  }
}

const isCode = (answer: unknown, code: ProblemCode): boolean => answer instanceof Problem && answer.code === code

/** Redis surely did nothing. When it was MySQL that could not be asked, it cannot keep anything either. */
const isUnavailable = (answer: unknown): boolean =>
  isCode(answer, 'store_unavailable') && !(answer instanceof DatabaseUnavailable)
