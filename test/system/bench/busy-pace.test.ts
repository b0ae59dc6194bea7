import t from 'tap'
import { createPace } from '../../../bench/lib/busy-pace.mjs'

/** A service whose answers take 2 ms, and whose requests cost more CPU when there are few. */
function serve (pauseMs: number, cpu: (rate: number) => number | undefined) {
  const rate = 64_000 / (pauseMs + 2)
  return { rate, scripts: 0, commands: 0, to_redis_bytes: 0, from_redis_bytes: 0, aof_bytes: 0, statements: 0, service_cpu_us: cpu(rate) }
}

t.test('the pace follows from how busy the service was, not from its rate', async t => {
  const cpu = (rate: number) => 40 + 400_000 / rate
  const pace = createPace({ connections: 64, busy: 0.6, fullRate: 20_000 })
  for (let slice = 0; slice < 10; slice += 1) pace.learn(serve(pace.pauseMs(), cpu))
  const { rate } = serve(pace.pauseMs(), cpu)
  t.ok(Math.abs(rate * cpu(rate) / 1e6 - 0.6) < 0.005, `${rate} requests/s`)
  t.ok(rate < 0.55 * 20_000)
})

t.test('where CPU is not counted, it is the share of the rate', async t => {
  const pace = createPace({ connections: 64, busy: 0.6, fullRate: 20_000 })
  for (let slice = 0; slice < 10; slice += 1) pace.learn(serve(pace.pauseMs(), () => undefined))
  t.ok(Math.abs(serve(pace.pauseMs(), () => undefined).rate - 12_000) < 60)
})

t.test('a service that cannot be made busy enough is asked without pauses', async t => {
  const pace = createPace({ connections: 64, busy: 0.6, fullRate: 20_000 })
  for (let slice = 0; slice < 10; slice += 1) pace.learn(serve(pace.pauseMs(), () => 1))
  t.equal(pace.pauseMs(), 0.1)
})
