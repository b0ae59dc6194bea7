import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Changes } from '../read-through/changes.ts'
import type { Attempt, Delivery, Turn, WebhookStore } from '../store/webhook-store.ts'
import type { Partitioning } from '../tickets/partitioning.ts'
import type { ChangeSignal } from '../util/change-signal.ts'
import { createRecent } from '../util/recent.ts'
import { createAttemptLog, toAttempt } from './attempt.ts'
import { createReader } from './reader.ts'
import type { Schedule } from './schedule.ts'
import type { createSender } from './sender.ts'
import type { EventType, Target } from './targets.ts'

/** Deliveries to a target at a time. */
export const DELIVERIES_AT_ONCE = 8

/** How soon is noticed what another instance has done: that it has ended, or that an operator asked it for a retry. */
const LOOK_EVERY_MS = 1000

/** Between two attempts to reach Redis. */
const REDIS_AGAIN_MS = 500

/** As many as are told in the time in which a change may come to be in the log twice. */
const RECENT_MAX = 1000
const RECENT_MS = 60_000

export type Result = 'delivered' | 'failed' | 'dead'

export interface DelivererEvents {
  attempted: (result: Result, ms: number) => void
  dropped: (deliveries: number) => void
  gap: () => void
}

export interface DelivererOptions {
  target: Target
  /** This instance. */
  owner: string
  store: WebhookStore
  changes: Changes
  partitioning: Partitioning
  signal: ChangeSignal
  sender: ReturnType<typeof createSender>
  schedule: Schedule
  leaseMs: number
  told: DelivererEvents
  log: FastifyBaseLogger
  /** Aborts when what is still under way is not to be waited for any longer. */
  ending: AbortSignal
}

/**
 * Tells one target of what changes: of all instances the one that has its lease. A loop that reads the change log as far as there is
 * room, and sends what is due, a bounded number at a time and never two of a ticket.
 */
export function createDeliverer ({ target, owner, store, changes, partitioning, signal, sender, schedule, leaseMs, told, log, ending }: DelivererOptions) {
  const underWay = new Map<number, Promise<void>>()
  const recent = createRecent<number, string>(RECENT_MAX, RECENT_MS)
  const versionOf = ({ version, epoch }: Pick<Delivery, 'version' | 'epoch'>) => `${version} ${epoch}`
  const logAttempt = createAttemptLog(target.name, log)
  const lookEveryMs = Math.min(LOOK_EVERY_MS, leaseMs / 3)
  const turnOptions = { leaseMs, fingerprint: target.fingerprint, dueMax: 2 * DELIVERIES_AT_ONCE, delayMaxMs: schedule.longestMs }
  const stopping = new AbortController()
  let loop: Promise<void> | undefined
  let wake = new AbortController()
  let token: string | undefined
  let atOnce = DELIVERIES_AT_ONCE
  let isUnavailable = false
  /** The signal's count when the end of the change log was last read. */
  let readUpTo: number | undefined

  const reader = createReader({
    target,
    changes,
    partitioning,
    store,
    soonMs: schedule.soonMs,
    wasDelivered: ({ ticketId, ...each }) => recent.get(ticketId) === versionOf(each),
    onGap () {
      log.error({ target: target.name }, 'the change log does not hold what a webhook was to be told of next, and it goes on with what changes now. The consumer has to read GET /changes from the beginning')
      told.gap()
    },
  })

  /** Until Redis has it: an attempt that is not recorded is made again. */
  async function record (by: string, delivery: Delivery, attempt: Attempt) {
    do {
      try {
        const dropped = await store.record(by, delivery, attempt)
        if (dropped !== undefined && dropped > 0) told.dropped(dropped)
        return
      } catch (error) {
        log.debug({ err: error, target: target.name }, 'an attempt of a webhook could not be recorded')
        await sleep(REDIS_AGAIN_MS, undefined, { signal: ending }).catch(() => {})
      }
    } while (!ending.aborted)
  }

  async function deliver (by: string, delivery: Delivery) {
    const startedAt = performance.now()
    const outcome = await sender.send({ ...delivery, type: delivery.type as EventType }, ending)
    const attempt = toAttempt(outcome, delivery, schedule, target)
    if (!attempt) return
    told.attempted(attempt.result === 'gone' ? 'failed' : attempt.result, performance.now() - startedAt)
    logAttempt(attempt, delivery)
    if (attempt.result === 'delivered') recent.set(delivery.ticketId, versionOf(delivery))
    // A target that has too much to do gets one at a time until it has taken one.
    if (outcome.kind !== 'failed' || outcome.isBusy) atOnce = outcome.kind === 'failed' ? 1 : DELIVERIES_AT_ONCE
    await record(by, delivery, attempt)
  }

  function startDeliveries ({ deliveries, token: by }: Turn) {
    for (const delivery of deliveries) {
      const { ticketId } = delivery
      if (underWay.size >= atOnce) return
      if (underWay.has(ticketId)) continue
      underWay.set(ticketId, deliver(by, delivery).finally(() => {
        underWay.delete(ticketId)
        wake.abort()
      }))
    }
  }

  /** Waits for a change, a delivery that has ended, one that is due, or a while. */
  async function idle (ms: number, seen?: number) {
    if (seen !== undefined) await signal.wait(seen, ms, wake.signal)
    else await sleep(ms, undefined, { signal: wake.signal }).catch(() => {})
  }

  async function work () {
    while (!stopping.signal.aborted) {
      wake = new AbortController()
      const seen = signal.count()
      try {
        const turn = await store.turn(owner, turnOptions)
        token = turn?.token
        if (isUnavailable) log.info({ target: target.name }, 'webhooks go on')
        isUnavailable = false
        if (!turn) {
          readUpTo = undefined
          await idle(lookEveryMs)
          continue
        }
        startDeliveries(turn)
        const mayRead = reader.hasRoom(turn)
        if (mayRead && readUpTo !== seen) {
          readUpTo = undefined
          if (!await reader.read(turn)) readUpTo = seen
          // What was read is sent at once.
          continue
        }
        await idle(Math.min(lookEveryMs, turn.nextDueInMs ?? Infinity), mayRead ? seen : undefined)
      } catch (error) {
        log[isUnavailable ? 'debug' : 'warn']({ err: error, target: target.name }, 'a webhook cannot be worked on; its deliveries wait')
        isUnavailable = true
        readUpTo = undefined
        await idle(REDIS_AGAIN_MS)
      }
    }
  }

  return {
    start () { loop ??= work() },

    /** There is something to do. */
    wake () { wake.abort() },

    /** Resolves when nothing is under way any more, and another instance may take over. */
    async stop () {
      stopping.abort()
      wake.abort()
      await loop
      await Promise.all(underWay.values())
      sender.close()
      if (token !== undefined) {
        await store.leave(token).catch((error: unknown) => { log.debug({ err: error, target: target.name }, 'a webhook could not be left to another instance; its lease ends by itself') })
      }
    },
  }
}

export type Deliverer = ReturnType<typeof createDeliverer>
