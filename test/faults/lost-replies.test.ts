import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t from 'tap'
import { asService } from '../../scripts/lib/redis-users.mjs'
import { eventually, privateRedis } from '../helper.ts'
import { cycles } from './harness/cycles.ts'
import { startProxy } from './harness/proxy.ts'
import { createRig } from './harness/rig.ts'

const WRITERS = 8
const LOST_REPLIES = 12
const CHANGES_PER_TICKET = 4
const REPEAT_AFTER_MS = 20

/** What a caller may be told while replies are lost. */
const EXPECTED = ['outcome_unknown', 'store_unavailable']

interface Result { status: number, version: number, error?: { code: string } }

t.test('Redis does the work and its reply is lost: repeated with one key, every write is made once', async t => {
  const server = await privateRedis(t, { config: { 'notify-keyspace-events': 'Kh' } })
  const proxy = await startProxy(t, asService(server.url))
  const rig = await createRig(t, { redis: server.url })
  // No flush: what changes a ticket here is the callers' writes alone.
  const service = await rig.start({ REDIS_URL: proxy.url, FALLBACK: 'off', FLUSH_INTERVAL_MS: 3_600_000 })

  // Redis itself counts: a write sets the fields of its ticket's hash by one command.
  const changes = new Map<number, number>()
  const observer = new Redis(server.url)
  t.teardown(() => { observer.disconnect() })
  observer.on('pmessage', (_pattern, channel: string, event: string) => {
    const id = Number(channel.split(':').at(-1))
    if (event === 'hset') changes.set(id, (changes.get(id) ?? 0) + 1)
  })
  await observer.psubscribe(`__keyspace@0__:${rig.stores.prefix}ticket:*`)

  await cycles(t, async name => {
    const progress = new EventEmitter()
    const versions = new Map<number, number[]>()
    let replays = 0
    let keys = 0
    let isOver = false

    /** Until it succeeds, with one key. Each answer says what became of every operation. */
    async function insist (method: string, path: string, body: object, resultsOf: (status: number, body: unknown) => Result[]): Promise<Result[]> {
      const key = { 'idempotency-key': `"${name}: ${++keys}"` }
      for (;;) {
        const answer = await rig.call(method, `${await service.url()}${path}`, body, key)
        const results = resultsOf(answer.status, answer.body)
        const failed = results.filter(({ status }) => status >= 300)
        const unexpected = failed.find(({ error }) => !EXPECTED.includes(error!.code))
        if (unexpected) throw new Error(`${method} ${path} was answered with ${unexpected.status} ${unexpected.error!.code}`)
        if (failed.length === 0) {
          if (answer.headers['idempotency-replayed']) replays += 1
          progress.emit('write')
          return results
        }
        await sleep(REPEAT_AFTER_MS)
      }
    }

    const single = (status: number, body: unknown): Result[] => [{ status, ...(status < 300 ? body as { version: number } : { version: 0, error: body as { code: string } }) }]
    const many = (_status: number, body: unknown) => (body as { results: Result[] }).results

    async function writeSingly (id: number) {
      const results = await insist('POST', `/tickets/${id}`, { customer_id: 1 }, single)
      for (let n = 1; n <= CHANGES_PER_TICKET; n += 1) results.push(...await insist('PATCH', `/tickets/${id}`, { custom_fields: { n } }, single))
      versions.set(id, results.map(({ version }) => version))
    }

    async function writeTogether (id: number) {
      const updates = Array.from({ length: CHANGES_PER_TICKET }, (_, i) => ({ op: 'update', ticket_id: id, custom_fields: { n: i + 1 } }))
      const results = await insist('POST', '/tickets/batch', { operations: [{ op: 'create', ticket_id: id, customer_id: 1 }, ...updates] }, many)
      versions.set(id, results.map(({ version }) => version))
    }

    async function loseReplies () {
      for (let lost = 0; lost < LOST_REPLIES; lost += 1) {
        const reply = proxy.holdReply(/"(create|update)"/)
        await reply.held
        reply.drop()
        // Some get through, so that there is an end.
        for (let written = 0; written < WRITERS; written += 1) await once(progress, 'write')
      }
      isOver = true
    }

    async function work (write: (id: number) => Promise<void>) {
      while (!isOver) await write(rig.ledger.nextId())
    }

    await Promise.all([loseReplies(), ...Array.from({ length: WRITERS }, (_, i) => work(i % 2 ? writeSingly : writeTogether))]).finally(() => { isOver = true })
    t.ok(replays > 0, `${name}: ${keys} requests, ${replays} were answered by a replay`)

    const expected = [...versions].map(([id]) => [id, 1 + CHANGES_PER_TICKET])
    await eventually(async () => {
      const counted = [...versions].map(([id]) => changes.get(id) ?? 0).reduce((sum, count) => sum + count, 0)
      if (counted < expected.length * (1 + CHANGES_PER_TICKET)) throw new Error(`${counted} changes have been counted`)
    })
    await observer.ping()
    t.strictSame([...versions].map(([id]) => [id, changes.get(id)]), expected, 'one change each')
    for (const [id, answered] of versions) {
      const { version } = (await rig.call('GET', `${await service.url()}/tickets/${id}`)).body as { version: number }
      if (answered.at(-1) !== version || answered.some((version, i) => i > 0 && version <= answered[i - 1]!)) t.fail(`ticket ${id}: answered ${answered.join()}, holds ${version}`)
    }
  })
})
