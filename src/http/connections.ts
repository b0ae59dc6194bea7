import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** For the log, both stores, and files that are read: descriptors that connections must leave. */
const RESERVE = 200

/** How often those that have stalled are looked for. */
const LOOK_EVERY_MS = 5000

interface Limits { open_files?: { soft: number | 'unlimited' } }

/** The descriptors that this process may have; undefined: the system does not say. */
function descriptorsMax (): number | undefined {
  // It would look up the names of all peers; the types do not know the switch.
  const report = process.report as typeof process.report & { excludeNetwork: boolean }
  report.excludeNetwork = true
  const { userLimits } = report.getReport() as { userLimits?: Limits }
  const soft = userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : undefined
}

/** As many connections as are wished, if the descriptors last for them and for what else is to be opened. */
export function connectionsMax (wished: number): number {
  const descriptors = descriptorsMax()
  return descriptors === undefined ? wished : Math.max(1, Math.min(wished, descriptors - RESERVE))
}

export interface Patience {
  /** With a client that does not read its answer, which is kept in memory meanwhile. */
  unreadMs: number
  /** With a connection on which nothing goes either way. */
  silentMs: number
}

/**
 * Closes connections that have stalled. Who waits for an answer has nothing to read; who leaves one unread does not
 * keep it by sending something. Looked for now and then: a timer of each socket, which begins anew with all that it
 * reads and writes, costs requests a fifteenth of their time.
 * @returns a function that ends the looking
 */
export function closeStalled (server: Server, { unreadMs, silentMs }: Patience, everyMs = LOOK_EVERY_MS): () => void {
  const sockets = new Map<Socket, { read: number, written: number, since: number }>()
  server.on('connection', socket => {
    sockets.set(socket, { read: 0, written: 0, since: performance.now() })
    socket.once('close', () => { sockets.delete(socket) })
  })
  const look = setInterval(() => {
    const now = performance.now()
    for (const [socket, seen] of sockets) {
      const { bytesRead: read, writableLength: unread } = socket
      // What the system has taken, an answer at a time, as the client reads.
      const written = socket.bytesWritten - unread
      if (written !== seen.written || (unread === 0 && read !== seen.read)) Object.assign(seen, { read, written, since: now })
      else if (now - seen.since > (unread > 0 ? unreadMs : silentMs)) socket.destroy()
    }
  }, everyMs)
  look.unref()
  return () => { clearInterval(look) }
}
