import { LATER, createBatcher, type Context } from '../util/batcher.ts'
import { createBudget, type Refusal } from '../util/budget.ts'
import { createRecent } from '../util/recent.ts'
import { Problem, corruptTicket, deletedIdTaken, storeUnavailable, ticketDeleted } from '../errors.ts'
import { CorruptTicketError } from '../tickets/codec.ts'
import type { TicketDatabase } from '../database/ticket-database.ts'
import { rangeOf } from '../tickets/keys.ts'
import { handlerOf, type Operation } from '../tickets/operation.ts'
import type { CallOptions, Found, ReadOptions, TicketRepository, Written } from '../tickets/repository.ts'
import { MaybeInDatabase, NewerFields } from '../store/write-codec.ts'
import { isExpired, isTombstone, type Ticket } from '../tickets/fields.ts'

/** Ids of one SELECT, and the look-ups that may wait for MySQL. */
const IDS_PER_SELECT_MAX = 500
const PENDING_MAX = 10_000

/** SELECTs of tickets that run at a time: each holds as many bytes of rows as one may. */
const LOOK_UPS_MAX = 2

/** Ranges of ids of one SELECT: each is a query of its own in it. */
const RANGES_PER_SELECT_MAX = 50

/** MySQL is asked this often about one ticket whose rows keep changing meanwhile. */
const ATTEMPTS_MAX = 8

/** An id that MySQL does not hold is not looked up again by reads so soon: many may ask for it. Some megabytes. */
const ABSENT_MS = 1000
const ABSENT_MAX = 10_000

type Looked = Ticket | Problem | null

interface Undecided { index: number, operation: Operation, answer: MaybeInDatabase }

export interface ReadThroughOptions {
  database: Pick<TicketDatabase, 'find' | 'highestIds'>
  /** READ_CACHE_SECONDS; 0: what is read is not put back. */
  readCacheSeconds: number
  /** TICKET_RETENTION_SECONDS: of a tombstone that is older nothing is known any more. */
  retentionSeconds: number
  /** A create was let through although MySQL could not be asked. */
  onUncheckedCreate: (ticketId: number) => void
  onCorrupt: (error: Error, ticketId: number) => void
  /** Which of these tickets are to be created by changes that wait in the journal. Default: none. */
  awaited?: (ids: readonly number[]) => Promise<ReadonlySet<number>>
  /** A look-up was refused, because too many wait. */
  onRefused?: (refusal: Refusal) => void
}

/**
 * Makes tickets that Redis no longer holds look as if it did: what a change, or the read of one ticket, finds in
 * MySQL goes back into Redis, unless a write came first, or MySQL has received a newer version since it was asked; what MySQL holds
 * cannot be created again.
 */
