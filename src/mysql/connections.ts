import type { Pool, PoolConnection } from 'mysql2/promise'
import { readServerState } from './server-state.ts'

/**
 * A name or a proxy that leads to another server by now is followed within this time, although the old one still answers.
 * The names of managed databases change in seconds, a handshake in five minutes and connection costs nothing.
 */
const AGE_MAX_MS = 300_000

/** Part of the age by which connections differ, so that not all are opened anew at once. */
const AGE_JITTER = 0.2

/** What is read from a server that has become read-only is at most so old; a write finds out at once. */
const STATE_MAX_AGE_MS = 5000

interface Known {
  /** By performance.now(), as all times here. */
  endsAt: number
  /** How often connections had been retired when it was opened. */
  retirements: number
  stateReadAt: number
  packetMax: number
}

/** The connections of a pool by what is known of them: their age, and the state of their server. */
export function createConnections (pool: Pool) {
  const known = new WeakMap<object, Known>()
  let retirements = 0

  pool.pool.on('connection', connection => {
    known.set(connection, {
      endsAt: performance.now() + AGE_MAX_MS * (1 - AGE_JITTER * Math.random()),
      retirements,
      stateReadAt: -Infinity,
      packetMax: Infinity,
    })
  })

  const knownOf = (connection: PoolConnection): Known => known.get(connection.connection)!

  function isOver (connection: PoolConnection): boolean {
    const { endsAt, retirements: before } = knownOf(connection)
    return before !== retirements || performance.now() > endsAt
  }

  return {
    /** One that is neither too old nor retired, to be given back or destroyed. */
    async take (): Promise<PoolConnection> {
      for (;;) {
        const connection = await pool.getConnection()
        if (!isOver(connection)) return connection
        connection.destroy()
      }
    },

    giveBack (connection: PoolConnection) {
      if (isOver(connection)) connection.destroy()
      else connection.release()
    },

    /**
     * To be called before the first statement of each call.
     * @param stateMaxAgeMs that is known from before
     * @throws as readServerState
     */
    async expectWritable (connection: PoolConnection, stateMaxAgeMs = STATE_MAX_AGE_MS): Promise<void> {
      const entry = knownOf(connection)
      const askedAt = performance.now()
      if (askedAt - entry.stateReadAt < stateMaxAgeMs) return
      entry.packetMax = (await readServerState(connection)).packetMax
      entry.stateReadAt = askedAt
    },

    /** max_allowed_packet in bytes. */
    packetMax: (connection: PoolConnection): number => knownOf(connection).packetMax,

    /** Those that are open now serve no other call: their server is not what it was, or not where it was. The next call closes what is idle. */
    retire () { retirements += 1 },
  }
}
