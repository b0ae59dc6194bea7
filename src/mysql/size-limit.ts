import { StatementTooLarge, isTooLarge } from './failure.ts'

/** Bytes of one statement, though the server may take more: what waits behind a larger one waits for too long. */
const STATEMENT_BYTES_MAX = 1024 * 1024

/** Bytes of a statement beside its rows, and of the packet around it. */
const OVERHEAD = 4096

/** Of the packet alone: its kind, and what servers add to it as they count. */
const PACKET_OVERHEAD = 64

/** No server that the service can work with takes less, so a smaller statement that breaks a connection is not to blame. */
const SUSPECT_BYTES_MIN = 64 * 1024

/** How long what was refused is not tried again: a limit that an operator raises holds for new connections. */
const REMEMBER_MS = 300_000

/** What the client says of a connection that the other side has closed while it wrote, or before it answered. */
const BROKEN = ['ECONNRESET', 'EPIPE', 'PROTOCOL_CONNECTION_LOST']

/** A size, and since when it counts. */
interface Mark { bytes: number, at: number }

/**
 * How large a statement may be, by what the server says and by what was refused: a proxy before it may take less than it
 * does, and some say so by breaking the connection.
 */
export function createSizeLimit () {
  let packetMax = Infinity
  let refused: Mark | undefined
  let suspect: Mark | undefined

  const isRecent = (mark: Mark | undefined): mark is Mark => mark !== undefined && performance.now() - mark.at < REMEMBER_MS

  return {
    /** Bytes of the rows that one statement should hold. */
    rowsMax (): number {
      const limits = [refused, suspect].filter(isRecent).map(({ bytes }) => bytes / 2)
      return Math.floor(Math.min(STATEMENT_BYTES_MAX, ...[packetMax, ...limits].map(limit => Math.max(limit - OVERHEAD, limit / 2))))
    },

    /**
     * @param connectionMax max_allowed_packet of the connection that it is for
     * @throws {StatementTooLarge} before it is sent, which would cost the connection
     */
    check (bytes: number, connectionMax: number) {
      packetMax = connectionMax
      if (bytes > connectionMax - PACKET_OVERHEAD) throw new StatementTooLarge(bytes, connectionMax)
      if (isRecent(refused) && bytes >= refused.bytes) throw new StatementTooLarge(bytes)
    },

    /** To be called when a statement was answered. */
    taken (bytes: number) {
      if (suspect && bytes >= suspect.bytes) suspect = undefined
    },

    /**
     * To be called when a statement has failed.
     * @throws {StatementTooLarge} when it was refused for its size: MySQL is not unavailable
     */
    failed (bytes: number, error: unknown) {
      if (isTooLarge(error)) {
        refused = { bytes, at: performance.now() }
        throw new StatementTooLarge(bytes)
      }
      if (bytes < SUSPECT_BYTES_MIN || !BROKEN.includes((error as NodeJS.ErrnoException).code ?? '')) return
      // Once may be an outage. Twice, and nothing of the size was taken in between: smaller ones are tried.
      const isSuspected = isRecent(suspect) && bytes * 2 >= suspect.bytes
      suspect = { bytes: Math.min(bytes, isRecent(suspect) ? suspect.bytes : Infinity), at: performance.now() }
      if (isSuspected) throw new StatementTooLarge(bytes)
    },
  }
}
