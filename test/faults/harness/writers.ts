import { setTimeout as sleep } from 'node:timers/promises'
import type { Ticket } from '../../../src/tickets/ticket.ts'
import type { Answer, Call } from './http.ts'
import type { Ledger, Write } from './ledger.ts'

/** What a caller waits before it repeats. Short, so that it meets the service in the middle of its recovery. */
const REPEAT_AFTER_MS = 20

const SURELY_NOT_APPLIED = ['store_unavailable', 'overloaded', 'ticket_exists', 'ECONNREFUSED']

/** How a write may end in these cases. Anything else, no answer in time too, is a finding. */
const EXPECTED = [...SURELY_NOT_APPLIED, 'outcome_unknown', 'ECONNRESET', 'EPIPE']

export type Outcome = 'acknowledged' | 'refused' | 'doubtful'

interface Answered { outcome: Outcome, status: number, body: unknown }

/**
 * Sends writes to one place, and enters in the ledger what is answered.
 * @param unknown how outcome_unknown is entered; 'refused' where the case has seen to it that none can be applied
 */
export function createWriter (call: Call, ledger: Ledger, url: () => Promise<string>, unknown: 'doubtful' | 'refused' = 'doubtful') {
  /** One write, once. */
  async function send (method: 'POST' | 'PATCH', id: number, fields: object): Promise<Answered> {
    const target = await url()
    return await sendTo(target, method, ledger.begin(id), fields)
  }

  async function sendTo (target: string, method: 'POST' | 'PATCH' | 'DELETE', write: Write, fields: object, headers?: Record<string, string>, isInDoubt = false): Promise<Answered> {
    const sent = method === 'DELETE' ? undefined : { ...fields, custom_fields: { [write.mark]: true } }
    const answer = await call(method, `${target}/tickets/${write.id}`, sent, headers)
    return { status: answer.status, body: answer.body, outcome: enter(write, answer, isInDoubt) }
  }

  /** @param isInDoubt an earlier attempt with the same mark is */
  function enter (write: Write, { status, body }: Answer, isInDoubt: boolean): Outcome {
    if (status === 200 || status === 201) {
      ledger.acknowledge(write, body as Ticket)
      return 'acknowledged'
    }
    if (status === 204) {
      ledger.remove(write)
      return 'acknowledged'
    }
    if (status === 202) {
      ledger.accept(write)
      return 'acknowledged'
    }
    const { code } = body as { code: string }
    if (!EXPECTED.includes(code)) ledger.find(`ticket ${write.id}: ${write.mark} was answered with ${status} ${code}`)
    if (code === 'outcome_unknown' ? unknown === 'refused' : SURELY_NOT_APPLIED.includes(code)) {
      if (!isInDoubt) ledger.refuse(write, code)
      return 'refused'
    }
    ledger.doubt(code)
    return 'doubtful'
  }

  return {
    send,

    /** Until it is acknowledged. An attempt that is in doubt is repeated with its Idempotency-Key, as callers are told to. */
    async create (id: number, fields: object) {
      for (;;) {
        const target = await url()
        const write = ledger.begin(id)
        const key = { 'idempotency-key': `"create ${id} ${write.mark}"` }
        let answered = await sendTo(target, 'POST', write, fields, key)
        const isInDoubt = answered.outcome === 'doubtful'
        for (;;) {
          if (answered.outcome === 'acknowledged') return
          if (answered.status === 409) {
            ledger.find(`ticket ${id}: exists before it was created`)
            return
          }
          await sleep(REPEAT_AFTER_MS)
          if (!isInDoubt) break
          answered = await sendTo(await url(), 'POST', write, fields, key, true)
        }
      }
    },

    /** One write, with its Idempotency-Key until it is acknowledged. Resolves with the ticket; null: it was deleted. */
    async surely (method: 'POST' | 'PATCH' | 'DELETE', id: number, fields: object): Promise<Ticket | null> {
      const write = ledger.begin(id)
      const key = { 'idempotency-key': `"${method} ${id} ${write.mark}"` }
      for (;;) {
        const { outcome, body } = await sendTo(await url(), method, write, fields, key, true)
        if (outcome === 'acknowledged') return method === 'DELETE' ? null : body as Ticket
        if (ledger.findings.length > 0) throw new Error(`ticket ${id}: ${write.mark} was given up`)
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
