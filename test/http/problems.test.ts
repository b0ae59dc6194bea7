import { connect } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { createService } from '../helper.ts'

t.test('404 and 405', async t => {
  const { call } = await createService(t)
  for (const url of ['/', '/nope', '/tickets/1/2', '/resync/nothing', '/TICKETS']) {
    t.match(await call('GET', url), { status: 404, headers: { 'content-type': 'application/problem+json' }, body: { code: 'not_found' } }, url)
  }
  for (const [method, url, allow] of [
    ['PUT', '/tickets/1', 'DELETE, GET, HEAD, PATCH, POST'], ['DELETE', '/tickets', 'GET, HEAD'], ['POST', '/tickets', 'GET, HEAD'],
    ['OPTIONS', '/flush', 'GET, HEAD, POST'], ['POST', '/health/live', 'GET, HEAD'],
  ] as const) {
    const answer = await call(method, url)
    t.match(answer, { status: 405, headers: { allow, 'content-type': 'application/problem+json' }, body: { code: 'method_not_allowed' } }, `${method} ${url}`)
  }
})

t.test('a path that is not served is no failure of the service', async t => {
  const { call } = await createService(t)
  t.match(await call('GET', '/docs/static/a%00b'), { status: 404, body: { code: 'not_found' } })
  t.equal((await call('GET', `/tickets/${'1'.repeat(200)}`)).text.length < 500, true, 'a long path is not sent back')
})

t.test('every problem has the same members', async t => {
  const { call } = await createService(t)
  const { body } = await call('GET', '/tickets/0')
  t.strictSame(Object.keys(body), ['type', 'title', 'status', 'detail', 'code', 'request_id', 'errors'])
  t.not((await call('GET', '/tickets/0')).body.request_id, body.request_id, 'each request has its id')
})

t.test('a failure of the service says nothing of its inside, and is logged whole', async t => {
  const { call, app, lines } = await createService(t)
  app.tickets.repository.read = () => { throw new Error('secret: SELECT * FROM wp_support_tickets') }
  const answer = await call('GET', '/tickets/1')
  t.match(answer, { status: 500, body: { code: 'internal_error' } })
  t.notMatch(answer.text, /secret|SELECT|stack|at /)
  const line = await lines.waitFor(({ level }) => level === 50)
  t.match(line, { request_id: answer.body.request_id, err: { cause: { message: /secret/, stack: /problems\.test/ } } })
})

t.test('what customers write is not logged with an error of a driver', async t => {
  const { call, redis, prefix, lines } = await createService(t, { FALLBACK: 'off' })
  await redis.set(`${prefix}tickets:due`, 'not a sorted set')
  const answer = await call('POST', '/tickets/1', { customer_id: 1, subject: 'a private matter' })
  t.match(answer, { status: 503, body: { code: 'store_unavailable' } })
  t.equal(await redis.exists(`${prefix}ticket:1`), 0, 'nothing is written that could not be marked')
  t.equal((await call('POST', '/flush')).status, 503)
  t.ok(await lines.waitFor(({ reason }) => /WRONGTYPE/.test(String(reason))))
  t.notMatch(JSON.stringify(lines.all), /a private matter/)
})

t.test('an answer is never the one of another request', async t => {
  const { app } = await createService(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as { port: number }).port, '127.0.0.1')
  let answer = ''
  socket.on('data', data => { answer += data.toString() })
  socket.on('error', () => {})
  const body = '{"customer_id":1}'
  socket.write(`POST /tickets/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}GARBAGE\r\n\r\n`)
  await once(socket, 'close')
  t.notMatch(answer, /^HTTP\/1.1 400/, 'the first request may have been applied, so it is not answered with 400')
})

t.test('requests that no route sees', async t => {
  const { app } = await createService(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }

  async function send (text: string): Promise<string> {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.on('data', data => { answer += data.toString() })
    socket.end(text)
    await once(socket, 'close')
    return answer
  }
  for (const [name, text, status, code] of [
    ['no HTTP', 'hello\r\n\r\n', 400, 'validation_failed'],
    ['a path that cannot be decoded', 'GET /tickets/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400, 'validation_failed'],
    ['too many headers', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
    ['two lengths', 'POST /tickets/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}', 400, 'validation_failed'],
  ] as const) {
    const answer = await send(text)
    t.match(answer, new RegExp(`^HTTP/1.1 ${status} `), name)
    t.match(answer, /content-type: application\/problem\+json/i, name)
    t.match(JSON.parse(answer.slice(answer.indexOf('{'))), { status, code }, name)
  }
})
