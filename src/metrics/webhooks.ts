import { singleFlight, withTimeout } from '../util/async.ts'
import type { Webhook, Webhooks } from '../webhooks/webhooks.ts'
import { SCRAPE_TIMEOUT_MS, type Metrics } from './metrics.ts'

const ALL_SAY = 'read from Redis at the scrape, the same at all instances; absent when Redis does not say'

/** An answer may take all of WEBHOOK_TIMEOUT_MS (15 s). */
const BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30]

/** What the targets of webhooks are told, and how far they are behind. The label `target` is a name of WEBHOOKS. */
export function measureWebhooks (metrics: Metrics, webhooks: Pick<Webhooks, 'names' | 'on' | 'list'>) {
  const { names } = webhooks
  const read = singleFlight(() => withTimeout(SCRAPE_TIMEOUT_MS, () => webhooks.list()))
  const gauge = (name: string, help: string, valueOf: (webhook: Webhook) => number) => {
    metrics.gauge({
      name,
      help: `${help}; ${ALL_SAY}`,
      read: async () => (await read()).map(webhook => ({ labels: { target: webhook.name }, value: valueOf(webhook) })),
    })
  }
  gauge('tickets_webhook_waiting', 'Deliveries that have not been made yet, by target', ({ waiting }) => waiting)
  gauge('tickets_webhook_dead', 'Deliveries that were given up and are kept, by target', ({ dead }) => dead)
  gauge('tickets_webhook_disabled', '1: the target has answered 410, and is told nothing until POST /webhooks/:name/retry', ({ disabledAt }) => Number(disabledAt !== null))

  const deliveries = metrics.counterBy({
    name: 'tickets_webhook_deliveries_total',
    help: 'Attempts of this instance by target, and how they ended: delivered (2xx), failed (to be made again), dead (given up)',
    labels: { target: names, result: ['delivered', 'failed', 'dead'] },
  })
  const seconds = metrics.histogramBy<string>('target', {
    name: 'tickets_webhook_duration_seconds',
    help: 'Attempts of this instance, from the look-up of the name to the end of the answer',
    buckets: BUCKETS,
  })
  const dropped = metrics.counter({
    name: 'tickets_webhook_dropped_total',
    help: 'Dead deliveries that this instance has dropped, because newer ones took their place',
    label: 'target',
    values: names,
  })
  const gaps = metrics.counter({
    name: 'tickets_webhook_gaps_total',
    help: 'How often this instance has found that the change log did not hold what a target was to be told of next',
    label: 'target',
    values: names,
  })
  webhooks.on('attempted', (target, result, ms) => {
    deliveries.inc({ target, result })
    seconds(target, ms / 1000)
  })
  webhooks.on('dropped', (target, count) => { dropped.inc({ target }, count) })
  webhooks.on('gap', target => { gaps.inc({ target }) })
}
