import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Problem } from '../errors.ts'
import { hasNothing, type ChangePage } from '../read-through/changes.ts'
import type { ChangeCursor } from '../tickets/changes.ts'
import type { ChangeSignal } from '../util/change-signal.ts'
import { toChangeEvents } from './change-list.ts'
import type { Held } from './held.ts'
import { TicketList } from './ticket-list.ts'

/** Proxies close a connection on which nothing comes for a minute; the client knows, too, that the service is still there. */
const HEARTBEAT_MS = 15_000

/** Between two attempts while a store is unavailable, or the caller has too much in memory. */
const RETRY_MS = 1000

const HEARTBEAT = Buffer.from(':\n\n')

/** What was read, and when: a count of the signal. */
export interface Reading { page: ChangePage, answer: TicketList, seen: number }

export interface ChangeStreamOptions {
  /** Sent first: if it fails, who asks is told by an answer of its own. */
  first: Reading
  read: (cursor: ChangeCursor, answer: TicketList) => Promise<ChangePage>
  signal: ChangeSignal
  requestId: string
  held: Held | null
  response: ServerResponse
  /** Aborts when the client is gone or the service stops. */
  ending: AbortSignal
  heartbeatMs?: number
}

/**
 * The changes as events, for as long as the client reads them. It ends with an event `cursor_expired` where it cannot go on; while a
 * store is unavailable it waits.
 */
export async function * streamChanges ({ first, read, signal, requestId, held, response, ending, heartbeatMs = HEARTBEAT_MS }: ChangeStreamOptions): AsyncGenerator<Buffer> {
  let { page, answer, seen } = first
  yield toChangeEvents(page, answer, requestId)
  while (!ending.aborted) {
    // The next page is not read before this one has been taken: one page at a time is in memory.
    if (response.writableNeedDrain) await once(response, 'drain', { signal: ending }).catch(() => {})
    held?.endPart()
    if (!page.hasMore && !await signal.wait(seen, heartbeatMs, ending)) {
      yield HEARTBEAT
      continue
    }
    seen = signal.count()
    answer = new TicketList(held, response)
    const found = await read(page.next, answer).catch(toProblem)
    if (!(found instanceof Problem)) {
      page = found
      if (!hasNothing(page)) yield toChangeEvents(page, answer, requestId)
    } else if (found.status === 503) {
      // Then the same page is asked for again.
      page = { ...page, hasMore: true }
      await sleep(RETRY_MS, undefined, { signal: ending }).catch(() => {})
      yield HEARTBEAT
    } else {
      yield Buffer.from(`event: ${found.code}\ndata: ${JSON.stringify(found.toBody(requestId))}\n\n`)
      return
    }
  }
}

/** @throws what is no Problem */
function toProblem (error: unknown): Problem {
  if (error instanceof Problem) return error
  throw error
}
