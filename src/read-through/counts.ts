import type { TicketDatabase } from '../database/ticket-database.ts'
import { storeUnavailable } from '../errors.ts'
import type { Shards } from '../shards/shards.ts'
import type { ListStore, PassCall, Tally } from '../store/list-store.ts'
import type { Filters, GroupField } from '../tickets/query.ts'
import { withTimeout } from '../util/async.ts'
import { OWN_WORK } from '../util/budget.ts'

/** The ids that MySQL is to leave out are asked for this often while tickets are brought to it. */
const ATTEMPTS_MAX = 8

/** A caller waits for it, of MySQL, and of all attempts. */
const CALLER_TIMEOUT_MS = 5000
const ATTEMPTS_TIMEOUT_MS = 10_000

/** MySQL passes over all its rows once, some seconds for ten million of them. */
const SETTLED_TIMEOUT_MS = 120_000

/** Rows that another program has put into the table, or removed, are counted after this time. */
const SETTLED_MAX_AGE_MS = 10 * 60_000

export interface CountOptions {
  shards: Shards<{ list: Pick<ListStore, 'count' | 'sign' | 'tally'> }>
  database: Pick<TicketDatabase, 'count' | 'refusal'>
}

/** How many tickets were in step with MySQL, by status, when the epochs of the shards began. */
interface Settled { epochs: string, counts: Map<string, number>, atMs: number }

const epochsOf = (parts: readonly Tally[]): string => parts.map(({ epoch }) => epoch).join()

function add (total: Map<string, number>, counts: ReadonlyMap<string, number>, sign: 1 | -1) {
  for (const [value, number] of counts) total.set(value, (total.get(value) ?? 0) + sign * number)
}

/** Counts of tickets: the unsynced ones of Redis, and the rows of MySQL but those of unsynced tickets. */
export function createCounts ({ shards, database }: CountOptions) {
  let settled: Settled | undefined
  let counting: Promise<Settled> | undefined

  /** Redis is asked again when MySQL has begun its snapshot: a ticket that was brought to it in between would be counted twice. */
  async function ask (filters: Filters, by: GroupField, timeoutMs: number, call: PassCall) {
    const endsAt = performance.now() + Math.max(timeoutMs, ATTEMPTS_TIMEOUT_MS)
    for (let attempt = 1; attempt <= ATTEMPTS_MAX && performance.now() < endsAt; attempt += 1) {
      const parts = await shards.each(({ list }) => list.count(filters, by, { ...call, timeoutMs: endsAt - performance.now() }))
      // What Redis fails with is no failure of MySQL, in whose transaction it is asked.
      let failure: Error | undefined
      const isCurrent = async () => (await shards.each(({ list }) => list.sign())).every((sign, i) => sign === parts[i]!.sign)
      const rows = await database.count(filters, by, parts.flatMap(({ heldIds }) => heldIds), () => isCurrent().catch((error: Error) => {
        failure = error
        return false
      }), timeoutMs)
      if (failure) throw failure
      if (rows) return { parts, rows }
    }
    throw storeUnavailable(new Error('tickets are brought to MySQL, or changed there, all the time'), 'Tickets are being brought to MySQL, or changed since, faster than they can be counted. Narrow the filters, or repeat the request after the seconds in Retry-After.')
  }

  async function countSettled (): Promise<Settled> {
    const { parts, rows: counts } = await ask({}, 'status', SETTLED_TIMEOUT_MS, { caller: OWN_WORK })
    for (const part of parts) add(counts, part.settled, -1)
    settled = { epochs: epochsOf(parts), counts, atMs: performance.now() }
    return settled
  }

  /** One at a time for all callers. It goes on when they do not wait any longer. */
  async function countOnce (): Promise<Settled> {
    counting ??= countSettled().finally(() => { counting = undefined })
    return await counting
  }

  /**
   * From Redis alone, once MySQL has counted its rows: the scripts that bring a ticket to MySQL, and those that change one which is there,
   * count these by status.
   */
  async function tally (): Promise<Map<string, number>> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const parts = await shards.each(({ list }) => list.tally())
      if (settled?.epochs !== epochsOf(parts)) {
        await withTimeout(CALLER_TIMEOUT_MS, countOnce, () => storeUnavailable(new Error('MySQL is counting its rows'), 'MySQL is counting its rows, which it does once. Repeat the request after the seconds in Retry-After.'))
        continue
      }
      if (performance.now() - settled.atMs > SETTLED_MAX_AGE_MS) countOnce().catch(() => { /* The next caller tries again, and is told when the epoch ends. */ })
      const total = new Map(settled.counts)
      for (const part of parts) {
        add(total, part.settled, 1)
        add(total, part.counts, 1)
      }
      return total
    }
    throw storeUnavailable(new Error('the epochs of the indexes change all the time'), 'What MySQL holds is being compared with Redis. Repeat the request after the seconds in Retry-After.')
  }

  /** @throws {Problem} store_unavailable, overloaded, not_supported */
  return async (filters: Filters, by: GroupField, call: PassCall): Promise<Map<string, number>> => {
    const { status: statuses, ...others } = filters
    let total
    if (by === 'status' && Object.keys(others).length === 0) {
      total = await tally()
      if (statuses) for (const status of total.keys()) if (!statuses.includes(status)) total.delete(status)
    } else {
      const refusal = database.refusal({ by })
      if (refusal) throw refusal
      const { parts, rows } = await ask(filters, by, CALLER_TIMEOUT_MS, call)
      total = rows
      for (const { counts } of parts) add(total, counts, 1)
    }
    return new Map([...total].filter(([, number]) => number > 0))
  }
}

export type Counts = ReturnType<typeof createCounts>
