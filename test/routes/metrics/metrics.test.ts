import { readFile } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { createHistogram } from '../../../src/metrics/histogram.ts'
import { createService } from '../../helper.ts'
import { scrape } from './scrape.ts'

const TYPES = {
  tickets_build_info: 'gauge',
  tickets_changes_clients: 'gauge',
  tickets_http_request_duration_seconds: 'histogram',
  tickets_http_refused_total: 'counter',
  tickets_overloaded_total: 'counter',
  tickets_problems_total: 'counter',
  tickets_write_batch_size: 'histogram',
  tickets_redis_call_duration_seconds: 'histogram',
  tickets_redis_errors_total: 'counter',
  tickets_redis_up: 'gauge',
  tickets_redis_unsafe_settings: 'gauge',
  tickets_mysql_call_duration_seconds: 'histogram',
  tickets_mysql_errors_total: 'counter',
  tickets_mysql_up: 'gauge',
  tickets_unsynced: 'gauge',
  tickets_due: 'gauge',
  tickets_oldest_due_age_seconds: 'gauge',
  tickets_dead_letters: 'gauge',
  tickets_vanished_total: 'counter',
  tickets_mysql_lost_total: 'counter',
  tickets_resync_open: 'gauge',
  tickets_resync_tickets_total: 'counter',
  tickets_flushes_total: 'counter',
  tickets_flush_duration_seconds: 'histogram',
  tickets_flush_tickets_total: 'counter',
  tickets_index_builds_total: 'counter',
  tickets_indexes_whole: 'gauge',
  tickets_journal_entries: 'gauge',
  tickets_fallback_active: 'gauge',
  tickets_journal_full_total: 'counter',
  tickets_erasures_open: 'gauge',
  tickets_oldest_erasure_age_seconds: 'gauge',
  tickets_erased_total: 'counter',
  tickets_journaled_total: 'counter',
  tickets_replayed_total: 'counter',
  tickets_webhook_waiting: 'gauge',
  tickets_webhook_dead: 'gauge',
  tickets_webhook_disabled: 'gauge',
  tickets_webhook_deliveries_total: 'counter',
  tickets_webhook_duration_seconds: 'histogram',
  tickets_webhook_dropped_total: 'counter',
  tickets_webhook_gaps_total: 'counter',
  tickets_auth_failures_total: 'counter',
  tickets_rate_limited_total: 'counter',
  tickets_rate_limit_errors_total: 'counter',
  tickets_connections_dropped_total: 'counter',
  tickets_connections_displaced_total: 'counter',
  tickets_requests_over_share_total: 'counter',
  process_cpu_seconds_total: 'counter',
  process_resident_memory_bytes: 'gauge',
  nodejs_eventloop_lag_p99_seconds: 'gauge',
  nodejs_gc_duration_seconds: 'histogram',
}

t.test('every metric is there, with its help and its type', async t => {
  const { app } = await createService(t)
  const { status, contentType, types, helps, value, of } = await scrape(app)
  t.equal(status, 200)
  t.equal(contentType, 'text/plain; version=0.0.4; charset=utf-8')
  for (const [name, type] of Object.entries(TYPES)) {
    t.equal(types.get(name), type, name)
    t.ok(helps.has(name), name)
  }
  const { version } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }
  t.equal(value(`tickets_build_info{version="${version}",node="${process.version}"}`), 1)
  t.strictSame(of('tickets_write_batch_size_bucket').map(series => /le="(.+)"/.exec(series)![1]), ['1', '2', '5', '10', '20', '50', '100', '200', '500', '+Inf'])
})

t.test('docs/metrics.md has each of them, and no others', async t => {
  const page = await readFile(new URL('../../../docs/metrics.md', import.meta.url), 'utf8')
  const { types } = await scrape((await createService(t)).app)
  const own = [...types.keys()].filter(name => name.startsWith('tickets_')).sort()
  t.strictSame(own, Object.keys(TYPES).filter(name => name.startsWith('tickets_')).sort())
  t.strictSame([...page.matchAll(/`(tickets_\w+)`/g)].map(([, name = '']) => name).sort(), own)
})

t.test('two services in one process have their own numbers', async t => {
  const one = await createService(t)
  const other = await createService(t)
  await one.call('POST', '/tickets/1', { customer_id: 1 })
  await one.call('GET', '/tickets/2')
  const series = 'tickets_http_request_duration_seconds_count{method="POST",route="/tickets/:id",status="201"}'
  const [first, second] = [await scrape(one.app), await scrape(other.app)]
  t.strictSame([first.value(series), second.value(series)], [1, undefined])
  t.strictSame([first, second].map(({ value }) => value('tickets_unsynced')), [1, 0])
  t.strictSame([first, second].map(({ value }) => value('tickets_problems_total{code="ticket_not_found"}')), [1, 0])
  t.strictSame([first, second].map(({ value }) => value('tickets_write_batch_size_count')), [2, 0], 'the first create of a range makes two calls')
  const lag = 'nodejs_eventloop_lag_p99_seconds'
  t.equal(one.app.metrics.registry.getSingleMetric(lag), other.app.metrics.registry.getSingleMetric(lag), 'the process is measured once')
})

t.test('any plugin may add a counter', async t => {
  const { app } = await createService(t)
  const counter = app.metrics.counter({ name: 'tickets_added_total', help: 'Added', label: 'reason', values: ['one', 'other'] })
  counter.inc({ reason: 'one' })
  const { value, types } = await scrape(app)
  t.equal(types.get('tickets_added_total'), 'counter')
  t.strictSame([value('tickets_added_total{reason="one"}'), value('tickets_added_total{reason="other"}')], [1, 0])
})

t.test('a histogram: a value on a bound belongs to it, one above all bounds to +Inf', async t => {
  const histogram = createHistogram({ name: 'h', help: 'h', buckets: [1, 5] })
  const observe = histogram.series({ a: 'x' })
  for (const value of [0, 1, 1.1, 5, 6, 100]) observe(value)
  t.strictSame((await histogram.get()).values, [
    { metricName: 'h_bucket', labels: { a: 'x', le: 1 }, value: 2 },
    { metricName: 'h_bucket', labels: { a: 'x', le: 5 }, value: 4 },
    { metricName: 'h_bucket', labels: { a: 'x', le: '+Inf' }, value: 6 },
    { metricName: 'h_sum', labels: { a: 'x' }, value: 113.1 },
    { metricName: 'h_count', labels: { a: 'x' }, value: 6 },
  ])
})

t.test('a process whose service is closed ends by itself', async t => {
  const program = `
    import { buildApp } from './src/app.ts'
    import { loadConfig } from './src/config.ts'
    const app = await buildApp(loadConfig({ REDIS_URL: 'redis://127.0.0.1:1/0', MYSQL_URL: 'mysql://root@127.0.0.1:1/x', LOG_LEVEL: 'silent' }))
    await app.ready()
    const { statusCode } = await app.inject('/metrics')
    await app.close()
    process.stdout.write(String(statusCode))
  `
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program], { cwd: new URL('../../../', import.meta.url), stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => { child.kill('SIGKILL') })
  let text = ''
  child.stdout.on('data', data => { text += String(data) })
  t.strictSame((await once(child, 'exit'))[0], 0)
  t.equal(text, '200')
})
