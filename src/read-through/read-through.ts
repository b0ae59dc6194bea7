import { createBatcher, createBudget } from '../util/batcher.ts'
import { Problem, corruptTicket, storeUnavailable } from '../errors.ts'
import { CorruptTicketError } from '../tickets/codec.ts'
import type { TicketDatabase } from '../database/ticket-database.ts'
import { rangeOf } from '../tickets/keys.ts'
import type { Operation } from '../tickets/operation.ts'
import type { Found, TicketRepository, Written } from '../tickets/repository.ts'
import { MaybeInDatabase, NewerFields } from '../store/write-codec.ts'
import type { Ticket } from '../tickets/fields.ts'

/** Ids of one SELECT, and the look-ups that may wait for MySQL. */
const IDS_PER_SELECT_MAX = 500
const PENDING_MAX = 10_000

/** Ranges of ids of one SELECT: each is a query of its own in it. */
const RANGES_PER_SELECT_MAX = 50

type Looked = Ticket | Problem | null

interface Undecided { index: number, operation: Operation, answer: MaybeInDatabase }

export interface ReadThroughOptions {
  database: TicketDatabase
  /** A create was let through although MySQL could not be asked. */
  onUncheckedCreate: (ticketId: number) => void
  onCorrupt: (error: Error, ticketId: number) => void
  /** Which of these tickets are to be created by changes that wait in the journal. Default: none. */
  awaited?: (ids: readonly number[]) => Promise<ReadonlySet<number>>
}

/**
 * Makes tickets that Redis no longer holds look as if it did: what a read or a change finds in
 * MySQL goes back into Redis, unless a write came first; what MySQL holds cannot be created again.
 */
export function createReadThrough (store: TicketRepository, { database, onUncheckedCreate, onCorrupt, awaited = async () => new Set() }: ReadThroughOptions): TicketRepository {
  const lookUp = createBatcher<number, Looked>({
    itemsMax: IDS_PER_SELECT_MAX,
    budget: createBudget(PENDING_MAX),
    async run (ids) {
      const found = await database.find([...new Set(ids)])
      return ids.map(id => toLooked(id, found.get(id)))
    },
  })

  /** By the first id of each range. */
  const lookUpHighest = createBatcher<number, number>({
    itemsMax: RANGES_PER_SELECT_MAX,
    budget: createBudget(PENDING_MAX),
    async run (starts) {
      const ranges = [...new Set(starts)].map(rangeOf)
      const highest = await database.highestIds(ranges)
      const byStart = new Map(ranges.map(({ from }, i) => [from, highest[i]!]))
      return starts.map(from => byStart.get(from)!)
    },
  })

  const lookUpAwaited = createBatcher<number, boolean>({
    itemsMax: IDS_PER_SELECT_MAX,
    budget: createBudget(PENDING_MAX),
    async run (ids) {
      const found = await awaited([...new Set(ids)])
      return ids.map(id => found.has(id))
    },
  })

  function toLooked (id: number, found: Ticket | CorruptTicketError | undefined): Looked {
    if (found instanceof CorruptTicketError) {
      onCorrupt(found, id)
      return corruptTicket(id, found)
    }
    return found ?? null
  }

  /** A failed look-up is a value too: what it stops is one operation. */
  const find = (id: number): Promise<Looked> => lookUp([id]).then(([looked]) => looked!)

  /** The highest id of the range that MySQL holds; undefined: that is not known now. */
  async function findHighest (id: number): Promise<number | undefined> {
    const [highest] = await lookUpHighest([rangeOf(id).from])
    return typeof highest === 'number' ? highest : undefined
  }

  const restore = (ticket: Ticket): Operation => ({ op: 'restore', ticket_id: ticket.ticket_id, ticket })

  /** What decides the operations on one ticket that Redis alone could not decide; a Problem ends them. */
  async function decide (id: number, undecided: readonly Undecided[]): Promise<Operation[] | Problem> {
    const isRangeUnknown = undecided.some(({ answer }) => answer.reason === 'range_unknown')
    const [archived, highest] = await Promise.all([find(id), isRangeUnknown ? findHighest(id) : undefined])
    const operations = undecided.map(({ operation }) => operation)
    if (archived instanceof Problem) {
      // Nothing says that MySQL may hold the id: Redis serves alone. If it does hold it, the first push replaces nothing.
      const alone = undecided.every(({ answer }) => answer.reason === 'range_unknown')
      if (archived.code !== 'store_unavailable' || !alone) return archived
      onUncheckedCreate(id)
    } else if (archived) {
      return [restore(archived), ...operations]
    } else if (operations.every(({ asOf }) => asOf === undefined) && (await lookUpAwaited([id]))[0] !== false) {
      return storeUnavailable(new Error(`ticket ${id} is to be created by a change that waits in the journal`))
    }
    return operations.map(operation => ({ ...operation, absentFromDatabase: { highest } }))
  }

  /** Asks MySQL about the operations that Redis alone could not decide, and puts their answers in place. */
  async function decideAll (operations: readonly Operation[], answers: (Written | Problem)[]) {
    const undecided = new Map<number, Undecided[]>()
    for (const [index, answer] of answers.entries()) {
      if (!(answer instanceof MaybeInDatabase)) continue
      const operation = operations[index]!
      const ofTicket = undecided.get(operation.ticket_id) ?? []
      undecided.set(operation.ticket_id, [...ofTicket, { index, operation, answer }])
    }
    await Promise.all([...undecided].map(async ([id, ofTicket]) => {
      const decided = await decide(id, ofTicket)
      const again = decided instanceof Problem ? ofTicket.map(() => decided) : await store.write(decided)
      // A restore that came first has an answer of its own, which nobody asked for. Without it there is nothing to change.
      if (again[0] instanceof NewerFields) again.fill(again[0])
      again.slice(-ofTicket.length).forEach((answer, i) => { answers[ofTicket[i]!.index] = answer })
    }))
    return answers
  }

  return {
    write: operations => store.write(operations).then(answers =>
      // Nearly every write is decided by Redis, and should cost nothing here.
      answers.some(answer => answer instanceof Problem) ? decideAll(operations, answers) : answers),

    async read (ids) {
      const answers = await store.read(ids)
      if (!answers.includes(null)) return answers
      return await Promise.all(answers.map(async (answer, i): Promise<Found | Problem | null> => {
        if (answer !== null) return answer
        const archived = await find(ids[i]!)
        if (archived === null || archived instanceof Problem) return archived
        const [restored] = await store.write([restore(archived)])
        // Redis may be full or gone by now: the answer is there all the same.
        return { ticket: restored instanceof Problem ? archived : restored!.ticket!, source: 'mysql' }
      }))
    },
  }
}
