import { overloaded, Problem } from '../errors.ts'
import type { TicketDatabase } from '../database/ticket-database.ts'
import type { Shards } from '../shards/shards.ts'
import type { ListStore, PassCall } from '../store/list-store.ts'
import type { Ticket } from '../tickets/fields.ts'
import { byPosition, fits, positionOf, type Listed, type Position, type Query, type Sort } from '../tickets/query.ts'
import type { Answer, Found, TicketRepository } from '../tickets/repository.ts'
import { withTimeout } from '../util/async.ts'
import { createSemaphore } from '../util/semaphore.ts'

/** Of tickets that are read before it is known whether they are part of the page. */
const EARLY_BYTES_MAX = 256 * 1024

/** All fields of a ticket but the custom ones are about as long at most. */
const FIELDS_BYTES = 1024

/** Journaled tickets that are read at a time, to find out where they stand by a time. */
const JOURNALED_PER_READ = 500

/** A caller waits for it. */
const JOURNAL_TIMEOUT_MS = 10_000

/** Of a Redis that has taken over meanwhile, nothing was known before. */
const SIGN_MAX_AGE_MS = 10_000

export interface ListOptions {
  shards: Shards<{ list: ListStore }>
  database: Pick<TicketDatabase, 'list' | 'refusal'>
  read: TicketRepository['read']
  /** undefined: nothing is journaled. */
  journal?: {
    /** The tickets that have changes in the journal, by their ids. */
    list: (query: Pick<Query, 'sort' | 'after' | 'limit'>) => Promise<Listed>
    /** Whether it has none, as far as is known. */
    isIdle: () => boolean
  }
}

export interface ListCall extends PassCall {
  /** What the tickets are read for: it bounds them in bytes. */
  answer: Answer
  /** What there is, where not all can be asked. */
  isPartial: boolean
}

/** A ticket that cannot be read, and why. */
export interface Unread { ticketId: number, problem: Problem }

export interface TicketPage {
  tickets: Ticket[]
  /** That may fit, or not. */
  unread: Unread[]
  /** What the next page begins after; undefined: this is the last. */
  next?: Position
  /** What could not be asked, or not all of it. */
  incomplete: ('redis' | 'mysql')[]
}

/**
 * Lists of tickets: what is unsynced in Redis, merged with the rows of MySQL. What MySQL says counts if nothing was brought to it
 * between then and Redis's answer: else a ticket may be in neither. So they are asked side by side as long as that is likely, and
 * MySQL is asked after Redis otherwise: then a ticket that is brought to it in between is in both. Both tell ids and where they
 * stand; then these tickets are read as any read reads them, so that the newer of two versions counts, and those that do not fit
 * any more are left out. What cannot be read is told.
 * What Redis has found it tells at once, or while MySQL looks: nearly all of a page of tickets that are worked on.
 */
