import { overloaded, type Problem, storeUnavailable } from '../errors.ts'
import { RedisError } from '../redis/failure.ts'
import type { Ticket } from '../tickets/fields.ts'
import type { Keys } from '../tickets/keys.ts'
import { byPosition, type Filters, type GroupField, type Listed, type Position, type Query } from '../tickets/query.ts'
import type { Found } from '../tickets/repository.ts'
import { withTimeout } from '../util/async.ts'
import type { createSemaphore } from '../util/semaphore.ts'
import { BYTES_PER_CALL_MAX } from './owners.ts'
import { toFound } from './reader.ts'
import type { Scripts } from './scripts.ts'

/** Tickets that one call looks at, some milliseconds. */
const LOOKED_MAX = 500

/** Calls for one page: then it ends where they have come to. */
const CALLS_MAX = 8

/** Tickets that one step of a pass looks at, a millisecond, and the others of the last range of ids. Beside full load a reader in a loop left writes 0.62 of their rate, with 1,000 0.47. */
const STEP_LOOKED_MAX = 500

/** Ids of tickets that MySQL may have a row of, of one call. */
const HELD_PER_CALL = 2000

/** On whose behalf a part of the tickets is gone through. */
export interface PassCall {
  /** The name of the API key: those who have passes made take turns. */
  caller: string
  /** Nobody waits for it any more. */
  gone?: AbortSignal
  /** Where it has less time than a pass may take. */
  timeoutMs?: number
}

export interface PassOptions {
  /** Bounds the steps that run at a time, of all shards. */
  steps: ReturnType<typeof createSemaphore>
  timeoutMs: number
}

/**
 * The unsynced tickets of a shard, in order.
 * @param decode of a hash
 */
