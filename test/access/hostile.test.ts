import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import t from 'tap'
import { createService, type Service } from '../helper.ts'
import { bodies } from './hostile/bodies.ts'
import { exchange, send, type Answer } from './hostile/client.ts'
import { framing } from './hostile/framing.ts'
import { headers } from './hostile/headers.ts'
import { EXISTING, KEY, KEY_ENTRY, raw, rawPost, type Entry } from './hostile/table.ts'
import { targets } from './hostile/targets.ts'

/** The service as it listens in production, with a ticket in Redis and one in MySQL. */
async function createTarget (t: Parameters<typeof createService>[0], variables = {}) {
  const service = await createService(t, { API_KEYS: KEY_ENTRY, LOG_LEVEL: 'debug', ...variables })
  await service.app.listen({ port: 0, host: '127.0.0.1' })
  const authorization = `Bearer ${KEY}`
  await service.call('POST', `/tickets/${EXISTING}`, { customer_id: 1, subject: 'a private matter', status: 'open' }, { authorization })
  await service.call('POST', '/tickets/6', { customer_id: 1, status: 'closed' }, { authorization })
  await service.call('POST', '/flush', undefined, { authorization })
  return { ...service, port: (service.app.server.address() as AddressInfo).port }
}

/** All that is stored, but for the counters of failures. */
async function stored ({ redis, sql, prefix }: Service) {
  const keys = (await redis.keys(`${prefix}*`)).filter(key => !key.startsWith(`${prefix}limit:`)).sort()
  const values = await Promise.all(keys.map(async key => [key, (await redis.dumpBuffer(key))?.toString('base64')]))
  const [rows] = await sql.query('SELECT * FROM wp_support_tickets ORDER BY ticket_id')
  const [entries] = await sql.query('SELECT * FROM wp_support_tickets_journal ORDER BY seq')
  return JSON.stringify({ values, rows, entries })
}

/** `status code connection`, as the table says it. */
function describe ({ answers, isClosed }: Awaited<ReturnType<typeof exchange>>): string {
  const connection = isClosed ? 'closed' : 'open'
  if (answers.length === 0) return `- - ${connection}`
  return answers.map(({ status, headers, body }) => {
    const isProblem = headers.get('content-type') === 'application/problem+json'
    return `${status} ${isProblem ? (JSON.parse(body) as { code: string }).code : '-'} ${connection}`
  }).join(' and ')
}

const MEMBERS = ['type', 'title', 'status', 'detail', 'code', 'request_id', 'errors']

