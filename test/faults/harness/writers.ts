import { setTimeout as sleep } from 'node:timers/promises'
import type { Ticket } from '../../../src/tickets/ticket.js'
import type { Call } from './http.js'
import type { Ledger, Write } from './ledger.js'

/** What a caller waits before it repeats. Short, so that it meets the service in the middle of its recovery. */
const REPEAT_AFTER_MS = 20

export type Outcome = 'acknowledged' | 'refused' | 'doubtful'

interface Answered { outcome: Outcome, status: number }

/**
 * Sends writes to one place, and enters in the ledger what is answered.
 * @param unknown how outcome_unknown is entered; 'refused' where the case has seen to it that none can be applied
 */
export function createWriter (call: Call, ledger: Ledger, url: () => Promise<string>, unknown: 'doubtful' | 'refused' = 'doubtful') {
  /** One write, once. */
  async function send (method: 'POST' | 'PATCH', id: number, fields: object): Promise<Answered> {
    const target = `${await url()}/tickets/${id}`
    const write = ledger.begin(id)
    try {
      const { status, body } = await call(method, target, { ...fields, custom_fields: { [write.mark]: true } })
      return { status, outcome: enter(write, status, body) }
    } catch (error) {
      const { name, code } = error as NodeJS.ErrnoException
      if (name === 'AbortError' || name === 'TimeoutError') ledger.find(`ticket ${id}: ${method} was not answered in time`)
      if (code === 'ECONNREFUSED') ledger.refuse(write)
      else ledger.doubt()
      return { status: 0, outcome: code === 'ECONNREFUSED' ? 'refused' : 'doubtful' }
    }
  }

  function enter (write: Write, status: number, body: unknown): Outcome {
    if (status === 200 || status === 201) {
      ledger.acknowledge(write, body as Ticket)
      return 'acknowledged'
    }
    const { code } = body as { code: string }
    if (code === 'outcome_unknown' && unknown === 'doubtful') {
      ledger.doubt()
      return 'doubtful'
    }
    if (status !== 503 && code !== 'ticket_exists') ledger.find(`ticket ${write.id}: answered with ${status} ${code}`)
    ledger.refuse(write)
    return 'refused'
  }

  return {
    send,

    /** Until it is there: acknowledged, or found by a later attempt after one whose outcome was in doubt. */
    async create (id: number, fields: object) {
      let mayExist = false
      for (;;) {
        const { outcome, status } = await send('POST', id, fields)
        if (outcome === 'acknowledged') return
        if (status === 409) {
          if (!mayExist) ledger.find(`ticket ${id}: exists before it was created`)
          return
        }
        mayExist ||= outcome === 'doubtful'
        await sleep(REPEAT_AFTER_MS)
      }
    },

    /** Until it is acknowledged. Each attempt has a mark of its own. */
    async change (id: number, fields: object) {
      while ((await send('PATCH', id, fields)).outcome !== 'acknowledged') await sleep(REPEAT_AFTER_MS)
    },
  }
}

export type Writer = ReturnType<typeof createWriter>
