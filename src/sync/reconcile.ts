import type { FastifyBaseLogger } from 'fastify'
import type { LimitFunction } from 'p-limit'
import { storeUnavailable } from '../errors.ts'
import { RedisError } from '../redis/failure.ts'
import type { Shards } from '../shards/shards.ts'
import { DatabaseUnavailable, RowsRefused } from '../mysql/failure.ts'
import type { Failure, Partition, TicketDatabase } from '../database/ticket-database.ts'
import { CorruptTicketError } from '../tickets/codec.ts'
import type { ReconcileStore } from '../store/reconcile-store.ts'
import type { Ticket } from '../tickets/fields.ts'

/** Versions were given by the clock of the server before, which may have been ahead. */
const MARGIN_SECONDS = 60

/** Rows that are loaded at once: a few megabytes, if they are of the largest. */
const LOAD_MAX = 20

export interface ReconcileOptions {
  store: ReconcileStore
  database: TicketDatabase
  /** Whose tickets they are. */
  partition: Partition
  /** Of the comparisons that run at a time. */
  limit: LimitFunction
  /** For a page of rows. */
  timeoutMs: number
  log: FastifyBaseLogger
}

export interface Loaded {
  /** Tickets that were older in Redis, and are in step with MySQL now. */
  loaded: number
  /** Tickets that could not be loaded, for what is in them. */
  failures: Failure[]
  /** Tickets that an instance of a newer version of the service loads: this one does not know all of their fields. */
  newer: number[]
}

/**
 * For a Redis that has come back with older data than MySQL has: it lost its last second, or a replica
 * that had less was promoted. What MySQL holds in a newer version is loaded into Redis.
 */
