import type { FastifyBaseLogger } from 'fastify'
import type { TicketDatabase } from '../database/ticket-database.ts'
import type { Outdated, ResyncStore, Standing } from '../store/resync-store.ts'
import type { Reconcile } from './reconcile.ts'

/** What a comparison with MySQL found, and did. */
export const COMPARED_STATES = ['in_step', 'marked', 'loaded', 'unsynced', 'only_in_mysql', 'not_found', 'unreadable'] as const

export interface Compared {
  id: number
  state: typeof COMPARED_STATES[number]
  /** In Redis, before. */
  version: number | null
  mysqlVersion: number | null
}

export interface CompareOptions {
  store: Pick<ResyncStore, 'outdate'>
  database: Pick<TicketDatabase, 'versions'>
  load: Reconcile['load']
  log: FastifyBaseLogger
}

/**
 * Compares tickets with MySQL in both directions: what MySQL does not hold as it had acknowledged is made due, what it holds in a
 * newer version is loaded. Redis is read before, so that what reaches MySQL meanwhile is not taken for lost.
 */
export function createCompare ({ store, database, load, log }: CompareOptions) {
  /** What somebody else has changed since stays as it is. */
  async function outdate (tickets: readonly Outdated[]): Promise<Set<number>> {
    return new Set(tickets.length > 0 ? await store.outdate(tickets) : [])
  }

  /** Resolves with those that were loaded, and those that cannot be. */
  async function loadAll (ids: readonly number[]) {
    const { failures, newer } = await load(ids)
    for (const { ticketId, reason } of failures) log.error({ ticket_id: ticketId, reason }, 'a ticket could not be loaded into Redis')
    const left = new Set([...newer, ...failures.map(({ ticketId }) => ticketId)])
    return { loaded: new Set(ids.filter(id => !left.has(id))), unreadable: new Set(failures.map(({ ticketId }) => ticketId)) }
  }

  return async (standings: readonly Standing[]): Promise<Compared[]> => {
    if (standings.length === 0) return []
    const held = await database.versions(standings.map(({ id }) => id))
    const tickets = standings.filter(({ version, isForeign }) => version !== undefined && !isForeign)
    const isNewerInMysql = ({ id, version }: Standing) => (held.get(id) ?? 0) > version!
    const marked = await outdate(tickets.filter(ticket => !isNewerInMysql(ticket)).flatMap(ticket => outdatedOf(ticket, held.get(ticket.id))))
    const { loaded, unreadable } = await loadAll(tickets.filter(isNewerInMysql).map(({ id }) => id))

    const stateOf = ({ id, version, syncedVersion, isForeign }: Standing): Compared['state'] => {
      if (isForeign || unreadable.has(id)) return 'unreadable'
      if (version === undefined) return held.has(id) ? 'only_in_mysql' : 'not_found'
      if (marked.has(id)) return 'marked'
      if (loaded.has(id)) return 'loaded'
      return version === syncedVersion && held.get(id) === version ? 'in_step' : 'unsynced'
    }
    return standings.map(standing => ({ id: standing.id, state: stateOf(standing), version: standing.version ?? null, mysqlVersion: held.get(standing.id) ?? null }))
  }
}

/** What is wrong with it, if anything is: MySQL holds less than it had acknowledged, or nobody would push what it does not hold. */
function outdatedOf ({ id, version, syncedVersion, isMarked }: Standing, heldVersion: number | undefined): Outdated[] {
  if (syncedVersion !== undefined && (heldVersion ?? -1) < syncedVersion) return [{ id, syncedVersion, heldVersion }]
  return isMarked || version === syncedVersion ? [] : [{ id, syncedVersion, heldVersion: syncedVersion }]
}