export function createLists ({ shards, database, read, journal }: ListOptions) {
  /** Of several shards each has a page, nearly all of which is left out. */
  const isAlone = shards.all.length === 1
  const settling = createSettling()
  /** One part of the journal is read at a time, of all callers in turns. */
  const startReading = createSemaphore(1)

  /** @returns none, where it cannot be asked and need not be */
  async function part<Part extends Listed> (name: 'redis' | 'mysql', { isPartial, gone }: Pick<ListCall, 'isPartial' | 'gone'>, incomplete: Set<'redis' | 'mysql'>, ask: () => Promise<Part>): Promise<Part[]> {
    try {
      return [await ask()]
    } catch (error) {
      const isUnavailable = error instanceof Problem && (error.status === 503 || error.code === 'not_supported')
      if (!isPartial || !isUnavailable || gone?.aborted) throw error
      incomplete.add(name)
      return []
    }
  }

  /** The tickets of a page in their order, some of which have been read. */
  async function readRest (ids: readonly number[], known: ReadonlyMap<number, Found | Problem | null>, { caller, answer }: Pick<ListCall, 'caller' | 'answer'>): Promise<(Found | Problem | null)[]> {
    const isKnown = (id: number) => known.has(id) && !isUnread(known.get(id))
    const rest = ids.filter(id => !isKnown(id))
    // These have room in any answer, and so the others are the ones that an answer which becomes full lacks.
    const kept = new Map(ids.filter(isKnown).map(id => [id, keep(known.get(id)!, answer)]))
    const found = rest.length === 0 ? [] : await read(rest, { caller, answer })
    const byId = new Map([...kept, ...rest.map((id, i) => [id, found[i]!] as const)])
    return ids.map(id => byId.get(id)!)
  }

  /** What the journal may bring into the list. By a time a ticket stands where its changes bring it, so that all of them are read. */
  async function ofJournal (list: NonNullable<ListOptions['journal']>['list'], query: Query, { caller, gone }: PassCall): Promise<Listed> {
    const { filters, sort, after, limit } = query
    if (sort.field === 'ticket_id') return list(query)
    const compare = byPosition(sort)
    return withTimeout(JOURNAL_TIMEOUT_MS, async late => {
      let first: Position[] = []
      for (let next: Position | undefined; ;) {
        const release = await startReading(caller, 1)
        let positions: Position[], end: Position | undefined, found: Awaited<ReturnType<typeof read>>
        try {
          late.throwIfAborted();
          ({ positions, end } = await list({ sort: { field: 'ticket_id', isDescending: false }, limit: JOURNALED_PER_READ, ...(next && { after: next }) }))
          found = await read(positions.map(({ id }) => id), { caller })
        } finally {
          release()
        }
        const unread = found.find(isUnread)
        if (unread instanceof Problem) throw unread
        const here = found.flatMap((each, i): Position[] => {
          // What cannot be read is told, and stands where a ticket does whose time cannot be read.
          if (each instanceof Problem) return each.code === 'ticket_deleted' ? [] : [{ value: 0, id: positions[i]!.id }]
          return each && fits(each.ticket, filters) ? [positionOf(each.ticket, sort)] : []
        })
        first = [...first, ...here.filter(position => !after || compare(after, position) < 0)].sort(compare).slice(0, limit + 1)
        if (!end) return { positions: first.slice(0, limit), ...(first.length > limit && { end: first[limit - 1]! }) }
        next = end
      }
    }, () => overloaded(new Error('the journaled tickets were not read in time'), `The changes that wait in the journal were not all read within ${JOURNAL_TIMEOUT_MS / 1000} s. List by ticket_id, or repeat the request when they have been applied.`), gone)
  }

  return async (query: Query, call: ListCall): Promise<TicketPage> => {
    const { caller, gone, answer, isPartial } = call
    // Before Redis is asked in vain.
    const refusal = database.refusal(query)
    if (refusal && !isPartial) throw refusal
    const incomplete = new Set<'redis' | 'mysql'>()
    const askJournal = async () => journal ? await part('mysql', call, incomplete, () => ofJournal(journal.list, query, { caller, gone })) : []
    // Before Redis: what is applied in between is in both, and not in neither.
    const replaying = journal && !journal.isIdle() ? await askJournal() : undefined
    const expected = settling.expected()
    const besideRedis = expected === undefined ? undefined : database.list(query)
    besideRedis?.catch(() => { /* It is told below, unless Redis fails, too, or MySQL is asked again. */ })
    const inRedis = (await shards.each(({ list }) => part('redis', call, incomplete, () => list.list(query, isAlone, { caller, gone })))).flat()
    const isCurrent = settling.note(inRedis.map(({ sign }) => sign)) === expected
    const told = new Map(inRedis.flatMap(({ tickets }) => [...tickets]))
    const early = merge([], inRedis, query).positions.map(({ id }) => id)
    const [inMysql, inJournal, foundEarly] = await Promise.all([
      part('mysql', call, incomplete, () => (isCurrent ? besideRedis : undefined) ?? database.list(query)),
      replaying ?? (incomplete.has('redis') ? askJournal() : []),
      read(early, { caller, answer: besideAnswer(answer), told }),
    ])
    const before = [...inJournal, ...inRedis]
    if (inMysql.length + before.length === 0) throw new Problem('store_unavailable', 'Neither Redis nor MySQL can be asked. Repeat the request after the seconds in Retry-After.')

    const { positions, end } = merge(inMysql, before, query)
    const known = new Map(early.map((id, i) => [id, foundEarly[i]!]))
    const found = await readRest(positions.map(({ id }) => id), known, { caller, answer })
    // What was not read, because the answer is full, begins the next page.
    const left = found.findIndex(isUnread)
    const first = left === 0 ? found[0] : undefined
    if (first instanceof Problem) throw first
    const taken = left === -1 ? found : found.slice(0, left)
    const unread = taken.flatMap((each, i) => each instanceof Problem && each.code !== 'ticket_deleted' ? [{ ticketId: positions[i]!.id, problem: each }] : [])
    const failure = unread.find(({ problem }) => problem.status === 503)
    if (failure && !isPartial) throw failure.problem
    const next = left === -1 ? end : positions[left - 1]
    const compare = byPosition(query.sort)
    // By updated_at a row of MySQL stands elsewhere than the newer version that was read: there it is, or was, on a page of its own.
    const isHere = (position: Position) => (!query.after || compare(query.after, position) < 0) && (!next || compare(position, next) <= 0)
    const tickets = taken.flatMap(each => each && !(each instanceof Problem) && fits(each.ticket, query.filters) && isHere(positionOf(each.ticket, query.sort)) ? [each.ticket] : [])
    tickets.sort((a, b) => compare(positionOf(a, query.sort), positionOf(b, query.sort)))
    return { tickets, unread, incomplete: [...incomplete], ...(next && { next }) }
  }
}