export function createReconcile ({ store, database, partition, limit, timeoutMs, log }: ReconcileOptions) {
  let trusted = false
  let failure: Error | undefined
  let connection = 0
  // On which connection what MySQL holds was last forgotten.
  let archivedOf: number | undefined
  let running: Promise<void> | undefined
  let checked = Promise.resolve()

  async function loadSome (ids: readonly number[]): Promise<Loaded & { left: Set<number> }> {
    const tickets: Ticket[] = []
    const failures: Failure[] = []
    const { found, left } = await database.find(ids, timeoutMs)
    for (const [ticketId, row] of found) {
      if (row instanceof CorruptTicketError) failures.push({ ticketId, reason: `MySQL holds a newer version, which cannot be read: ${row.message}` })
      else tickets.push(row)
    }
    const replaced = tickets.length > 0 ? await store.repair(tickets) : []
    if (replaced === 'newer') return { loaded: 0, failures, newer: tickets.map(ticket => ticket.ticket_id), left }
    const loaded = tickets.filter(({ ticket_id, version }, i) => {
      if (replaced[i] === undefined) return false
      log.warn({ ticket_id, redis_version: replaced[i], mysql_version: version }, 'Redis held an older version of a ticket than MySQL, whose row was loaded')
      return true
    })
    return { loaded: loaded.length, failures, newer: [], left }
  }

  /** Loads those of the tickets that MySQL holds in a newer version than Redis. */
  async function load (ids: readonly number[]): Promise<Loaded> {
    const all: Loaded = { loaded: 0, failures: [], newer: [] }
    let rest: readonly number[] = ids
    while (rest.length > 0) {
      const some = rest.slice(0, LOAD_MAX)
      const { loaded, failures, newer, left } = await loadSome(some)
      rest = [...left, ...rest.slice(some.length)]
      all.loaded += loaded
      all.failures.push(...failures)
      all.newer.push(...newer)
    }
    return all
  }

  /** Loads what is newer in MySQL. Resolves with the number of tickets that were compared. */
  async function compare (pages: AsyncIterable<Map<number, number>>, versionsOf: (ids: number[]) => Promise<Map<number, number>>, isNewer: (version: number, other: number) => boolean, signal: AbortSignal) {
    let compared = 0
    for await (const page of pages) {
      signal.throwIfAborted()
      const others = await versionsOf([...page.keys()])
      const outdated = [...others].filter(([id, other]) => isNewer(page.get(id)!, other)).map(([id]) => id)
      const { failures, newer } = await load(outdated)
      if (newer.length > 0) throw storeUnavailable(new RedisError('refused', `Redis holds ${newer.length} older tickets, whose fields only a newer version of the service knows`))
      for (const { ticketId, reason } of failures) log.error({ ticket_id: ticketId, reason }, 'a ticket could not be loaded into Redis')
      compared += page.size
    }
    return compared
  }

  /** What MySQL received after the data was recorded is not marked in it, and Redis may hold an older version. */
  const compareChanged = (sinceMs: number, signal: AbortSignal) =>
    compare(database.changedSince(Math.floor(sinceMs / 1000) - MARGIN_SECONDS, partition), store.versions, (inMysql, inRedis) => inMysql > inRedis, signal)

  const compareUnsynced = (signal: AbortSignal) =>
    compare(store.unsynced(), database.versions, (inRedis, inMysql) => inMysql > inRedis, signal)

  /** @throws when the connection has been lost since: what was compared says nothing of who answers now */
  function expectSame (compared: number) {
    if (compared !== connection) throw storeUnavailable(new Error('the connection was lost while tickets were compared'))
  }

  /**
   * Resolves with the number of tickets that were compared, and on which connection; undefined: there was
   * nothing to compare. What is unsynced may be much, and is left for later: no write can make it worse.
   */
  async function establishTrust (signal: AbortSignal): Promise<{ changed: number, onConnection: number } | undefined> {
    const onConnection = connection
    const trust = () => {
      expectSame(onConnection)
      trusted = true
    }
    // What is known of MySQL is as old as the data, and other programs may have written rows since.
    const [checkpointMs] = await Promise.all([store.checkpoint(), archivedOf === onConnection ? undefined : store.forgetArchived()])
    if (checkpointMs !== undefined && archivedOf === onConnection) await store.forgetArchived()
    archivedOf = onConnection
    if (checkpointMs === undefined) {
      trust()
      return undefined
    }
    try {
      // Without a record there is no data that could be older.
      const changed = checkpointMs > 0 ? await compareChanged(checkpointMs, signal) : 0
      trust()
      return { changed, onConnection }
    } catch (error) {
      // When MySQL cannot be asked, Redis serves alone. One that fails itself has not been compared.
      if (error instanceof DatabaseUnavailable || error instanceof RowsRefused) trust()
      throw error
    }
  }

  async function finish ({ changed, onConnection }: { changed: number, onConnection: number }, signal: AbortSignal): Promise<void> {
    expectSame(onConnection)
    const unsynced = await compareUnsynced(signal)
    // Whoever answers now would be recorded.
    expectSame(onConnection)
    await store.checkpointCompared()
    // Of many partitions, those that had nothing to compare are not worth a line each.
    log[partition.count > 1 && unsynced + changed === 0 ? 'debug' : 'info']({ unsynced, changed, ...(partition.count > 1 && { partition: partition.index }) }, 'Redis is new, was restarted or has another master: its tickets were compared with MySQL')
  }

  return {
    load,

    /** The statuses of the unsynced tickets, in parts. */
    unsyncedStatuses: store.unsyncedStatuses,

    /** False from the loss of a connection until it is known that Redis holds nothing older than MySQL, or that MySQL cannot be asked. */
    isTrusted: () => trusted,

    /** To be called when the connection is lost: who answers next may have older data. */
    markStale () {
      connection += 1
      trusted = false
      failure = undefined
    },

    /** Why it is not known, if that has been tried in vain. */
    failure: () => trusted ? undefined : failure,

    /**
     * Compares with MySQL what Redis holds, if this is not the server that it was last known to be
     * right on. One at a time: who asks meanwhile waits for the one that runs.
     * @throws when Redis or MySQL cannot be used, or the signal aborts; the next call begins again
     */
    check (signal: AbortSignal): Promise<void> {
      if (running) return running
      const established = limit(() => establishTrust(signal))
      checked = established.then(() => {}, () => {})
      running = established
        .then(compared => compared && limit(() => finish(compared, signal)))
        .catch((error: Error) => {
          failure = error
          throw error
        })
        .finally(() => { running = undefined })
      return running
    },

    /** Resolves when the check that runs has found whether Redis can be trusted, or failed. */
    whenChecked: () => checked,
  }
}

export type Reconcile = ReturnType<typeof createReconcile>

type Reconciled = Shards<{ reconcile: Pick<Reconcile, 'load'> }>

/** Loads those of the tickets that MySQL holds in a newer version than Redis, of all shards. */
export async function loadNewer (shards: Reconciled, ids: readonly number[]): Promise<Loaded> {
  const all = await Promise.all(shards.divide(ids, id => id).map(([{ reconcile }, part]) => reconcile.load(part)))
  return { loaded: all.reduce((sum, { loaded }) => sum + loaded, 0), failures: all.flatMap(({ failures }) => failures), newer: all.flatMap(({ newer }) => newer) }
}
