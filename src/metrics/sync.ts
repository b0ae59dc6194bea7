import type { WriteBehind } from '../sync/write-behind.ts'
import type { TicketEvents } from '../tickets/events.ts'
import { singleFlight, withTimeout } from '../util/async.ts'
import { SCRAPE_TIMEOUT_MS, type Metrics } from './metrics.ts'

const ALL_SAY = 'read from Redis at the scrape, the same at all instances; absent when Redis does not say'

const RESULTS = ['claimed', 'synced', 'retried', 'dead'] as const

const toNumber = (is: boolean | undefined) => is === undefined ? undefined : Number(is)

/** How far MySQL is behind, and what is done about it. */
export function measureSync (metrics: Metrics, { sync, events, isListed }: { sync: Pick<WriteBehind, 'on' | 'backlog'>, events: TicketEvents, isListed: boolean }) {
  const read = singleFlight(async () => {
    const backlog = await withTimeout(SCRAPE_TIMEOUT_MS, () => sync.backlog())
    // A part of a sum would look like good news.
    return backlog.unreachable > 0 ? undefined : backlog
  })
  metrics.gauge({
    name: 'tickets_unsynced',
    help: `Tickets whose newest version is not in MySQL; ${ALL_SAY}`,
    read: async () => (await read())?.unsynced,
  })
  metrics.gauge({
    name: 'tickets_due',
    help: `Unsynced tickets whose time to be pushed has come; ${ALL_SAY}`,
    read: async () => (await read())?.due,
  })
  metrics.gauge({
    name: 'tickets_oldest_due_age_seconds',
    help: `How long the oldest due ticket has been waiting, 0 when none is due; ${ALL_SAY}`,
    read: async () => {
      const backlog = await read()
      return backlog && (backlog.oldest_due_age_ms ?? 0) / 1000
    },
  })
  metrics.gauge({
    name: 'tickets_dead_letters',
    help: `Tickets that MySQL refused for good; ${ALL_SAY}`,
    read: async () => (await read())?.dead,
  })

  metrics.gauge({
    name: 'tickets_indexes_whole',
    help: `1: the indexes of the unsynced tickets are whole, so that lists and counts can be answered; 0: they are to be built, or being built; absent with LISTS=off; ${ALL_SAY}`,
    read: async () => toNumber(isListed ? (await read())?.isIndexed : undefined),
  })
  const builds = metrics.counter({
    name: 'tickets_index_builds_total',
    help: 'How often this instance has built the indexes of the unsynced tickets anew, in a Cluster those of a partition, or could not (failed)',
    label: 'outcome',
    values: ['built', 'failed'],
  })
  events.on('indexed', outcome => { builds.inc({ outcome }) })

  const flushes = metrics.counter({
    name: 'tickets_flushes_total',
    help: 'Flushes of this instance that have ended',
    label: 'outcome',
    values: ['ok', 'error'],
  })
  const flushSeconds = metrics.histogram({
    name: 'tickets_flush_duration_seconds',
    help: 'Flushes of this instance, with all their batches',
    // A flush goes on until nothing is due: after an outage, for minutes.
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  })
  const flushed = metrics.counter({
    name: 'tickets_flush_tickets_total',
    help: 'Tickets that flushes of this instance took (claimed), and what became of them: synced, retried (refused by MySQL, to be tried again), dead (for good)',
    label: 'result',
    values: RESULTS,
  })
  sync.on('flushed', flush => {
    flushes.inc({ outcome: flush.error === null ? 'ok' : 'error' })
    flushSeconds(flush.duration_ms / 1000)
  })
  // By batch: beside requests a pass over a large backlog takes minutes.
  sync.on('pushed', counts => {
    for (const result of RESULTS) flushed.inc({ result }, counts[result])
  })
}
