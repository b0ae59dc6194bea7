import type { FastifyBaseLogger } from 'fastify'
import type { TicketArchive } from '../tickets/archive.js'
import { CorruptTicketError } from '../tickets/codec.js'
import type { DriftStore } from '../tickets/drift-store.js'
import type { Failure } from '../tickets/due-index.js'
import type { Ticket } from '../tickets/ticket.js'

/** Versions were given by the clock of the server before, which may have been ahead. */
const MARGIN_SECONDS = 60

export interface DriftOptions {
  store: DriftStore
  archive: TicketArchive
  /** Statuses of the tickets that may have drifted. */
  statuses: readonly string[]
  log: FastifyBaseLogger
}

export interface Loaded {
  /** Tickets that were older in Redis, and are in step with MySQL now. */
  loaded: number
  /** Tickets that could not be loaded, for what is in them. */
  failures: Failure[]
}

/**
 * Drift: Redis has come back with older data than MySQL has. It lost its last second, or a replica
 * that had less was promoted. What MySQL holds in a newer version is loaded into Redis.
 */
export function createDriftRepair ({ store, archive, statuses, log }: DriftOptions) {
  /** Loads those of the tickets that MySQL holds in a newer version than Redis. */
  async function load (ids: readonly number[]): Promise<Loaded> {
    const tickets: Ticket[] = []
    const failures: Failure[] = []
    for (const [ticketId, row] of await archive.find(ids)) {
      if (row instanceof CorruptTicketError) failures.push({ ticketId, reason: `MySQL holds a newer version, which cannot be read: ${row.message}` })
      else tickets.push(row)
    }
    const replaced = tickets.length > 0 ? await store.repair(tickets) : []
    const loaded = tickets.filter(({ ticket_id, version }, i) => {
      if (replaced[i] === undefined) return false
      log.warn({ ticket_id, redis_version: replaced[i], mysql_version: version }, 'Redis held an older version of a ticket than MySQL, whose row was loaded')
      return true
    })
    return { loaded: loaded.length, failures }
  }

  async function loadAndLog (ids: readonly number[]) {
    const { failures } = await load(ids)
    for (const { ticketId, reason } of failures) log.error({ ticket_id: ticketId, reason }, 'a ticket could not be loaded into Redis')
  }

  async function compareUnsynced (signal: AbortSignal): Promise<number> {
    let compared = 0
    for await (const versions of store.unsynced()) {
      signal.throwIfAborted()
      const held = await archive.versions([...versions.keys()])
      const outdated = [...held].filter(([id, version]) => version > versions.get(id)!).map(([id]) => id)
      if (outdated.length > 0) await loadAndLog(outdated)
      compared += versions.size
    }
    return compared
  }

  /** What MySQL received after the data was recorded is not marked in it, and Redis may hold an older version. */
  async function compareChanged (sinceMs: number, signal: AbortSignal): Promise<number> {
    let compared = 0
    for await (const ids of archive.changedSince(Math.floor(sinceMs / 1000) - MARGIN_SECONDS, statuses)) {
      signal.throwIfAborted()
      await loadAndLog(ids)
      compared += ids.length
    }
    return compared
  }

  return {
    load,

    /**
     * Compares with MySQL what Redis holds, if this is not the server that it was last known to be right on.
     * @throws when Redis or MySQL cannot be used, or the signal aborts; the next call begins again
     */
    async check (signal: AbortSignal): Promise<void> {
      const attestedMs = await store.attest()
      if (attestedMs === undefined) return
      const unsynced = await compareUnsynced(signal)
      // Without a record there is no data that could be older.
      const changed = attestedMs > 0 ? await compareChanged(attestedMs, signal) : 0
      await store.attestCompared()
      log.info({ unsynced, changed }, 'Redis is new, was restarted or has another master: its tickets were compared with MySQL')
    },
  }
}

export type DriftRepair = ReturnType<typeof createDriftRepair>
