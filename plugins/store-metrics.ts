import fp from 'fastify-plugin'
import type { Config } from '../src/config.ts'
import { measureErasures } from '../src/metrics/erasures.ts'
import { measureJournal } from '../src/metrics/journal.ts'
import { measureLosses } from '../src/metrics/losses.ts'
import { measureStores } from '../src/metrics/stores.ts'
import { measureSync } from '../src/metrics/sync.ts'
import { measureWebhooks } from '../src/metrics/webhooks.ts'

/** Has the metrics of what is behind the routes: listens to what it tells, and asks it at each scrape. */
export default fp<{ config: Config }>(async (app, { config }) => {
  const { metrics, redis, mysql, tickets: { events, sync, journal, erasures, webhooks } } = app
  events.on('refused', app.countOverload)
  measureStores(metrics, { redis, mysql, events })
  measureSync(metrics, { sync, events, isListed: config.LISTS === 'on' })
  measureLosses(metrics, { events, resync: sync.resync })
  measureErasures(metrics, { erasures, events })
  measureWebhooks(metrics, webhooks)
  measureJournal(metrics, { journal, events, isUsed: config.FALLBACK === 'mysql' })
}, { name: 'store-metrics', dependencies: ['metrics', 'overload', 'redis', 'mysql', 'tickets'] })
