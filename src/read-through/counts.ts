import type { TicketDatabase } from '../database/ticket-database.ts'
import { storeUnavailable } from '../errors.ts'
import type { Shards } from '../shards/shards.ts'
import type { ListStore } from '../store/list-store.ts'
import type { Filters, GroupField } from '../tickets/query.ts'

/** MySQL is asked this often while tickets are brought to it. */
const ATTEMPTS_MAX = 8

export interface CountOptions {
  shards: Shards<{ list: Pick<ListStore, 'count' | 'sign'> }>
  database: Pick<TicketDatabase, 'count'>
}

/**
 * Counts of tickets: the unsynced ones of Redis, and the rows of MySQL but those of unsynced tickets. While MySQL counts, no ticket may be brought
 * to it: it would be counted twice. So Redis is asked again afterwards, and all is repeated where one was.
 * @throws {Problem} store_unavailable, not_supported, validation_failed
 */
export const createCounts = ({ shards, database }: CountOptions) => async (filters: Filters, by: GroupField): Promise<Map<string, number>> => {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const parts = await shards.each(({ list }) => list.count(filters, by))
    const total = await database.count(filters, by, parts.flatMap(({ heldIds }) => heldIds))
    const signs = await shards.each(({ list }) => list.sign())
    if (parts.some(({ sign }, i) => sign !== signs[i])) continue
    for (const { counts } of parts) for (const [value, number] of counts) total.set(value, (total.get(value) ?? 0) + number)
    return new Map([...total].filter(([, number]) => number > 0))
  }
  throw storeUnavailable(new Error('tickets are brought to MySQL all the time'), 'Tickets are being brought to MySQL, faster than they can be counted. Repeat the request after the seconds in Retry-After.')
}

export type Counts = ReturnType<typeof createCounts>
