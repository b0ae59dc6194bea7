import { Problem, storeUnavailable } from '../errors.ts'
import { handlerOf, isKnown, type Statuses } from '../tickets/operation.ts'
import type { Ticket } from '../tickets/fields.ts'
import { createBatcher } from '../util/batcher.ts'
import { createBudget, type Refusal } from '../util/budget.ts'
import type { Waiting } from './append.ts'
import type { Entry } from './entry.ts'
import type { Journal } from './journal.ts'

/** Tickets of one SELECT, and entries and bytes that are read at once. What waits for one ticket alone may be more: it is read in pages. */
const TICKETS_PER_SELECT_MAX = 500
const ENTRIES_PER_PAGE_MAX = 1000
const BYTES_PER_PAGE_MAX = 1024 * 1024

/** SELECTs that run at a time: what comes meanwhile shares the next. */
const RUNNING_MAX = 2

/** Tickets that may wait for MySQL. */
const PENDING_MAX = 10_000

/** A ticket, and what had been found to wait for it before it was read. */
export interface Previewed { id: number, ticket: Ticket | undefined, waiting: Waiting }

/** The ticket as it will be; undefined: there will be none. `isOutdated`: some of the entries are gone, and the ticket is to be read again. */
export interface Preview { ticket: Ticket | undefined, isOutdated: boolean }

export interface PreviewOptions extends Statuses {
  /** Told of what was refused because too much waits. */
  onRefused?: (refusal: Refusal) => void
}

/** What is known of one ticket while its entries are read. */
interface Fold { ticket: Ticket | undefined, waiting: Waiting, entries: number, sum: bigint, problem?: Problem }

/**
 * Tickets as they will be when the changes that wait for them have been applied. The changes are read in pages, and what is
 * kept of a page is what it makes of its tickets: however much waits, the memory that it takes is that of a page.
 */
export function createPreviews (journal: Pick<Journal, 'find'>, { onRefused, ...statuses }: PreviewOptions) {
  function apply (fold: Fold, { seq, operation, acceptedAtMs }: Entry) {
    // What came after it was counted is no part of this look.
    if (seq > fold.waiting.last) return
    fold.entries += 1
    fold.sum += BigInt(seq)
    if (fold.problem) return
    if (isKnown(operation)) fold.ticket = handlerOf(operation).preview(fold.ticket, operation, Math.floor(acceptedAtMs / 1000), statuses)
    else fold.problem = storeUnavailable(new Error(`a change of ticket ${operation.ticket_id} that waits is one that only a newer version of the service knows`))
  }

  return createBatcher<Previewed, Preview | Problem>({
    itemsMax: TICKETS_PER_SELECT_MAX,
    sizeMax: BYTES_PER_PAGE_MAX,
    sizeOf: ({ waiting }) => waiting.bytes,
    runningMax: RUNNING_MAX,
    budget: createBudget(PENDING_MAX, undefined, onRefused),
    async run (items) {
      const folds = new Map(items.map(({ id }) => [id, [] as Fold[]]))
      for (const { id, ticket, waiting } of items) folds.get(id)!.push({ ticket, waiting, entries: 0, sum: 0n })
      const upTo = Math.max(...items.map(({ waiting }) => waiting.last))
      for (let after: number | undefined = 0; after !== undefined;) {
        const page = await journal.find({ state: 'pending', tickets: [...folds.keys()], after, upTo, limit: ENTRIES_PER_PAGE_MAX, bytesMax: BYTES_PER_PAGE_MAX })
        for (const entry of page.entries) for (const fold of folds.get(entry.operation.ticket_id) ?? []) apply(fold, entry)
        after = page.next
      }
      return items.map(({ id }) => {
        const { ticket, waiting, entries, sum, problem } = folds.get(id)!.shift()!
        return problem ?? { ticket, isOutdated: entries !== waiting.entries || sum !== waiting.sum }
      })
    },
  })
}
