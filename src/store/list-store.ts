import { type Problem, invalid, storeUnavailable } from '../errors.ts'
import { RedisError } from '../redis/failure.ts'
import type { Ticket } from '../tickets/fields.ts'
import type { Keys } from '../tickets/keys.ts'
import { byPosition, type Filters, type GroupField, type Listed, type Position, type Query } from '../tickets/query.ts'
import type { Found } from '../tickets/repository.ts'
import { BYTES_PER_CALL_MAX } from './owners.ts'
import { toFound } from './reader.ts'
import type { Scripts } from './scripts.ts'

/** Tickets that one call looks at, some milliseconds. */
const LOOKED_MAX = 500

/** Calls for one page: then it ends where they have come to. */
const CALLS_MAX = 8

/** Tickets that are looked through for an order that no index has, and ranges of ids that have any. */
const SORTED_MAX = 20_000
const AMONG_MANY = `while this many tickets wait for MySQL (at most about ${SORTED_MAX}, fewer where their ids are far apart)`

/** Ids of tickets that MySQL may have a row of, of one call. */
const HELD_PER_CALL = 2000

/** What a call is asked. */
interface Look {
  filters: Filters
  /** The field whose values are told. */
  value: string
  isDescending?: boolean
  after: number | undefined
  limit: number
  /** Of hashes. Default: none are told. */
  bytesMax?: number
}

interface Seen { id: number, value: string, hash: string[] | null }

/**
 * The unsynced tickets of a shard, in order.
 * @param decode of a hash
 */
