import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { createStores, eventually } from '../helper.ts'
import { startServer } from '../server-process.ts'

/** 50 KB in the fields of one ticket: as many as it may have. */
const custom_fields = Object.fromEntries(Array.from({ length: 49 }, (_, i) => [`f${i}`, 'x'.repeat(1024)]))

/** A batch of almost 4 MiB. */
const TICKETS = 80

const [noisy, quiet] = [createApiKey('noisy', 'read+write+ops'), createApiKey('quiet', 'read+write+ops')]

/** A service in a process of its own, and two callers. */
async function startShared (t: Test) {
  const stores = await createStores(t)
  const { url, line } = startServer(t, {
    ...stores.variables,
    API_KEYS: `${noisy.entry},${quiet.entry}`,
    // A machine that runs many tests is slow, and what they ask for is not refused for that.
    MAX_EVENT_LOOP_DELAY_MS: 86_400_000,
  })
  const base = await url()
  await line(/its tickets were compared/)
  const as = ({ key }: { key: string }) => async (method: string, path: string, body?: object) => {
    const response = await fetch(base + path, { method, headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) }, ...(body && { body: JSON.stringify(body) }) })
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a route answers is what the test looks at
    return { status: response.status, body: await response.json().catch(() => undefined) as any }
  }
  /** Those of a counter that are not 0, by what its label says. */
  async function overloads (): Promise<Record<string, number>> {
    const metrics = await (await fetch(`${base}/metrics`, { headers: { authorization: `Bearer ${quiet.key}` } })).text()
    return Object.fromEntries([...metrics.matchAll(/^tickets_overloaded_total\{reason="(\w+)"\} ([1-9]\d*)$/gm)].map(([, reason, count]) => [reason, Number(count)]))
  }
  return { port: Number(new URL(base).port), asNoisy: as(noisy), asQuiet: as(quiet), overloads, prefix: stores.prefix, redis: stores.redis }
}

const batch = (from: number, op: 'create' | 'update' = 'create') => ({ operations: Array.from({ length: TICKETS }, (_, i) => ({ op, ticket_id: from + i, ...(op === 'create' && { customer_id: 1 }), custom_fields })) })