export function createReadThrough (store: TicketRepository, { database, readCacheSeconds, retentionSeconds, onUncheckedCreate, onCorrupt, awaited = async () => new Set(), onRefused }: ReadThroughOptions): TicketRepository {
  const lookUp = createBatcher<number, Looked, Context & ReadOptions>({
    itemsMax: IDS_PER_SELECT_MAX,
    runningMax: LOOK_UPS_MAX,
    budget: createBudget(PENDING_MAX, undefined, onRefused),
    onResult: (looked, { answer }) => !answer || !looked || looked instanceof Problem ? looked : answer.add(looked),
    async run (ids) {
      const { found, left } = await database.find([...new Set(ids)])
      return ids.map(id => left.has(id) ? LATER : toLooked(id, found.get(id)))
    },
  })

  /** By the first id of each range. */
  const lookUpHighest = createBatcher<number, number>({
    itemsMax: RANGES_PER_SELECT_MAX,
    budget: createBudget(PENDING_MAX, undefined, onRefused),
    async run (starts) {
      const ranges = [...new Set(starts)].map(rangeOf)
      const highest = await database.highestIds(ranges)
      const byStart = new Map(ranges.map(({ from }, i) => [from, highest[i]!]))
      return starts.map(from => byStart.get(from)!)
    },
  })

  /** The stamps under which MySQL was asked for ids that it does not hold. For reads alone: a create is decided by MySQL itself. */
  const absent = createRecent<number, string>(ABSENT_MAX, ABSENT_MS)

  const lookUpAwaited = createBatcher<number, boolean>({
    itemsMax: IDS_PER_SELECT_MAX,
    budget: createBudget(PENDING_MAX, undefined, onRefused),
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
    if (!found || isExpired(found, retentionSeconds)) return null
    return isTombstone(found) ? ticketDeleted(id, found.version) : found
  }

  /** A failed look-up is a value too: what it stops is one operation. */
  const find = (id: number, options?: ReadOptions): Promise<Looked> => lookUp([id], options).then(([looked]) => looked!)

  /** The highest id of the range that MySQL holds; undefined: that is not known now. */
  async function findHighest (id: number, options?: CallOptions): Promise<number | undefined> {
    const [highest] = await lookUpHighest([rangeOf(id).from], options)
    return typeof highest === 'number' ? highest : undefined
  }

  /** What decides the operations on one ticket that Redis alone could not decide; a Problem ends them. */
  async function decide (id: number, undecided: readonly Undecided[], options?: CallOptions): Promise<Operation[] | Problem> {
    // Those on one ticket travel together: the first has the answer of all.
    const { stamp, reason } = undecided[0]!.answer
    // Nothing says that MySQL may hold the id: while it cannot be asked, Redis serves alone. If it does hold it, the first
    // push replaces nothing.
    const isRangeUnknown = reason === 'range_unknown'
    const [archived, highest] = await Promise.all([find(id, options), isRangeUnknown ? findHighest(id, options) : undefined])
    const operations = undecided.map(({ operation }) => operation)
    if (archived instanceof Problem) {
      if (archived.code !== 'store_unavailable' || !isRangeUnknown) return archived
      onUncheckedCreate(id)
    } else if (archived) {
      return [{ op: 'restore', ticket_id: id, ticket: archived, asked: stamp }, ...operations]
    } else if (operations.every(({ asOf }) => asOf === undefined)) {
      const [isAwaited] = await lookUpAwaited([id], options)
      if (isAwaited === true || (isAwaited instanceof Problem && !isRangeUnknown)) return storeUnavailable(new Error(`ticket ${id} is to be created by a change that waits in the journal`))
    }
    return operations.map(operation => ({ ...operation, asked: stamp, highest }))
  }

  /**
   * Asks MySQL about the operations that Redis alone could not decide, and puts their answers in place. Those about which
   * it has received something new meanwhile are asked about again.
   */
  async function decideAll (operations: readonly Operation[], answers: (Written | Problem)[], options?: CallOptions, attempt = 1): Promise<(Written | Problem)[]> {
    const undecided = new Map<number, Undecided[]>()
    for (const [index, answer] of answers.entries()) {
      if (!(answer instanceof MaybeInDatabase)) continue
      const operation = operations[index]!
      const ofTicket = undecided.get(operation.ticket_id) ?? []
      undecided.set(operation.ticket_id, [...ofTicket, { index, operation, answer }])
    }
    await Promise.all([...undecided].map(async ([id, ofTicket]) => {
      const decided = await decide(id, ofTicket, options)
      const again = decided instanceof Problem ? ofTicket.map(({ operation }) => isDeletion(decided) && handlerOf(operation).creates ? deletedIdTaken(id) : decided) : await store.write(decided, options)
      // A restore that came first has an answer of its own, which nobody asked for. Without it there is nothing to change.
      if (again[0] instanceof NewerFields) again.fill(again[0])
      again.slice(-ofTicket.length).forEach((answer, i) => { answers[ofTicket[i]!.index] = answer })
    }))
    return undecided.size > 0 && attempt < ATTEMPTS_MAX ? await decideAll(operations, answers, options, attempt + 1) : answers
  }

  /** A ticket that Redis does not hold. */
  async function readFromDatabase (id: number, { stamp }: MaybeInDatabase, { keep = false, ...options }: ReadOptions): Promise<Found | Problem | null> {
    if (stamp !== '' && absent.get(id) === stamp) return null
    const archived = await find(id, options)
    if (archived === null) absent.set(id, stamp)
    if (archived === null || archived instanceof Problem) return archived
    if (!keep || readCacheSeconds === 0 || stamp === '') return { ticket: archived, source: 'mysql' }
    const [restored] = await store.write([{ op: 'restore', ticket_id: id, ticket: archived, asked: stamp, readCacheSeconds }], options)
    if (isDeletion(restored)) return restored as Problem
    // Redis may be full or gone by now, or MySQL have received a newer version: the answer is there all the same.
    return { ticket: restored instanceof Problem ? archived : restored!.ticket!, source: 'mysql' }
  }

  return {
    write: (operations, options) => store.write(operations, options).then(answers =>
      // Nearly every write is decided by Redis, and should cost nothing here.
      answers.some(answer => answer instanceof Problem) ? decideAll(operations, answers, options) : answers),

    read: (ids, options = {}) => store.read(ids, options).then(answers =>
      // Nearly every read is answered by Redis, and should cost nothing here.
      answers.some(answer => answer instanceof MaybeInDatabase)
        ? Promise.all(answers.map((answer, i) => answer instanceof MaybeInDatabase ? readFromDatabase(ids[i]!, answer, options) : answer))
        : answers),
  }
}

const isDeletion = (answer: unknown): boolean => answer instanceof Problem && answer.code === 'ticket_deleted'
