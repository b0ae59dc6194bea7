import fp from 'fastify-plugin'
import type { Config } from '../src/config.ts'
import { measureJournal } from '../src/metrics/journal.ts'
import { measureStores } from '../src/metrics/stores.ts'
import { measureSync } from '../src/metrics/sync.ts'

/** Has the metrics of what is behind the routes: listens to what it tells, and asks it at each scrape. */
export default fp<{ config: Config }>(async (app, { config }) => {
  const { metrics, redis, mysql, tickets, flusher } = app
  measureStores(metrics, { redis, mysql, changes: tickets.changes })
  measureSync(metrics, { flusher, partitions: tickets.all })
  measureJournal(metrics, { ...tickets, isUsed: config.FALLBACK === 'mysql' })
}, { name: 'measurements', dependencies: ['metrics', 'redis', 'mysql', 'tickets', 'flusher'] })
