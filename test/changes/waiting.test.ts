import { get, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { createService, createStores, eventually, privateRedis, type Service } from '../helper.ts'
import { journaling, ready } from '../outages/journal.ts'

const waitingFor = (service: Service, count: number) => eventually(async () => {
  if (service.app.tickets.changeSignal.waiting() !== count) throw new Error(`${service.app.tickets.changeSignal.waiting()} wait`)
})

interface Event { event?: string, id?: string, data?: string }

/** A client of the events, at a socket of its own. */
async function subscribe (t: Test, { app }: Service, query = '', headers: Record<string, string> = {}) {
  if (!app.server.listening) await app.listen({ port: 0 })
  const request = get({ port: (app.server.address() as AddressInfo).port, path: `/changes${query}`, headers: { accept: 'text/event-stream', ...headers }, agent: false })
  t.teardown(() => request.destroy())
  const [response] = await once(request, 'response') as [IncomingMessage]
  const events: Event[] = []
  let comments = 0
  let rest = ''
  const ended = new Promise(resolve => response.on('close', resolve))
  request.on('error', () => {})
  response.on('error', () => {})
  response.setEncoding('utf8').on('data', (text: string) => {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop()!
    for (const block of blocks) {
      if (block.startsWith(':')) comments += 1
      else events.push(Object.fromEntries(block.split('\n').map(line => line.split(/: (.*)/s).slice(0, 2))) as Event)
    }
  })
  return {
    response,
    request,
    events,
    ended,
    comments: () => comments,
    /** Resolves with the changes when there are this many, and a cursor behind them. */
    changes: (count: number) => eventually(async () => {
      const changes = events.filter(({ event }) => event === 'change')
      if (changes.length < count || events.at(-1)?.id === undefined) throw new Error(`${changes.length} changes`)
      return changes.map(({ data }) => JSON.parse(data!) as { ticket_id: number, version: number, deleted: boolean, ticket: { subject?: string } | null })
    }),
    lastId: () => events.findLast(({ id }) => id !== undefined)!.id!,
  }
}

t.test('a poll waits for a change of this instance or another, and no longer than it said', async t => {
  const stores = await createStores(t)
  const service = await createService(t, {}, stores)
  const other = await createService(t, {}, stores)
  const { body: { next_cursor: cursor } } = await service.call('GET', '/changes?since=now')
  for (const writer of [service, other]) {
    const polls = Array.from({ length: 20 }, () => service.call('GET', '/changes?since=now&wait=30'))
    await waitingFor(service, 20)
    const id = writer === service ? 1 : 2
    await writer.call('POST', `/tickets/${id}`, { customer_id: 1 })
    for (const { status, body } of await Promise.all(polls)) t.match([status, body], [200, { changes: [{ ticket_id: id }], has_more: false }])
  }
  const { body } = await service.call('GET', '/changes?since=now&wait=1')
  t.match(body, { changes: [], has_more: false })
  t.equal((await service.call('GET', `/changes?since=${cursor}&wait=30`)).body.changes.length, 2, 'what is there is not waited for')
})

t.test('all who wait cost Redis one look, not one each', async t => {
  const service = await createService(t)
  const { app, call } = service
  let calls = 0
  app.redis.calls.on('ended', name => { if (name === 'changes') calls += 1 })
  const polls = Array.from({ length: 50 }, () => call('GET', '/changes?since=now&wait=4'))
  await waitingFor(service, 50)
  await Promise.all(polls)
  // Each for its cursor, its first page, and once more after the first look; the looks, one a second.
  t.ok(calls > 0 && calls <= 50 * 3 + 8, `${calls} calls`)
})

t.test('polls end when the service stops, with what they have', async t => {
  const service = await createService(t)
  const poll = service.call('GET', '/changes?since=now&wait=30')
  await waitingFor(service, 1)
  const stream = await subscribe(t, service, '?since=now')
  await service.app.close()
  t.match(await poll, { status: 200, body: { changes: [], has_more: false } })
  await stream.ended
  t.ok(stream.response.complete, 'the stream was ended, not cut off')
})

t.test('events: a snapshot, then changes as they come; the last id is where another connection goes on', async t => {
  const service = await createService(t)
  const { call } = service
  await eventually(async () => { if ((await call('GET', '/changes')).status !== 200) throw new Error('the indexes are not built') })
  for (const id of [1, 2, 3]) await call('POST', `/tickets/${id}`, { customer_id: 1 })
  const first = await subscribe(t, service, '?limit=2')
  t.match(first.response.headers, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
  t.strictSame((await first.changes(3)).map(({ ticket_id: id }) => id), [1, 2, 3])
  await waitingFor(service, 1)
  await call('PATCH', '/tickets/2', { subject: 'new' })
  t.match((await first.changes(4))[3], { ticket_id: 2, deleted: false, ticket: { subject: 'new' } })
  const id = first.lastId()
  first.request.destroy()
  await waitingFor(service, 0)

  await call('DELETE', '/tickets/3')
  const second = await subscribe(t, service, '?limit=2', { 'last-event-id': id })
  t.match(await second.changes(1), [{ ticket_id: 3, deleted: true, ticket: null }])
  // A poll goes on where events end, too.
  t.match((await call('GET', `/changes?since=${id}`)).body.changes, [{ ticket_id: 3, deleted: true }])
})

t.test('events: 410 at the start; later an event that says it, and the end', async t => {
  const service = await createService(t)
  const { call, redis, prefix } = service
  await call('POST', '/tickets/1', { customer_id: 1 })
  const stream = await subscribe(t, service, '?since=now')
  await waitingFor(service, 1)
  const id = await eventually(async () => stream.lastId())
  await redis.del(`${prefix}tickets:changes`)
  await call('PATCH', '/tickets/1', { subject: 'x' })
  await stream.ended
  t.match(stream.events.at(-1), { event: 'cursor_expired', data: /"status":410/ })
  t.match((await subscribe(t, service, '', { 'last-event-id': id })).response, { statusCode: 410, headers: { 'content-type': 'application/problem+json' } })
})

t.test('events go on after an outage of Redis', async t => {
  const redis = await privateRedis(t)
  const service = await createService(t, {}, await createStores(t, { redis: redis.url }))
  await service.call('POST', '/tickets/1', { customer_id: 1 })
  const stream = await subscribe(t, service, '?since=now')
  await waitingFor(service, 1)
  await redis.kill()
  await journaling(service)
  await eventually(async () => { if (stream.comments() === 0) throw new Error('no sign of life') })
  await redis.restart()
  await ready(service, 'ready')
  await service.call('PATCH', '/tickets/1', { subject: 'after' })
  t.match((await stream.changes(1)).at(-1), { ticket_id: 1, ticket: { subject: 'after' } })
})

t.test('503 for a caller whose share of those who wait is taken; others have theirs', async t => {
  const [greedy, other] = [createApiKey('greedy', 'read'), createApiKey('other', 'read')]
  const service = await createService(t, { API_KEYS: `${greedy.entry},${other.entry}` })
  const { call, app } = service
  const poll = (key: string) => call('GET', '/changes?since=now&wait=30', undefined, { authorization: `Bearer ${key}` })
  const polls = Array.from({ length: 1000 }, () => poll(greedy.key))
  await waitingFor(service, 1000)
  t.match(await poll(greedy.key), { status: 503, body: { code: 'overloaded' }, headers: { 'retry-after': '1' } })
  t.match(await app.metrics.registry.metrics(), /^tickets_changes_clients 1000$/m)
  const theirs = poll(other.key)
  await waitingFor(service, 1001)
  await service.app.close()
  for (const { status } of await Promise.all([theirs, ...polls])) if (status !== 200) t.equal(status, 200)
})

t.test('a client that reads no events has one page in memory', async t => {
  const service = await createService(t)
  const { call, app } = service
  await eventually(async () => { if ((await call('GET', '/changes')).status !== 200) throw new Error('the indexes are not built') })
  const large = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`field_${i}`, 'x'.repeat(1024)]))
  for (let id = 1; id <= 300; id += 15) await call('POST', '/tickets/batch', { operations: Array.from({ length: 15 }, (_, i) => ({ op: 'create', ticket_id: id + i, customer_id: 1, custom_fields: large })) })
  let pages = 0
  const { page } = app.tickets.changes
  app.tickets.changes.page = async (...args) => {
    pages += 1
    return await page(...args)
  }
  const stream = await subscribe(t, service, '?limit=20')
  stream.response.pause()
  await eventually(async () => { if (pages < 2) throw new Error('nothing is read') })
  const before = pages
  t.ok(before < 15, `${before} of 15 pages`)
  stream.response.resume()
  t.equal((await stream.changes(300)).length, 300)
})