export function createListStore (scripts: Scripts, keys: Keys, decode: (id: number, hash: string[]) => Ticket | Problem) {
  async function look ({ filters: wanted, value, isDescending = false, after, limit, bytesMax = 0 }: Look): Promise<{ found: Seen[], sign: string, next?: number }> {
    const { assigned_to: assignees, customer_id: customer, ...filters } = wanted
    const asked = {
      ...filters,
      ...(assignees && { assigned_to: assignees.map(String) }),
      ...(customer !== undefined && { customer_id: String(customer) }),
      ...(after !== undefined && { after: String(after) }),
      descending: isDescending,
      value,
      limit,
      looked_max: LOOKED_MAX,
      bytes_max: bytesMax,
    }
    const reply = await scripts.list([keys.due, keys.dead, keys.index, keys.synced], [keys.ticketPrefix, JSON.stringify(asked)]) as string | 0
    if (reply === 0) throw notWhole()
    const [next, sign, ...flat] = JSON.parse(reply) as [string, string, ...(string | string[] | null)[]]
    const found: Seen[] = []
    for (let i = 0; i < flat.length; i += 3) found.push({ id: Number(flat[i]), value: flat[i + 1] as string, hash: flat[i + 2] as string[] | null })
    return { found, sign, ...(next !== '' && { next: Number(next) }) }
  }

  /** By looking at each that fits. */
  async function countEach (filters: Filters, by: GroupField): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    let next: number | undefined
    let looked = 0
    do {
      const page = await look({ filters, value: by, after: next, limit: LOOKED_MAX })
      for (const { value } of page.found) add(counts, by === 'assigned_to' && value === '' ? '0' : value, 1)
      next = page.next
      looked += LOOKED_MAX
      if (next !== undefined && looked >= SORTED_MAX) throw invalid('/group_by', `cannot be ${by} with these filters ${AMONG_MANY}: narrow the filters`)
    } while (next !== undefined)
    return counts
  }

  /** In the order that the indexes have. */
  async function walk ({ filters, sort, after, limit }: Query, isWhole: boolean): Promise<ListedHere> {
    const positions: Position[] = []
    const tickets = new Map<number, Found | Problem>()
    let next = after?.id
    let sign = ''
    for (let calls = 0; calls < CALLS_MAX; calls += 1) {
      const page = await look({ filters, value: sort.field, isDescending: sort.isDescending, after: next, limit: limit - positions.length, bytesMax: isWhole ? BYTES_PER_CALL_MAX : 0 })
      for (const { id, value, hash } of page.found) {
        positions.push({ id, value: Number(value) })
        if (hash) tickets.set(id, toFound(decode(id, hash)))
      }
      next = page.next
      sign = page.sign
      if (next === undefined) return { positions, tickets, sign }
      if (positions.length === limit) break
    }
    return { positions, tickets, sign, end: { value: next!, id: next! } }
  }

  /** In another: the first ones of all. */
  async function select (query: Query): Promise<ListedHere> {
    const compare = byPosition(query.sort)
    let first: Position[] = []
    let isCut = false
    let next: number | undefined
    let looked = 0
    let sign
    do {
      const page = await look({ filters: query.filters, value: query.sort.field, after: next, limit: LOOKED_MAX })
      const beyond = page.found.map(({ id, value }): Position => ({ id, value: Number(value) })).filter(position => !query.after || compare(query.after, position) < 0)
      const all = [...first, ...beyond].sort(compare)
      isCut ||= all.length > query.limit
      first = all.slice(0, query.limit)
      next = page.next
      sign = page.sign
      looked += LOOKED_MAX
      if (next !== undefined && looked >= SORTED_MAX) throw invalid('/sort', `cannot be ${query.sort.field} ${AMONG_MANY}: narrow the filters, or sort by ticket_id`)
    } while (next !== undefined)
    return { positions: first, tickets: new Map(), sign, ...(isCut && { end: first.at(-1)! }) }
  }

  const count = async (by: string, after: string, idsMax: number) => {
    const reply = await scripts.count([keys.due, keys.dead, keys.index, keys.synced], [by, after, idsMax]) as [string, string, (string | number)[], string[], string, (string | number)[]] | 0
    if (reply === 0) throw notWhole()
    return reply
  }

  return {
    /**
     * The unsynced tickets that fit, by a field ('': they have none, of assigned_to '0'), and the ids of all of which MySQL may have a row.
     * `sign` is another one when MySQL is to be asked again.
     */
    async count (filters: Filters, by: GroupField): Promise<Counted> {
      const isIndexed = Object.keys(filters).length === 0 && (by === 'status' || by === 'assigned_to')
      const [sign, first, flat, ids, epoch, settled] = await count(isIndexed ? by : '', '', HELD_PER_CALL)
      for (let next = first; next !== '';) {
        const [, following,, more] = await count('', next, HELD_PER_CALL)
        ids.push(...more)
        next = following
      }
      const counts = isIndexed ? new Map<string, number>() : await countEach(filters, by)
      for (const [value, number] of toCounts(flat)) add(counts, value, number)
      return { sign, counts, heldIds: ids.map(Number), epoch, settled: toCounts(settled) }
    },

    /** All of them by status, in one call. */
    async tally (): Promise<Tally> {
      const [,, counts,, epoch, settled] = await count('status', '', 0)
      return { epoch, counts: toCounts(counts), settled: toCounts(settled) }
    },

    /** To be held against that of `count`, when MySQL has been asked. */
    sign: async (): Promise<string> => (await count('', '', 0))[0],

    /**
     * The unsynced tickets that fit, beyond a position. Bounded work: it may end before `limit`.
     * @param isWhole whether the tickets themselves are wanted, as far as they are at hand
     */
    list: (query: Query, isWhole: boolean): Promise<ListedHere> => query.sort.field === 'ticket_id' ? walk(query, isWhole) : select(query),
  }
}

export interface ListedHere extends Listed {
  /** What Redis has said of some of them. */
  tickets: ReadonlyMap<number, Found | Problem>
  /** Another one when a ticket was brought to MySQL, or what it holds has changed otherwise; '': that cannot be told. */
  sign: string
}

export interface Tally {
  /** Of the unsynced tickets. */
  counts: Map<string, number>
  /** Another one when what MySQL holds of tickets that are in step with it has changed otherwise than `settled` tells. */
  epoch: string
  /** How many more of these there are, by status, than when the epoch began. */
  settled: Map<string, number>
}

export interface Counted extends Tally { sign: string, heldIds: number[] }

/** @param flat value, number, ... */
const toCounts = (flat: readonly (string | number)[]): Map<string, number> =>
  new Map(Array.from({ length: flat.length / 2 }, (_, i) => [String(flat[2 * i]), Number(flat[2 * i + 1])]))

const add = (counts: Map<string, number>, value: string, number: number) => { counts.set(value, (counts.get(value) ?? 0) + number) }

const notWhole = () => storeUnavailable(new RedisError('refused', 'the indexes of the unsynced tickets are not whole'), 'The indexes of the tickets that wait for MySQL are being built. Repeat the request after the seconds in Retry-After.')

export type ListStore = ReturnType<typeof createListStore>
