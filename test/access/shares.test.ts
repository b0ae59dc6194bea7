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

/** Asks for the tickets of a batch, some times in a row, and reads nothing of the answers: the system takes the first of them. */
function ask (t: Test, port: number, times = 1): Socket {
  const socket = connect(port, '127.0.0.1').pause()
  socket.on('error', () => {})
  t.teardown(() => { socket.destroy() })
  socket.write(`GET /tickets?ids=${Array.from({ length: TICKETS }, (_, i) => i + 1).join()} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${noisy.key}\r\n\r\n`.repeat(times))
  return socket
}

/** Writes and reads as a quiet caller until `isOver`; resolves with the statuses. */
async function beQuiet (call: Awaited<ReturnType<typeof startShared>>['asQuiet'], isOver: () => boolean) {
  const statuses = new Map<string, number>()
  for (let id = 1_000_000; !isOver() || statuses.size === 0; id += 1) {
    for (const [method, path, body] of [['POST', `/tickets/${id}`, { customer_id: 1 }], ['PATCH', `/tickets/${id}`, { subject: 'x' }], ['GET', `/tickets/${id}`], ['GET', `/tickets?ids=${id}`]] as const) {
      const { status } = await call(method, path, body)
      const key = `${method} ${status}`
      statuses.set(key, (statuses.get(key) ?? 0) + 1)
    }
  }
  return [...statuses.keys()].sort()
}

t.test('who leaves answers unread is refused, and nobody else', async t => {
  const { port, asNoisy, asQuiet, overloads } = await startShared(t)
  t.equal((await asNoisy('POST', '/tickets/batch', batch(1))).status, 200)
  const sockets: Socket[] = []
  let isOver = false
  const quietly = beQuiet(asQuiet, () => isOver)
  await eventually(async () => {
    sockets.push(ask(t, port, 4), ask(t, port, 4))
    // Whatever it asks for.
    const { body } = await asNoisy('POST', '/tickets/2000000', { customer_id: 1 })
    if (body.code === 'overloaded' && (await asNoisy('GET', '/tickets/1')).body.code === 'overloaded') return
    throw new Error('it may still ask')
  })
  isOver = true
  t.strictSame(await quietly, ['GET 200', 'PATCH 200', 'POST 201'])
  const { caller, late, ...others } = await overloads()
  // Late is what has waited behind its own reads.
  t.ok(caller, `${caller} times its share, ${late} times late`)
  t.strictSame(others, {})
  for (const socket of sockets) socket.destroy()
  await eventually(async () => { if ((await asNoisy('GET', '/tickets/1')).status !== 200) throw new Error('its answers still count') })
  t.equal((await asNoisy('GET', '/tickets?ids=1,2')).status, 200, 'when the clients are gone, their answers are')
})

t.test('who drops answers does not make Redis seem unavailable', async t => {
  const { port, asNoisy, asQuiet } = await startShared(t)
  t.equal((await asNoisy('POST', '/tickets/batch', batch(1))).status, 200)
  let isOver = false
  const quietly = beQuiet(asQuiet, () => isOver)
  for (let round = 0; round < 5; round += 1) {
    const sockets = Array.from({ length: 4 }, () => ask(t, port))
    await Promise.all(sockets.map(async socket => { await new Promise(resolve => { socket.once('readable', resolve).once('close', resolve) }) }))
    for (const socket of sockets) socket.destroy()
  }
  isOver = true
  t.strictSame(await quietly, ['GET 200', 'PATCH 200', 'POST 201'])
})

t.test('four writers of the largest batches do not make another caller wait for the journal', async t => {
  const { asNoisy, asQuiet, overloads } = await startShared(t)
  let isOver = false
  const quietly = beQuiet(asQuiet, () => isOver)
  const written = await Promise.all([0, 1, 2, 3].map(async writer => {
    const from = 1 + writer * TICKETS
    return [(await asNoisy('POST', '/tickets/batch', batch(from))).status, (await asNoisy('POST', '/tickets/batch', batch(from, 'update'))).status]
  }))
  isOver = true
  t.strictSame(new Set(written.flat()), new Set([200]), 'nor are they refused')
  t.strictSame(await quietly, ['GET 200', 'PATCH 200', 'POST 201'])
  t.strictSame(await overloads(), {})
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
