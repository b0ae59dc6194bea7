import { createBatcher } from '../batcher.js'
import { createBudget } from '../budget.js'
import { Problem, corruptTicket, storeUnavailable, ticketExists, type ProblemCode } from '../errors.js'
import { DatabaseUnavailable } from '../mysql/failure.js'
import type { TicketArchive } from '../tickets/archive.js'
import { CorruptTicketError } from '../tickets/codec.js'
import type { Found, Journaled, Operation, TicketRepository, Written } from '../tickets/repository.js'
import type { Ticket } from '../tickets/ticket.js'
import type { Change, Entry, Journal } from './journal.js'
import { overlay, type Statuses } from './overlay.js'
import type { Turns } from './turns.js'

/** Of one INSERT: enough to share its cost, few enough for a statement of bounded size. */
const CHANGES_PER_INSERT_MAX = 500
const CHARACTERS_PER_INSERT_MAX = 1024 * 1024

/** What may wait for MySQL: some batches of the largest size. */
const PENDING_MAX = 10_000
const PENDING_CHARACTERS_MAX = 16 * 1024 * 1024

/** While MySQL is away for less, writes that follow others in the journal wait for it. */
const ALONE_AFTER_MS = 2000

/** Ids of one look-up. */
const IDS_PER_SELECT_MAX = 500

export interface FallbackOptions extends Statuses {
  journal: Journal
  archive: TicketArchive
  turns: Turns
  /** MySQL has been away for so long, ms. */
  awayMs: () => number
  /** ms of Redis's clock, as far as it is known. */
  now: () => number
  /** A stored ticket could not be read. */
  onCorrupt: (error: Error, ticketId: number) => void
}

/** Of the changes to one ticket those that create what is there, or what an earlier one has created. */
function repeatedCreates (changes: readonly Change[], isTaken: (change: Change) => boolean): Change[] {
  const [first, ...others] = changes.filter(({ op }) => op === 'create')
  if (!first) return []
  return isTaken(first) ? [first, ...others] : others
}

type Answer = Written | Journaled | Problem

/** Changes of one caller to one ticket: they stay together, so that nothing comes between them. */
interface OnTicket { changes: readonly Change[], size: number }

/** What MySQL knows of a ticket. */
interface Known { ticket?: Ticket, entries: Entry[] }

/**
 * Answers from MySQL what Redis cannot: writes that surely did not reach it are kept in the journal,
 * reads get the archived ticket with the changes that wait for it.
 */
export function createFallback (below: TicketRepository, { journal, archive, turns, awayMs, now, onCorrupt, ...statuses }: FallbackOptions): TicketRepository<Written | Journaled> {
  const append = createBatcher<OnTicket, (Journaled | Problem)[]>({
    itemsMax: CHANGES_PER_INSERT_MAX,
    sizeMax: CHARACTERS_PER_INSERT_MAX,
    sizeOf: ({ size }) => size,
    budget: createBudget(PENDING_MAX, PENDING_CHARACTERS_MAX),
    async run (tickets) {
      const taken = await takenIds(tickets)
      const refused = new Set(tickets.flatMap(({ changes }) => repeatedCreates(changes, taken)))
      const kept = tickets.flatMap(({ changes }) => changes.filter(change => !refused.has(change)))
      const answers = (kept.length > 0 ? await journal.append(kept, now()) : []).values()
      return tickets.map(({ changes }) => changes.map(change => refused.has(change) ? ticketExists(change.ticket_id) : answers.next().value!))
    },
  })

  /** Which changes of these are creates of tickets that MySQL knows; told by who asks, which key. */
  async function takenIds (tickets: readonly OnTicket[]) {
    const ids = tickets.flatMap(({ changes }) => changes.some(({ op }) => op === 'create') ? [changes[0]!.ticket_id] : [])
    if (ids.length === 0) return () => false
    const [rows, entries] = await Promise.all([archive.find(ids), journal.pending(ids)])
    return ({ ticket_id: id, idempotency }: Change) =>
      // Redis alone knows whether the row is what an earlier request with this key has made.
      (rows.has(id) && !idempotency) ||
      entries.some(({ operation }) => operation.ticket_id === id && operation.op === 'create' && operation.idempotency!.key !== idempotency?.key)
  }

  const lookUp = createBatcher<number, Known | Problem>({
    itemsMax: IDS_PER_SELECT_MAX,
    budget: createBudget(PENDING_MAX),
    async run (ids) {
      const [rows, entries] = await Promise.all([archive.find([...new Set(ids)]), journal.pending([...new Set(ids)])])
      return ids.map((id): Known | Problem => {
        const row = rows.get(id)
        if (row instanceof CorruptTicketError) {
          onCorrupt(row, id)
          return corruptTicket(id, row)
        }
        return { ticket: row, entries: entries.filter(({ operation }) => operation.ticket_id === id) }
      })
    },
  })

  /** Keeps the operations. A Problem with store_unavailable: it was surely not kept. */
  async function keep (operations: readonly Operation[]): Promise<(Journaled | Problem)[]> {
    const changes = operations as readonly Change[]
    const tickets = new Map<number, Change[]>()
    for (const change of changes) {
      const known = tickets.get(change.ticket_id)
      if (known) known.push(change)
      else tickets.set(change.ticket_id, [change])
    }
    const answers = await turns.keeping(
      [...tickets.keys()],
      () => append([...tickets.values()].map(changes => ({ changes, size: JSON.stringify(changes).length }))),
      answers => answers.some(answer => answer instanceof Problem ? answer.code === 'outcome_unknown' : answer.some(each => 'journaled' in each)),
    )
    const answerOf = new Map<Change, Journaled | Problem>()
    Array.from(tickets.values()).forEach((changes, i) => {
      const ofTicket = answers[i]!
      changes.forEach((change, j) => { answerOf.set(change, ofTicket instanceof Problem ? ofTicket : ofTicket[j]!) })
    })
    return changes.map(change => answerOf.get(change)!)
  }

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
    if (awayMs() > ALONE_AFTER_MS) {
      await replace<Operation, Answer>(answers, operations, positionsOf(operations, (_, i) => isLate[i]! && isCode(answers[i], 'store_unavailable')), writeAlone)
    }
    return answers
  }

  /** MySQL stays away. If Redis is there by now, it serves alone; what is in the journal is older. */
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
      const ticket = overlay(known.ticket, entries, statuses)
      // It may be in Redis alone.
      return ticket ? { ticket, source: 'archive', pending: entries.length } : answer
    }
    const ticket = overlay(answer?.ticket, entries, statuses)
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
