import type { FastifyBaseLogger } from 'fastify'
import type { Attempt, Delivery } from '../store/webhook-store.ts'
import type { Schedule } from './schedule.ts'
import type { Outcome } from './sender.ts'
import type { Target } from './targets.ts'

/** What an outcome means to the delivery; undefined: it stays as it is. */
export function toAttempt (outcome: Outcome, { attempts }: Pick<Delivery, 'attempts'>, schedule: Schedule, { fingerprint }: Pick<Target, 'fingerprint'>): Attempt | undefined {
  if (outcome.kind === 'aborted') return undefined
  if (outcome.kind === 'delivered') return { result: 'delivered' }
  if (outcome.kind === 'gone') return { result: 'gone', reason: outcome.reason, fingerprint }
  const { reason, retryAfterMs: pauseMs } = outcome
  const delayMs = schedule.delayMs(attempts + 1, pauseMs)
  return delayMs === undefined ? { result: 'dead', reason, pauseMs } : { result: 'failed', reason, delayMs, pauseMs }
}

/** Says what became of attempts. A failure that goes on is logged once. */
export function createAttemptLog (target: string, log: FastifyBaseLogger) {
  let isFailing = false

  return (attempt: Attempt, { ticketId, version, attempts }: Delivery) => {
    const fields = { target, ticket_id: ticketId, version, attempts: attempts + 1, ...('reason' in attempt && { reason: attempt.reason }) }
    if (attempt.result === 'delivered') {
      if (isFailing) log.info(fields, 'a webhook takes deliveries again')
    } else if (attempt.result === 'gone') {
      log.error(fields, 'a webhook was disabled, because its target has answered that it wants no more (410). POST /webhooks/:name/retry enables it')
    } else if (attempt.result === 'dead') {
      log.error(fields, 'a delivery of a webhook was given up')
    } else {
      log[isFailing ? 'debug' : 'warn'](fields, 'a delivery of a webhook has failed, and is sent again')
    }
    isFailing = attempt.result !== 'delivered'
  }
}
