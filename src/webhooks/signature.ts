import { createHash, createHmac } from 'node:crypto'
import type { EventType } from './targets.ts'

/** What a target is told of: a ticket has this version now. */
export interface Notice {
  ticketId: number
  version: number
  type: EventType
  /** Of the Redis that gave the version: another one may give it to another change. */
  epoch: string
}

/** The last moment that a Date can hold; a foreign row may have a version beyond. */
const MS_MAX = 8.64e15

/** Ample for all that a target will ever be told of: 160 bits. */
const ID_CHARACTERS = 27

/** The same for the same notice, over attempts, restarts and instances. It has no dot, which divides what is signed. */
export const webhookId = (target: string, { ticketId, version, epoch }: Notice): string =>
  `msg_${createHash('sha256').update([target, ticketId, version, epoch].join('\n')).digest('base64url').slice(0, ID_CHARACTERS)}`

/** The body: a thin event. A version is the time of the change in ms of Redis's clock, or the one before and 1. */
export const toBody = ({ ticketId, version, type }: Notice): string =>
  JSON.stringify({ type, timestamp: new Date(Math.min(version, MS_MAX)).toISOString(), data: { ticket_id: ticketId, version } })

/**
 * The headers of an attempt.
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * @param keys each signs
 * @param nowS Unix seconds
 */
export function signedHeaders (keys: readonly Buffer[], id: string, body: string, nowS: number): Record<string, string> {
  const signatures = keys.map(key => `v1,${createHmac('sha256', key).update(`${id}.${nowS}.${body}`).digest('base64')}`)
  return { 'webhook-id': id, 'webhook-timestamp': String(nowS), 'webhook-signature': signatures.join(' ') }
}
