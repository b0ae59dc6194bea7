import type { FastifyBaseLogger } from 'fastify'
import { Problem } from '../errors.ts'
import type { TicketDatabase } from '../database/ticket-database.ts'
import type { Mysql } from '../mysql/mysql.ts'
import type { Shards } from '../shards/shards.ts'
import type { TicketShard } from './shard.ts'

/** That a line names: another program may have put any text there. */
const NAMED_MAX = 20

export interface StatusCheckOptions {
  /** TICKET_STATUSES. */
  configured: readonly string[]
  shards: Shards<TicketShard>
  database: Pick<TicketDatabase, 'statuses'>
  mysql: Pick<Mysql, 'on'>
  log: FastifyBaseLogger
  /** Ends what runs. */
  stopping: AbortSignal
}

/**
 * Warns once of tickets whose status is not configured any more: no caller can give it, and its tickets stay open or closed
 * as they are. Looks in the background, at the start, and again when a store that could not be asked is back.
 */
export function createStatusCheck ({ configured, shards, database, mysql, log, stopping }: StatusCheckOptions) {
  const warned = new Set(configured)

  function warnOf (statuses: readonly string[]) {
    const unknown = [...new Set(statuses)].filter(status => !warned.has(status)).slice(0, NAMED_MAX)
    if (unknown.length === 0) return
    for (const status of unknown) warned.add(status)
    log.warn({ statuses: unknown }, 'tickets have statuses that TICKET_STATUSES does not name: they keep them, and stay open or closed as they are, until their status changes')
  }

  /** The indexes have counted them. Where these are not whole each unsynced ticket is looked at, which takes Redis some seconds a million. */
  async function lookInShard ({ list, reconcile }: TicketShard) {
    const counts = await list.tally().then(({ counts }) => counts, (error: unknown) => {
      if (error instanceof Problem && error.code === 'store_unavailable') return undefined
      throw error
    })
    if (counts) return warnOf([...counts].flatMap(([status, tickets]) => tickets > 0 ? [status] : []))
    for await (const page of reconcile.unsyncedStatuses()) {
      if (stopping.aborted) return
      warnOf(page)
    }
  }

  /** Looks until it has succeeded once. Calls that come while it looks, or after it has, do nothing. */
  function createLook (look: () => Promise<void>) {
    let isDone = false
    return async () => {
      if (isDone || stopping.aborted) return
      isDone = true
      await look().catch((error: unknown) => {
        isDone = false
        log.debug({ err: error }, 'the statuses of the tickets could not be looked at; that is tried again when the store is back')
      })
    }
  }

  const lookInDatabase = createLook(async () => { warnOf(await database.statuses()) })
  const looks = shards.all.map(shard => ({ connection: shard.connection, look: createLook(() => lookInShard(shard)) }))
  mysql.on('recovered', () => { void lookInDatabase() })
  for (const { connection, look } of looks) connection.on('ready', () => { void look() })

  return {
    /** Resolves when all that can be asked have been. Does not fail. */
    async look () {
      await lookInDatabase()
      for (const { look } of looks) await look()
    },
  }
}
