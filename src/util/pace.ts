import type { Traffic } from './traffic.ts'

/**
 * Tickets of a batch, or of a page, while requests are being served. Each step of it waits for a turn of the event loop that is full
 * of them, so that its size is the share that it takes. At full load, on two cores that all of it shares, requests kept 0.77 of their
 * rate beside a flush with 32 tickets, just 0.80 with 24, and 0.85 with 20, which were some 3,700 tickets a second.
 * A request waits behind a step for a millisecond.
 */
const LOADED_BATCH_SIZE = 20

/** A backlog may become so old beside full load, before it takes more. */
const RAMP_START_MS = 60_000

/** One of this age takes as much as if nobody else were there. */
const RAMP_END_MS = 300_000

/**
 * How many tickets the next batch may hold. In between the share grows with the age, so that a load that makes more due
 * than the modest share can push takes its room from requests, as far as whole batches can carry it.
 *
 * @param wholeBatch tickets
 * @param isServing whether requests have come since the last batch
 * @param ageMs how long the oldest of the last batch had been due
 */
export function paceOf (wholeBatch: number, isServing: boolean, ageMs: number): number {
  if (!isServing || wholeBatch <= LOADED_BATCH_SIZE) return wholeBatch
  const urgency = Math.min(1, Math.max(0, (ageMs - RAMP_START_MS) / (RAMP_END_MS - RAMP_START_MS)))
  return Math.round(LOADED_BATCH_SIZE + urgency * (wholeBatch - LOADED_BATCH_SIZE))
}

/** `wholeBatch` and `ageMs` as in `paceOf`. */
export type Pace = (wholeBatch: number, ageMs: number) => number

/** What a pass takes that nobody has to share the process with. */
export const fullPace: Pace = wholeBatch => wholeBatch

export const createPace = (traffic: Pick<Traffic, 'isServing'>): Pace => (wholeBatch, ageMs) => paceOf(wholeBatch, traffic.isServing(), ageMs)
