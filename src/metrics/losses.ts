import type { Resync } from '../sync/resync.ts'
import type { TicketEvents } from '../tickets/events.ts'
import { singleFlight, withTimeout } from '../util/async.ts'
import { SCRAPE_TIMEOUT_MS, type Metrics } from './metrics.ts'

const RESULTS = ['compared', 'marked', 'loaded'] as const

/** What Redis and MySQL have lost, and what is done about it. */
export function measureLosses (metrics: Metrics, { events, resync }: { events: TicketEvents, resync: Pick<Resync, 'status'> }) {
  const vanished = metrics.counter({
    name: 'tickets_vanished_total',
    help: 'Unsynced tickets that this instance has found to be gone from Redis: it was emptied, lost its data or a part of it, or another program deleted their hashes',
  })
  const mysqlLost = metrics.counter({
    name: 'tickets_mysql_lost_total',
    help: 'How often this instance has found that MySQL lacks tickets that it had acknowledged: it was restored from a backup, its table was emptied or is another one, or a failover lost writes',
  })
  const compared = metrics.counter({
    name: 'tickets_resync_tickets_total',
    help: 'Tickets that resyncs of this instance have compared with MySQL, those that they made due because MySQL lacks them (marked), and those that they loaded from it because it holds a newer version',
    label: 'result',
    values: RESULTS,
  })
  const status = singleFlight(() => withTimeout(SCRAPE_TIMEOUT_MS, () => resync.status()))
  metrics.gauge({
    name: 'tickets_resync_open',
    help: '1: all tickets are to be compared with MySQL, or are being compared; read from Redis at the scrape, the same at all instances; absent when Redis does not say',
    read: async () => Number((await status()).state !== 'idle'),
  })

  events.on('vanished', tickets => { vanished.inc(tickets) })
  events.on('mysqlLost', () => { mysqlLost.inc() })
  events.on('compared', counts => { for (const result of RESULTS) compared.inc({ result }, counts[result]) })
}
