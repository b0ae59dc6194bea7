import { connect } from 'node:net'
import t from 'tap'
import { createService } from '../../helper.ts'
import { scrape, type Scrape } from './scrape.ts'

const requests = (found: Scrape, method: string, route: string, status: number) =>
  found.value(`tickets_http_request_duration_seconds_count{method="${method}",route="${route}",status="${status}"}`)

/** Those of the service: of the others, some come and go. */
const ticketSeries = (found: Scrape) => [...found.samples.keys()].filter(series => series.startsWith('tickets_'))

t.test('requests are counted by route, method and status, in their time', async t => {
  const { app, call } = await createService(t)
  for (const id of [1, 2, 3]) await call('POST', `/tickets/${id}`, { customer_id: 1 })
  await call('POST', '/tickets/1', { customer_id: 1 })
  await call('POST', '/tickets/4', {})
  await call('PATCH', '/tickets/1', { subject: 'x' })
  await call('GET', '/tickets/1')
  await app.inject({ method: 'HEAD', url: '/tickets/1' })
  await call('GET', '/tickets?ids=1,2')
  await call('PUT', '/tickets/1')
  await call('GET', '/nothing')

  const found = await scrape(app)
  t.strictSame([
    requests(found, 'POST', '/tickets/:id', 201), requests(found, 'POST', '/tickets/:id', 409), requests(found, 'POST', '/tickets/:id', 400),
    requests(found, 'PATCH', '/tickets/:id', 200), requests(found, 'GET', '/tickets/:id', 200), requests(found, 'HEAD', '/tickets/:id', 200),
    requests(found, 'GET', '/tickets', 200), requests(found, 'PUT', 'none', 405), requests(found, 'GET', 'none', 404),
  ], [3, 1, 1, 1, 1, 1, 1, 1, 1])
  t.equal(requests(found, 'GET', '/metrics', 200), undefined, 'a scrape is counted when it is answered')
  t.equal(requests(await scrape(app), 'GET', '/metrics', 200), 1)

  const labels = 'method="POST",route="/tickets/:id",status="201"'
  const buckets = [...found.samples].filter(([series]) => series.startsWith(`tickets_http_request_duration_seconds_bucket{${labels}`))
  t.strictSame(buckets.map(([series]) => /le="(.+)"/.exec(series)![1]), ['0.0005', '0.001', '0.0025', '0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'])
  t.equal(buckets.at(-1)![1], 3)
  t.ok(buckets.every(([, count], i) => i === 0 || count >= buckets[i - 1]![1]), 'each bucket contains those below')
  const sum = found.value(`tickets_http_request_duration_seconds_sum{${labels}}`)!
  t.ok(sum > 0 && sum < 10, 'in seconds')
})

t.test('no caller adds a series: ids, unknown paths and methods', async t => {
  const { app } = await createService(t)
  async function ask (n: number) {
    // Each time from another address: wrong paths and methods are limited.
    const call = (method: string, url: string, payload?: object) => app.inject({ method: method as 'GET', url, payload, remoteAddress: `192.0.2.${n}` })
    await call('GET', `/tickets/${n}`)
    await call('POST', `/tickets/${n}`, { customer_id: n })
    await call('GET', `/nonsense/${n}`)
    await call('POST', `/journal/${n}/apply`)
    for (const method of ['PROPFIND', 'TRACE', 'LOCK', 'PURGE']) await call(method, `/tickets/${n}`)
  }
  await ask(1)
  await scrape(app)
  const { length } = ticketSeries(await scrape(app))
  for (let n = 2; n <= 50; n += 1) await ask(n)
  const found = await scrape(app)
  t.equal(ticketSeries(found).length, length)
  t.equal(requests(found, 'other', 'none', 405), 200)
  t.equal(requests(found, 'GET', 'none', 404), 50)
  t.notMatch(found.text, /nonsense|PROPFIND|tickets\/\d/)
})

t.test('answers that were problems are counted by their code', async t => {
  const { app, call } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  await call('POST', '/tickets/1', { customer_id: 1 })
  await call('GET', '/tickets/99')
  await call('GET', '/tickets/98')
  await call('GET', '/tickets/0')
  await call('PUT', '/tickets/1')
  await call('GET', '/nothing')
  await app.inject({ method: 'POST', url: '/tickets/2', headers: { 'content-type': 'application/json' }, payload: '{' })
  await call('POST', '/tickets/batch', { operations: [{ op: 'create', ticket_id: 1, customer_id: 1 }, { op: 'create', ticket_id: 3, customer_id: 1 }, { op: 'create', ticket_id: 1, customer_id: 1 }] })
  app.tickets.repository.read = () => { throw new Error('unforeseen') }
  await call('GET', '/tickets/1')

  const found = await scrape(app)
  const counts = Object.fromEntries(found.of('tickets_problems_total').map(series => [/code="(.+)"/.exec(series)![1], found.value(series)]))
  t.strictSame(Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)),
    { ticket_exists: 3, ticket_not_found: 2, validation_failed: 2, method_not_allowed: 1, not_found: 1, internal_error: 1 })
  t.match(counts, { store_unavailable: 0, overloaded: 0 }, 'those that did not occur are there, with 0')
})

t.test('requests that no route saw are counted by what was wrong with them', async t => {
  const { app } = await createService(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  // Who is refused may have sent more than was read: the connection is reset then.
  const open = () => connect(port, '127.0.0.1').on('error', () => {})
  for (const text of [
    'hello\r\n\r\n', 'FOO / HTTP/1.1\r\nHost: x\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    'GET /tickets/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  ]) {
    const socket = open()
    socket.resume().end(text)
    await new Promise(resolve => { socket.once('close', resolve) })
  }
  app.server.emit('clientError', Object.assign(new Error(), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), open())
  app.server.emit('clientError', Object.assign(new Error(), { code: 'ECONNRESET' }), open())
  const found = await scrape(app)
  t.strictSame(found.of('tickets_http_refused_total').map(series => [/reason="(.+)"/.exec(series)![1], found.value(series)]),
    [['not_http', 2], ['too_slow', 1], ['headers_too_large', 1], ['bad_path', 1]])
})