export function createListStore (scripts: Scripts, keys: Keys, decode: (id: number, hash: string[]) => Ticket | Problem, { steps, timeoutMs: passMs }: PassOptions) {
  const indexKeys = [keys.due, keys.dead, keys.index, keys.synced]

  async function ask<Answer> (script: 'list' | 'pass', { assigned_to: assignees, customer_id: customer, ...filters }: Filters, rest: object): Promise<Answer> {
    const asked = {
      ...filters,
      ...(assignees && { assigned_to: assignees.map(String) }),
      ...(customer !== undefined && { customer_id: String(customer) }),
      ...rest,
    }
    const reply = await scripts[script](indexKeys, [keys.ticketPrefix, JSON.stringify(asked)]) as string | 0
    if (reply === 0) throw notWhole()
    return JSON.parse(reply) as Answer
  }

  /** In the order that the indexes have. */
  async function walk ({ filters, sort: { isDescending: descending }, after, limit }: Query, isWhole: boolean): Promise<ListedHere> {
    const positions: Position[] = []
    const tickets = new Map<number, Found | Problem>()
    let next = after && String(after.id)
    let sign = ''
    for (let calls = 0; calls < CALLS_MAX; calls += 1) {
      const flat: (string | string[] | null)[] = await ask('list', filters, { descending, after: next, limit: limit - positions.length, looked_max: LOOKED_MAX, bytes_max: isWhole ? BYTES_PER_CALL_MAX : 0 })
      next = flat[0] as string
      sign = flat[1] as string
      for (let i = 2; i < flat.length; i += 2) {
        const id = Number(flat[i])
        positions.push({ id, value: id })
        const hash = flat[i + 1] as string[] | null
        if (hash) tickets.set(id, toFound(decode(id, hash)))
      }
      if (next === '') return { positions, tickets, sign }
      if (positions.length === limit) break
    }
    return { positions, tickets, sign, end: { value: Number(next), id: Number(next) } }
  }

  /**
   * Goes through all that fit, for what no index has. Each step is a call that occupies Redis for a millisecond or two, and others have theirs in between.
   * @param what is asked, of the next step
   * @param each step's results, pair by pair
   */
  const pass = (filters: Filters, { caller, gone, timeoutMs = passMs }: PassCall, what: () => object, each: (pairs: (string | number)[]) => void): Promise<{ sign: string }> =>
    withTimeout(Math.min(timeoutMs, passMs), async late => {
      for (let after: string | undefined; ;) {
        const release = await steps(caller, 1)
        let next, sign, pairs
        try {
          late.throwIfAborted();
          [next, sign, ...pairs] = await ask<[string, string, ...(string | number)[]]>('pass', filters, { ...what(), after, looked_max: STEP_LOOKED_MAX })
        } finally {
          release()
        }
        each(pairs)
        if (next === '') return { sign }
        after = next
      }
    }, () => tooMany(passMs), gone)

  /** By looking at each that fits. */
  async function countEach (filters: Filters, by: GroupField, call: PassCall): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    await pass(filters, call, () => ({ value: by }), pairs => {
      for (const [value, number] of toCounts(pairs)) add(counts, by === 'assigned_to' && value === '' ? '0' : value, number)
    })
    return counts
  }

  /** In an order that no index has: the first ones of all. */
  async function select ({ filters, sort, after, limit }: Query, call: PassCall): Promise<ListedHere> {
    const compare = byPosition(sort)
    // One more than are wanted tells whether there are more.
    let first: Position[] = []
    const toPair = ({ value, id }: Position) => [value, id]
    const isFull = () => first.length > limit
    const { sign } = await pass(filters, call, () => ({
      value: sort.field,
      descending: sort.isDescending,
      first: { limit: limit + 1, ...(after && { beyond: toPair(after) }), ...(isFull() && { within: toPair(first.at(-1)!) }) },
    }), pairs => {
      const found = Array.from({ length: pairs.length / 2 }, (_, i): Position => ({ value: Number(pairs[2 * i]), id: Number(pairs[2 * i + 1]) }))
      first = [...first, ...found].sort(compare).slice(0, limit + 1)
    })
    const positions = first.slice(0, limit)
    return { positions, tickets: new Map(), sign, ...(isFull() && { end: positions.at(-1)! }) }
  }

  const count = async (by: string, after: string, idsMax: number) => {
    const reply = await scripts.count(indexKeys, [by, after, idsMax]) as [string, string, (string | number)[], string[], string, (string | number)[]] | 0
    if (reply === 0) throw notWhole()
    return reply
  }

  return {
    /**
     * The unsynced tickets that fit, by a field ('': they have none, of assigned_to '0'), and the ids of all of which MySQL may have a row.
     * `sign` is another one when MySQL is to be asked again.
     */
    async count (filters: Filters, by: GroupField, call: PassCall): Promise<Counted> {
      const isIndexed = Object.keys(filters).length === 0 && (by === 'status' || by === 'assigned_to')
      const [sign, first, flat, ids, epoch, settled] = await count(isIndexed ? by : '', '', HELD_PER_CALL)
      for (let next = first; next !== '';) {
        const [, following,, more] = await count('', next, HELD_PER_CALL)
        ids.push(...more)
        next = following
      }
      const counts = isIndexed ? new Map<string, number>() : await countEach(filters, by, call)
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
     * The unsynced tickets that fit, beyond a position. By id the work is bounded: it may end before `limit`. By a time all that fit are gone through.
     * @param isWhole whether the tickets themselves are wanted, as far as they are at hand
     */
    list: (query: Query, isWhole: boolean, call: PassCall): Promise<ListedHere> => query.sort.field === 'ticket_id' ? walk(query, isWhole) : select(query, call),
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

const tooMany = (timeoutMs: number) => overloaded(new Error('the unsynced tickets were not gone through in time'), `All tickets that wait for MySQL and fit were not gone through within ${timeoutMs / 1000} s. Narrow the filters, by customer_id or assigned_to, or list by ticket_id.`)

export type ListStore = ReturnType<typeof createListStore>