/** Sends requests in a row, and reads nothing of their answers: the system takes the first of them. */
function ask (t: Test, port: number, requests: readonly string[]): Socket {
  const socket = connect(port, '127.0.0.1').pause()
  socket.on('error', () => {})
  t.teardown(() => { socket.destroy() })
  socket.write(requests.map(request => {
    const [line, body = ''] = request.split(' with ')
    return `${line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${noisy.key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  }).join(''))
  return socket
}

const LIST = `GET /tickets?ids=${Array.from({ length: TICKETS }, (_, i) => i + 1).join()}`

/** Writes and reads as a quiet caller until what is returned is called, which resolves with the statuses. */
function beQuiet (t: Test, call: Awaited<ReturnType<typeof startShared>>['asQuiet']) {
  let isOver = false
  const statuses = new Set<string>()
  async function work () {
    for (let id = 1_000_000; !isOver || statuses.size === 0; id += 1) {
      for (const [method, path, body] of [['POST', `/tickets/${id}`, { customer_id: 1 }], ['PATCH', `/tickets/${id}`, { subject: 'x' }], ['GET', `/tickets/${id}`], ['GET', `/tickets?ids=${id}`]] as const) {
        const { status } = await call(method, path, body)
        statuses.add(`${method} ${status}`)
      }
    }
    return [...statuses].sort()
  }
  const working = work()
  const end = async () => {
    isOver = true
    return await working
  }
  // A test that fails before it calls this leaves no requests for which nobody waits.
  t.teardown(end)
  return end
}

for (const [name, request, times] of [['a ticket', 'GET /tickets/1', 150], ['a change', 'PATCH /tickets/1 with {"subject":"x"}', 150], ['a list', LIST, 4]] as const) {
  t.test(`who leaves the answers to ${name} unread is refused, and nobody else`, async t => {
    const { port, asNoisy, asQuiet, overloads } = await startShared(t)
    t.equal((await asNoisy('POST', '/tickets/batch', batch(1))).status, 200)
    const endQuiet = beQuiet(t, asQuiet)
    const sockets: Socket[] = []
    // The system takes some megabytes of the answers on each connection, so that they may fit once more after some were refused.
    while ((await overloads()).caller === undefined) sockets.push(ask(t, port, Array.from({ length: times }, () => request)))
    t.strictSame(await endQuiet(), ['GET 200', 'PATCH 200', 'POST 201'])
    const { caller, ...others } = await overloads()
    t.ok(caller, 'it held its share')
    t.strictSame(others, {})
    for (const socket of sockets) socket.destroy()
    await eventually(async () => { if ((await asNoisy('GET', '/tickets/1')).status !== 200) throw new Error('its answers still count') })
    t.equal((await asNoisy('GET', '/tickets?ids=1,2')).status, 200, 'when the clients are gone, their answers are')
  })
}

t.test('who drops answers does not make Redis seem unavailable', async t => {
  const { port, asNoisy, asQuiet } = await startShared(t)
  t.equal((await asNoisy('POST', '/tickets/batch', batch(1))).status, 200)
  const endQuiet = beQuiet(t, asQuiet)
  for (let round = 0; round < 5; round += 1) {
    const sockets = Array.from({ length: 4 }, () => ask(t, port, [LIST]))
    await Promise.all(sockets.map(async socket => { await new Promise(resolve => { socket.once('readable', resolve).once('close', resolve) }) }))
    for (const socket of sockets) socket.destroy()
  }
  t.strictSame(await endQuiet(), ['GET 200', 'PATCH 200', 'POST 201'])
})

t.test('four writers of the largest batches do not make another caller wait for the journal', async t => {
  const { asNoisy, asQuiet, overloads } = await startShared(t)
  const endQuiet = beQuiet(t, asQuiet)
  const written = await Promise.all([0, 1, 2, 3].map(async writer => {
    const from = 1 + writer * TICKETS
    return [(await asNoisy('POST', '/tickets/batch', batch(from))).status, (await asNoisy('POST', '/tickets/batch', batch(from, 'update'))).status]
  }))
  t.strictSame(new Set(written.flat()), new Set([200]), 'nor are they refused')
  t.strictSame(await endQuiet(), ['GET 200', 'PATCH 200', 'POST 201'])
  t.strictSame(await overloads(), {})
})

t.test('who sends large batches and is gone before they are carried out is in nobody\'s way', async t => {
  const { port, asQuiet } = await startShared(t)
  const body = JSON.stringify(batch(1))
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(Array.from({ length: 4 }, async () => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      await new Promise<void>(resolve => { socket.write(`POST /tickets/batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${noisy.key}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () => { resolve() }) })
      socket.destroy()
    }))
  }
  t.equal((await asQuiet('POST', '/tickets/batch', batch(1000))).status, 200)
})

t.test('a body without a length counts as it arrives', async t => {
  const { port, asNoisy, asQuiet } = await startShared(t)
  const answers: string[] = []
  // Each of them almost a batch that never ends.
  const sockets = Array.from({ length: 12 }, () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    t.teardown(() => { socket.destroy() })
    socket.setEncoding('utf8').on('data', (text: string) => { answers.push(text) })
    socket.write(`POST /tickets/batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${noisy.key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`)
    const part = 'x'.repeat(0xffff)
    for (let i = 0; i < 60; i += 1) socket.write(`ffff\r\n${part}\r\n`)
    return socket
  })
  await eventually(async () => { if (!answers.some(answer => answer.includes('"overloaded"'))) throw new Error('all are taken') })
  t.equal((await asQuiet('POST', '/tickets/1', { customer_id: 1 })).status, 201)
  for (const socket of sockets) socket.destroy()
  await eventually(async () => { if ((await asNoisy('GET', '/tickets/1')).status !== 200) throw new Error('they still count') })
})
