import type { Erasures } from '../erasure/erasures.ts'
import type { TicketEvents } from '../tickets/events.ts'
import { singleFlight } from '../util/async.ts'
import { SCRAPE_TIMEOUT_MS, type Metrics } from './metrics.ts'

const ALL_SAY = 'read from MySQL at the scrape, the same at all instances; absent when MySQL does not say'

/** Customers who are to be erased. */
export function measureErasures (metrics: Metrics, { erasures, events }: { erasures: Pick<Erasures, 'backlog'>, events: TicketEvents }) {
  const read = singleFlight(() => erasures.backlog(SCRAPE_TIMEOUT_MS))
  metrics.gauge({
    name: 'tickets_erasures_open',
    help: `Erasures that are not done; ${ALL_SAY}`,
    read: async () => (await read()).open,
  })
  metrics.gauge({
    name: 'tickets_oldest_erasure_age_seconds',
    help: `How long ago the oldest erasure that is not done was asked for, 0 when there is none; ${ALL_SAY}`,
    read: async () => (await read()).oldestSeconds,
  })
  const erased = metrics.counter({
    name: 'tickets_erased_total',
    help: 'Tickets of which erasures made tombstones at this instance',
  })
  events.on('erased', tickets => { erased.inc(tickets) })
}
