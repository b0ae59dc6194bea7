import type { Keys } from '../tickets/keys.ts'
import type { Scripts } from './scripts.ts'

/** Deliveries that one call makes due, so that none occupies Redis for long. */
const RETRY_MAX = 1000

/** Calls of a retry of all: more than there are deliveries of a target for. */
const RETRY_CALLS_MAX = 100

/** Dead deliveries of a target; the oldest go. */
export const DEAD_MAX = 10_000

/** What a target is to be told of a ticket. */
export interface Notification { ticketId: number, version: number, epoch: string, type: string }

export interface Delivery extends Notification {
  /** That have failed. */
  attempts: number
  /** What the last one failed with; '' if there was none. */
  reason: string
}

export interface DeadDelivery extends Delivery { diedAtMs: number }

/** What the instance that delivers is to do. */
export interface Turn {
  /** What shows that it still is the one. */
  token: string
  /** How far the change log was read; '' for a new target. */
  cursor: string
  isDisabled: boolean
  /** The target asked to be left alone for this time. */
  pausedMs: number
  /** Deliveries that wait, and those of them that are due. */
  waiting: number
  due: number
  /** undefined: none waits for a later time. */
  nextDueInMs: number | undefined
  deliveries: Delivery[]
}

export interface TargetStatus {
  waiting: number
  dead: number
  /** Dead deliveries that were dropped for newer ones, and times when the change log did not hold what followed. */
  dropped: number
  gaps: number
  isFailing: boolean
  failure: string | null
  /** Unix seconds. */
  succeededAt: number | null
  failedAt: number | null
  gapAt: number | null
  disabledAt: number | null
  pausedUntil: number | null
  /** The last ones, the newest first. */
  deadDeliveries: DeadDelivery[]
}

export type Attempt =
  | { result: 'delivered' }
  | { result: 'failed', reason: string, delayMs: number, pauseMs: number }
  | { result: 'dead', reason: string, pauseMs: number }
  | { result: 'gone', reason: string, fingerprint: string }

/** The deliveries of one target, which all instances share. What is called with a token is not done when another instance has taken over. */
export function createWebhookStore (scripts: Scripts, keys: Keys, target: string) {
  const all = keys.webhook(target)
  const [state] = all

  async function retrySome (ids: readonly number[]): Promise<{ dead: number, waiting: number, ids: number[] }> {
    const [dead, waiting, ...retried] = await scripts.webhook_retry(all, [RETRY_MAX, ...ids]) as [number, number, ...string[]]
    return { dead, waiting, ids: retried.map(Number) }
  }

  return {
    /** undefined: another instance delivers. */
    async turn (owner: string, { leaseMs, fingerprint, dueMax, delayMaxMs }: { leaseMs: number, fingerprint: string, dueMax: number, delayMaxMs: number }): Promise<Turn | undefined> {
      const reply = await scripts.webhook_turn(all, [owner, leaseMs, fingerprint, dueMax, delayMaxMs]) as (string | number)[]
      if (reply.length === 0) return undefined
      const [token, cursor, disabled, pausedMs, waiting, due, nextDueInMs, ...flat] = reply as [string, string, number, number, number, number, number, ...string[]]
      return {
        token,
        cursor,
        isDisabled: disabled === 1,
        pausedMs,
        waiting,
        due,
        nextDueInMs: nextDueInMs < 0 ? undefined : nextDueInMs,
        deliveries: pairsOf(flat).flatMap(([id, text]) => toDelivery(id, text) ?? []),
      }
    },

    /**
     * @param soonMs one that replaces an older version is sent in this time at the latest
     * @returns false: another instance has taken over, and nothing was done
     */
    async accept (token: string, cursor: string, notifications: readonly Notification[], { hasGap, soonMs }: { hasGap: boolean, soonMs: number }): Promise<boolean> {
      const flat = notifications.flatMap(({ ticketId, version, epoch, type }) => [ticketId, version, epoch, type])
      return await scripts.webhook_accept(all, [token, cursor, hasGap ? '1' : '', soonMs, ...flat]) === 1
    },

    /** @returns dead deliveries that were dropped; undefined: another instance has taken over, and nothing was done */
    async record (token: string, { ticketId, version, epoch }: Delivery, attempt: Attempt): Promise<number | undefined> {
      const { reason = '', delayMs = 0, pauseMs = 0, fingerprint = '' } = attempt as Partial<Record<'reason' | 'fingerprint', string> & Record<'delayMs' | 'pauseMs', number>>
      const dropped = await scripts.webhook_record(all, [token, ticketId, version, epoch, attempt.result, reason, delayMs, pauseMs, DEAD_MAX, fingerprint]) as number
      return dropped < 0 ? undefined : dropped
    },

    /** Makes these due, and enables the target. Resolves with those that were dead or waited. */
    retry: async (ids: readonly number[]): Promise<number[]> => (await retrySome(ids)).ids,

    /** The same with all. Resolves with their number. */
    async retryAll (): Promise<number> {
      let count = 0
      for (let call = 0; call < RETRY_CALLS_MAX; call += 1) {
        const { dead, waiting } = await retrySome([])
        count += dead + waiting
        if (dead < RETRY_MAX && waiting < RETRY_MAX) break
      }
      return count
    },

    leave: async (token: string): Promise<void> => { await scripts.webhook_leave([state], [token]) },

    /** @param deadMax dead deliveries that are told at most */
    async status (deadMax: number): Promise<TargetStatus> {
      const [now, waiting, dead, fields, deadDeliveries] = await scripts.webhook_status(all, [deadMax]) as [string, number, number, string[], string[]]
      return { waiting, dead, ...toStatus(Object.fromEntries(pairsOf(fields)), Number(now)), deadDeliveries: toDead(deadDeliveries) }
    },
  }
}

export type WebhookStore = ReturnType<typeof createWebhookStore>

const pairsOf = (flat: readonly string[]): [string, string][] =>
  flat.flatMap((first, i) => i % 2 === 0 ? [[first, flat[i + 1]!] as [string, string]] : [])

const DELIVERY = /^(\d+) (\S+) (\S+) (\d+) ?(.*)$/s

/** undefined: another program has put there what is none. */
function toDelivery (id: string, text: string): Delivery | undefined {
  const [, version, epoch, type, attempts, reason] = DELIVERY.exec(text) ?? []
  if (version === undefined || !/^\d+$/.test(id)) return undefined
  return { ticketId: Number(id), version: Number(version), epoch: epoch!, type: type!, attempts: Number(attempts), reason: reason! }
}

function toDead (flat: readonly string[]): DeadDelivery[] {
  return flat.flatMap((id, i) => {
    const delivery = i % 3 === 0 ? toDelivery(id, flat[i + 2]!) : undefined
    return delivery ? [{ ...delivery, diedAtMs: Number(flat[i + 1]) }] : []
  })
}

function toStatus (fields: Partial<Record<string, string>>, nowS: number) {
  const time = (name: string) => fields[name] === undefined ? null : Number(fields[name])
  const pausedUntil = Math.ceil(Number(fields.paused_until_ms ?? 0) / 1000)
  return {
    dropped: Number(fields.dropped ?? 0),
    gaps: Number(fields.gaps ?? 0),
    isFailing: fields.is_failing === '1',
    failure: fields.failure ?? null,
    succeededAt: time('succeeded_at'),
    failedAt: time('failed_at'),
    gapAt: time('gap_at'),
    disabledAt: time('disabled_at'),
    pausedUntil: pausedUntil > nowS ? pausedUntil : null,
  }
}
