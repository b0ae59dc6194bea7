import { invalid, storeUnavailable } from '../errors.ts'
import { RedisError } from '../redis/failure.ts'
import type { Keys } from '../tickets/keys.ts'
import { byPosition, type Listed, type Position, type Query } from '../tickets/query.ts'
import type { Scripts } from './scripts.ts'

/** Tickets that one call looks at, some milliseconds. */
const LOOKED_MAX = 500

/** Calls for one page: then it ends where they have come to. */
const CALLS_MAX = 8

/** Tickets that are looked through for an order that no index has. */
const SORTED_MAX = 20_000

/** The unsynced tickets of a shard, in order. */
export function createListStore (scripts: Scripts, keys: Keys) {
  async function call (query: Query, isDescending: boolean, after: number | undefined, limit: number): Promise<{ positions: Position[], next?: number }> {
    const { assigned_to: assignees, customer_id: customer, ...filters } = query.filters
    const asked = {
      ...filters,
      ...(assignees && { assigned_to: assignees.map(String) }),
      ...(customer !== undefined && { customer_id: String(customer) }),
      ...(after !== undefined && { after: String(after) }),
      descending: isDescending,
      value: query.sort.field,
      limit,
      looked_max: LOOKED_MAX,
    }
    const reply = await scripts.list([keys.due, keys.dead, keys.index], [keys.ticketPrefix, JSON.stringify(asked)]) as string | 0
    if (reply === 0) throw storeUnavailable(new RedisError('refused', 'the indexes of the unsynced tickets are not whole'), 'The indexes of the tickets that wait for MySQL are being built. Repeat the request after the seconds in Retry-After.')
    const [next, ...flat] = JSON.parse(reply) as string[]
    const positions: Position[] = []
    for (let i = 0; i < flat.length; i += 2) positions.push({ id: Number(flat[i]), value: Number(flat[i + 1]) })
    return { positions, ...(next !== '' && { next: Number(next) }) }
  }

  /** In the order that the indexes have. */
  async function walk (query: Query): Promise<Listed> {
    const positions: Position[] = []
    let next = query.after?.id
    for (let calls = 0; calls < CALLS_MAX; calls += 1) {
      const page = await call(query, query.sort.isDescending, next, query.limit - positions.length)
      positions.push(...page.positions)
      next = page.next
      if (next === undefined) return { positions }
      if (positions.length === query.limit) break
    }
    return { positions, end: { value: next!, id: next! } }
  }

  /** In another: the first ones of all. */
  async function select (query: Query): Promise<Listed> {
    const compare = byPosition(query.sort)
    let first: Position[] = []
    let isCut = false
    let next: number | undefined
    let looked = 0
    do {
      const page = await call(query, false, next, LOOKED_MAX)
      const beyond = page.positions.filter(position => !query.after || compare(query.after, position) < 0)
      const all = [...first, ...beyond].sort(compare)
      isCut ||= all.length > query.limit
      first = all.slice(0, query.limit)
      next = page.next
      looked += LOOKED_MAX
      if (next !== undefined && looked >= SORTED_MAX) throw invalid('/sort', `cannot be ${query.sort.field} among more than ${SORTED_MAX} tickets that wait for MySQL: narrow the filters, or sort by ticket_id`)
    } while (next !== undefined)
    return { positions: first, ...(isCut && { end: first.at(-1)! }) }
  }

  return {
    /** The unsynced tickets that fit, beyond a position. Bounded work: it may end before `limit`. */
    list: (query: Query): Promise<Listed> => query.sort.field === 'ticket_id' ? walk(query) : select(query),
  }
}

export type ListStore = ReturnType<typeof createListStore>