/** What is said to somebody hostile says what is wrong, and nothing else. */
function checkAnswer (t: Parameters<typeof createService>[0], { status, headers, body }: Answer) {
  t.notMatch(body, /node_modules|\.(ts|js):\d|\bat .*\(|private matter|tms_/, 'no stack, no text of customers, no key')
  t.notOk([...headers.values()].some(value => value.includes(KEY)))
  // eslint-disable-next-line no-control-regex -- they are what must not be there
  t.notMatch(body, /[\0-\x1f\x7f-\x9f]/, 'no control characters')
  t.ok(body.isWellFormed())
  t.equal(headers.get('x-content-type-options'), 'nosniff')
  t.match(headers.get('content-security-policy'), "default-src 'none'")
  if (status < 400) return
  const problem = JSON.parse(body) as { request_id: string, status: number, detail: string }
  t.ok(Object.keys(problem).every(name => MEMBERS.includes(name)))
  t.equal(problem.status, status)
  t.ok(problem.detail.isWellFormed(), 'no half of a character')
  t.match(problem.request_id, /^[A-Za-z0-9._:-]{1,64}$/)
  // Where no route saw the request, there is none.
  if (problem.request_id !== 'none') t.equal(headers.get('x-request-id'), problem.request_id)
  t.ok(body.length < 2000, 'what was sent is not sent back')
}

for (const [part, entries] of Object.entries({ framing, targets, headers, bodies })) {
  t.test(`hostile requests: ${part}`, async t => {
    const service = await createTarget(t)
    const { port, redis, prefix, lines } = service
    t.equal(new Set(entries.map(({ name }) => name)).size, entries.length, 'each has its name')

    for (const { name, request, expected, isHalfClosed, pointer } of entries as Entry[]) {
      await t.test(name, async t => {
        // The failures of one address are limited, which is for another test.
        await redis.del(`${prefix}limit:failures:127.0.0.1`)
        const logged = lines.raw.length
        const before = await stored(service)
        const outcome = typeof request === 'string' || Buffer.isBuffer(request)
          ? await exchange(port, request, { isHalfClosed })
          : await send(port, request)
        t.equal(describe(outcome), expected)
        for (const answer of outcome.answers) checkAnswer(t, answer)
        if (pointer !== undefined) t.match(JSON.parse(outcome.answers[0]!.body), { errors: [{ pointer }] })

        const health = await send(port, { method: 'GET', path: '/health/live' })
        t.match(health.answers, [{ status: 200, body: '{"status":"ok"}' }], 'the service is well')
        t.equal(await stored(service), before, 'nothing was written')
        for (const line of lines.raw.slice(logged)) checkLine(t, line)
      })
    }
  })
}

/** One line of JSON that no terminal obeys, without a key and without an error of ours. */
function checkLine (t: Parameters<typeof createService>[0], line: string) {
  // eslint-disable-next-line no-control-regex -- they are what must not be there
  t.match(line, /^[^\0-\x1f\x7f-\x9f\u2028\u2029]+\n$/)
  t.notOk(line.includes(KEY) || line.includes('private matter'))
  t.ok((JSON.parse(line) as { level: number }).level < 40, line)
}

/** Requests that stop, and how far they have come. */
const slow: [string, string, string][] = [
  ['a connection that says nothing', '', '408 request_timeout closed'],
  ['half a request line', 'GET /fl', '408 request_timeout closed'],
  ['headers without an end', raw('GET /flush HTTP/1.1').slice(0, -4), '408 request_timeout closed'],
  ['a body that does not come', rawPost(['Content-Length: 17']), '408 request_timeout closed'],
  ['half a body', rawPost(['Content-Length: 17'], '{"customer'), '408 request_timeout closed'],
  ['a chunk that does not come', rawPost(['Transfer-Encoding: chunked'], '11\r\n{"customer'), '408 request_timeout closed'],
  ['chunks without an end', rawPost(['Transfer-Encoding: chunked'], '11\r\n{"customer_id":1}\r\n'), '408 request_timeout closed'],
  ['a second request that stops', `${raw('GET /tickets/0 HTTP/1.1')}GET /fl`, '400 validation_failed closed and 408 request_timeout closed'],
]

t.test('slow requests are not waited for', async t => {
  const service = await createTarget(t)
  const { server } = service.app
  t.ok(server.headersTimeout > 0 && server.headersTimeout <= 10_000)
  t.ok(server.requestTimeout > 0 && server.requestTimeout <= 30_000)
  const before = await stored(service)
  const [headersTimeout, requestTimeout] = [server.headersTimeout, server.requestTimeout]
  // What has begun is too late at once. Node looks every second, as in production.
  Object.assign(server, { headersTimeout: 1, requestTimeout: 1 })
  const outcomes = await Promise.all(slow.map(([, bytes]) => exchange(service.port, bytes, { isProbed: false })))
  Object.assign(server, { headersTimeout, requestTimeout })
  slow.forEach(([name, , expected], i) => {
    t.equal(describe(outcomes[i]!), expected, name)
    for (const answer of outcomes[i]!.answers) checkAnswer(t, answer)
  })
  t.match((await send(service.port, { method: 'GET', path: '/health/live' })).answers, [{ status: 200 }])
  t.equal(await stored(service), before, 'nothing was written')
})

t.test('who does not close a connection that is refused is not waited for', async t => {
  const { app, port } = await createTarget(t)
  const connected = once(app.server, 'connection') as Promise<Socket[]>
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(() => client.destroy())
  client.write('hello\r\n\r\n')
  client.resume()
  await once(client, 'end')
  const [connection] = await connected
  t.ok(connection!.timeout! > 0 && connection!.timeout! <= 10_000)
})