export type Lists = ReturnType<typeof createLists>

/** What Redis says with each list of what was brought to MySQL, and whether more is likely to be. */
function createSettling () {
  let last: { sign: string | undefined, isSteady: boolean, atMs: number } | undefined
  return {
    /** The sign of before, if the next is likely to be the same. */
    expected: (): string | undefined => last?.isSteady && performance.now() - last.atMs < SIGN_MAX_AGE_MS ? last.sign : undefined,

    /** @returns the sign of all shards; undefined: it cannot be told */
    note (signs: readonly string[]): string | undefined {
      const sign = signs.includes('') ? undefined : signs.join()
      last = { sign, isSteady: sign !== undefined && sign === last?.sign, atMs: performance.now() }
      return sign
    },
  }
}

/** An answer of little room of its own, from which tickets are taken into the other. */
function besideAnswer (answer: Answer): Answer {
  let bytes = 0
  return {
    isFull: () => bytes >= EARLY_BYTES_MAX || answer.isFull(),
    add (ticket) {
      bytes += FIELDS_BYTES + JSON.stringify(ticket.custom_fields ?? {}).length
      return ticket
    },
  }
}

const keep = (found: Found | Problem | null, answer: Answer) => found === null || found instanceof Problem ? found : { ...found, ticket: answer.add(found.ticket) }

/** The answer was full, or too much waited. */
const isUnread = (found: unknown): boolean => found instanceof Problem && found.code === 'overloaded'

/**
 * The first of all parts, each id once, as far as all of them have looked. What stands in one of `before` counts for more than a row of MySQL, as in a
 * read; of these two, a change of the journal has been applied since, or is to come: the later time is where the ticket stands.
 */
function merge (rows: readonly Listed[], before: readonly Listed[], { sort, limit }: { sort: Sort, limit: number }): Listed {
  const compare = byPosition(sort)
  const [end] = [...rows, ...before].flatMap(({ end }) => end ?? []).sort(compare)
  const byId = new Map<number, Position>()
  for (const position of before.flatMap(({ positions }) => positions)) {
    const other = byId.get(position.id)
    if (!other || other.value < position.value) byId.set(position.id, position)
  }
  for (const position of rows.flatMap(({ positions }) => positions)) if (!byId.has(position.id)) byId.set(position.id, position)
  const all = [...byId.values()].filter(position => !end || compare(position, end) <= 0).sort(compare)
  const positions = all.slice(0, limit)
  const next = all.length > limit ? positions.at(-1) : end
  return { positions, ...(next && { end: next }) }
}
