import t from 'tap'
import { createService } from '../../helper.ts'

t.test('all is well', async t => {
  const { call } = await createService(t)
  t.match(await call('GET', '/health/live'), { status: 200, body: { status: 'ok' } })
  t.match(await call('GET', '/health/ready'), {
    status: 200,
    body: { status: 'ready', redis: { state: 'up', latency_ms: Number }, mysql: { state: 'up', latency_ms: Number } },
  })
})

t.test('however many ask, the stores are asked once at a time', async t => {
  const { app, call } = await createService(t)
  const { ping } = app.redis
  let pings = 0
  let answer = () => {}
  const held = new Promise<void>(resolve => { answer = resolve })
  app.redis.ping = async () => {
    pings += 1
    await held
    return await ping()
  }
  const asked = Array.from({ length: 20 }, () => call('GET', '/health/ready'))
  await call('GET', '/health/live')
  answer()
  t.ok((await Promise.all(asked)).every(({ status, body }) => status === 200 && body.status === 'ready'))
  t.equal(pings, 1)
  await call('GET', '/health/ready')
  t.equal(pings, 2)
})

t.test('who asks for readiness writes nothing to the log', async t => {
  const { app, call, lines } = await createService(t, { FALLBACK: 'off' })
  // The last line of the start.
  await lines.waitFor(({ msg }) => /indexes of the unsynced tickets were built/.test(msg))
  app.redis.ping = () => Promise.reject(new Error('not connected'))
  for (const { connection } of app.tickets.shards.all) connection.isReady = () => false
  const { length } = lines.all
  t.equal((await call('GET', '/health/ready')).status, 503)
  t.strictSame(lines.all.slice(length), [])
})
