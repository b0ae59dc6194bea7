import t from 'tap'
import { bucketsOf, parseMetrics, quantile, sumOf } from '../../routes/ops/metrics.js'
import { NO_TRAFFIC, createTrafficMeter } from '../../routes/ops/traffic.js'

t.test('the text format of Prometheus', async t => {
  const metrics = parseMetrics([
    '# HELP a What a is {not="a label"} 5',
    '# TYPE a counter',
    'a 1',
    'a{x="1",y="two words, {braces} and \\"quotes\\" \\\\ \\n"} 2.5 1764000000000',
    'b_bucket{le="+Inf"} 3',
    'c NaN',
    'c 1e3',
    '',
    'no sample',
  ].join('\n'))
  t.strictSame(metrics.get('a'), [{ labels: {}, value: 1 }, { labels: { x: '1', y: 'two words, {braces} and "quotes" \\ \n' }, value: 2.5 }])
  t.equal(sumOf(metrics, 'a'), 3.5)
  t.equal(sumOf(metrics, 'a', ({ x }) => x === '1'), 2.5)
  t.equal(sumOf(metrics, 'nothing'), 0)
  t.strictSame(bucketsOf(metrics, 'b'), [{ bound: Infinity, count: 3 }])
  t.equal(metrics.get('c')?.[1]?.value, 1000)
})

t.test('a quantile is that of histogram_quantile', async t => {
  const buckets = [{ bound: 0.1, count: 50 }, { bound: 0.2, count: 90 }, { bound: 0.4, count: 90 }, { bound: Infinity, count: 100 }]
  t.equal(quantile(0.5, buckets), 0.1)
  t.equal(quantile(0.25, buckets), 0.05)
  t.equal(quantile(0.7, buckets), 0.15000000000000002)
  t.equal(quantile(0.99, buckets), 0.4, 'beyond the last bound')
  t.equal(quantile(0.5, buckets.map(({ bound }) => ({ bound, count: 0 }))), null)
  t.equal(quantile(0.5, []), null)
})

t.test('traffic is the difference of two looks at one instance', async t => {
  const text = (start: number, writes: number, reads: number, other = 0) => parseMetrics([
    `process_start_time_seconds ${start}`,
    ...([['POST', '/tickets/:id', writes], ['GET', '/tickets', reads], ['GET', '/flush', other]] as const).flatMap(([method, route, count]) => [
      `tickets_http_request_duration_seconds_count{method="${method}",route="${route}",status="200"} ${count}`,
      `tickets_http_request_duration_seconds_bucket{le="0.01",method="${method}",route="${route}",status="200"} ${count}`,
      `tickets_http_request_duration_seconds_bucket{le="+Inf",method="${method}",route="${route}",status="200"} ${count}`,
    ]),
  ].join('\n'))
  const look = createTrafficMeter()
  t.strictSame(look(text(1, 10, 0), 0), NO_TRAFFIC, 'the first look')
  const { p99, ...rest } = look(text(1, 30, 4, 900), 2000)
  t.equal(p99?.toFixed(3), '9.900')
  t.strictSame(rest, { writes: 10, reads: 2, p50: 5 }, 'the requests of the page itself do not count')
  t.strictSame(look(text(2, 500, 0), 3000), NO_TRAFFIC, 'another instance')
  t.match(look(text(1, 36, 4), 5000), { writes: 2, reads: 0 }, 'the first one again')
  t.match(look(text(1, 36, 4), 7000), { writes: 0, reads: 0, p50: null, p99: null })
  t.strictSame(look(text(1, 3, 0), 9000), NO_TRAFFIC, 'it began anew')
  t.match(look(text(1, 5, 0), 11_000), { writes: 1 })
  t.strictSame(look(text(1, 50, 0), 60_000), NO_TRAFFIC, 'nobody looked for long')
})
