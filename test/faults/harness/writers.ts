import { setTimeout as sleep } from 'node:timers/promises'
import type { Ticket } from '../../../src/tickets/ticket.js'
import type { Answer, Call } from './http.js'
import type { Ledger, Write } from './ledger.js'

/** What a caller waits before it repeats. Short, so that it meets the service in the middle of its recovery. */
const REPEAT_AFTER_MS = 20

const SURELY_NOT_APPLIED = ['store_unavailable', 'overloaded', 'ticket_exists', 'ECONNREFUSED']

/** How a write may end in these cases. Anything else, no answer in time too, is a finding. */
const EXPECTED = [...SURELY_NOT_APPLIED, 'outcome_unknown', 'ECONNRESET', 'EPIPE']

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
    const answer = await call(method, target, { ...fields, custom_fields: { [write.mark]: true } })
    return { status: answer.status, outcome: enter(write, answer) }
  }

  function enter (write: Write, { status, body }: Answer): Outcome {
    if (status === 200 || status === 201) {
      ledger.acknowledge(write, body as Ticket)
      return 'acknowledged'
    }
    if (status === 202) {
      ledger.accept(write)
      return 'acknowledged'
    }
    const { code } = body as { code: string }
    if (!EXPECTED.includes(code)) ledger.find(`ticket ${write.id}: ${write.mark} was answered with ${status} ${code}`)
    if (code === 'outcome_unknown' ? unknown === 'refused' : SURELY_NOT_APPLIED.includes(code)) {
      ledger.refuse(write)
      return 'refused'
    }
    ledger.doubt()
    return 'doubtful'
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
