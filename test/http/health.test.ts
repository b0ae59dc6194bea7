import t from 'tap'
import { createService } from '../helper.js'

t.test('all is well', async t => {
  const { call } = await createService(t)
  t.match(await call('GET', '/health/live'), { status: 200, body: { status: 'ok' } })
  t.match(await call('GET', '/health/ready'), {
    status: 200,
    body: { status: 'ready', redis: { state: 'up', latency_ms: Number }, mysql: { state: 'up', latency_ms: Number } },
  })
})
