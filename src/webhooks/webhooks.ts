import { createHash, randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../config.ts'
import type { Changes } from '../read-through/changes.ts'
import type { Shard } from '../redis/servers.ts'
import { repeatableScripts } from '../store/scripts.ts'
import { createWebhookStore, type TargetStatus } from '../store/webhook-store.ts'
import { createKeys } from '../tickets/keys.ts'
import type { Partitioning } from '../tickets/partitioning.ts'
import type { ChangeSignal } from '../util/change-signal.ts'
import { DELIVERIES_AT_ONCE, createDeliverer, type Result } from './deliverer.ts'
import { createSchedule } from './schedule.ts'
import { createSender } from './sender.ts'
import { shownUrl, type Target } from './targets.ts'

/** What becomes of deliveries of this instance, by target. */
export type WebhookEvents = EventEmitter<{
  attempted: [target: string, result: Result, ms: number]
  dropped: [target: string, deliveries: number]
  gap: [target: string]
}>

export interface WebhooksOptions {
  config: Config
  targets: readonly Target[]
  shards: readonly Shard[]
  partitioning: Partitioning
  changes: Changes
  signal: ChangeSignal
  log: FastifyBaseLogger
  /** Aborts when deliveries that are under way are not to be waited for any longer. */
  ending: AbortSignal
}

/** A target as operators see it. */
export interface Webhook extends TargetStatus {
  name: string
  url: string
  events: string[]
}

/** All targets. What is kept of one is in one place, so that its keys are in one slot; those of a Cluster are spread over its partitions. */
export function createWebhooks ({ config, targets, shards, partitioning, changes, signal, log, ending }: WebhooksOptions) {
  const events: WebhookEvents = new EventEmitter()
  const owner = randomUUID()
  const schedule = createSchedule(config.WEBHOOK_RETRY_SECONDS)

  const all = targets.map(target => {
    const shard = shards[placeOf(target.name, shards.length)]!
    const store = createWebhookStore(repeatableScripts(shard), createKeys(config.KEY_PREFIX, shard.tag), target.name)
    const deliverer = createDeliverer({
      target,
      owner,
      store,
      changes,
      partitioning,
      signal,
      sender: createSender(target, { timeoutMs: config.WEBHOOK_TIMEOUT_MS, connectionsMax: DELIVERIES_AT_ONCE }),
      schedule,
      leaseMs: config.FLUSH_LEASE_MS,
      told: {
        attempted: (result, ms) => { events.emit('attempted', target.name, result, ms) },
        dropped: deliveries => { events.emit('dropped', target.name, deliveries) },
        gap: () => { events.emit('gap', target.name) },
      },
      log,
      ending,
    })
    return {
      name: target.name,
      deliverer,
      store,
      status: async (deadMax: number): Promise<Webhook> => ({ name: target.name, url: shownUrl(target), events: [...target.events], ...await store.status(deadMax) }),
    }
  })

  const find = (name: string) => all.find(each => each.name === name)

  return {
    on: events.on.bind(events),
    names: all.map(({ name }) => name),

    /** @throws {Problem} store_unavailable */
    list: (): Promise<Webhook[]> => Promise.all(all.map(({ status }) => status(0))),

    /**
     * undefined: there is no such target.
     * @param deadMax dead deliveries that are told at most
     */
    read: async (name: string, deadMax: number): Promise<Webhook | undefined> => await find(name)?.status(deadMax),

    /**
     * Sends dead deliveries, and those that wait, again, and enables the target.
     * @param ids of tickets; undefined: all
     * @returns how many, and the ids of which there is no delivery; undefined: there is no such target
     */
    async retry (name: string, ids: readonly number[] | undefined): Promise<{ redriven: number, missing?: number[] } | undefined> {
      const found = find(name)
      if (!found) return undefined
      const { store, deliverer } = found
      try {
        if (!ids) return { redriven: await store.retryAll() }
        const redriven = new Set(await store.retry(ids))
        return { redriven: redriven.size, missing: ids.filter(id => !redriven.has(id)) }
      } finally {
        deliverer.wake()
      }
    },

    start () { for (const { deliverer } of all) deliverer.start() },

    /** What is under way ends; the rest is the next instance's. */
    stop: async (): Promise<void> => { await Promise.all(all.map(({ deliverer }) => deliverer.stop())) },
  }
}

export type Webhooks = ReturnType<typeof createWebhooks>

/** Where the state of a target is. */
function placeOf (name: string, count: number): number {
  return createHash('sha1').update(name).digest().readUInt32BE() % count
}
