import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { eventually, privateMariadb, privateRedis } from '../helper.ts'
import { compareIndexes } from '../lists/indexes.ts'
import { cycles } from './harness/cycles.ts'
import { startLoop } from './harness/gate.ts'
import { createRig } from './harness/rig.ts'
import { createWriter } from './harness/writers.ts'
import { createCopy, createPoller, followEvents } from './storm/consumer.ts'
import { asked, createLister } from './storm/lister.ts'
import { createTicketModel } from './storm/model.ts'
import { createReader } from './storm/reader.ts'
import { createRandomWriter, sample } from './storm/writers.ts'

const WRITERS = 8

/** Of what is done. In which order that of one comes between that of others is the machine's matter. */
const SEED = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** Takes a ticket that MySQL holds, too, out of Redis. */
const EVICT = "return redis.call('TTL', KEYS[1]) > 0 and redis.call('DEL', KEYS[1]) or 0"

t.test(`lists, counts and changes while tickets are written, deleted and flushed, and each process is killed (FAULT_SEED=${SEED})`, async t => {
  const redis = await privateRedis(t, { appendfsync: 'always' })
  const mariadb = await privateMariadb(t, { flushLogAtCommit: 1 })
  const rig = await createRig(t, { redis: redis.url, mysql: mariadb.url })
  const { ledger, stores } = rig
  const model = createTicketModel()
  // The answer of a write that is journaled says nothing of the ticket. What was evicted is put back by a read, and is there at the check.
  const variables = { FALLBACK: 'off', READ_CACHE_SECONDS: 86_400, FLUSH_INTERVAL_MS: 300 }
  const instances = await Promise.all([rig.start(variables), rig.start(variables)])
  const random = sample(fc.nat(), SEED)
  const upTo = (n: number) => random.next().value % n
  const url = async () => await instances[upTo(2)]!.url()
  const read = createReader(rig.call, url)
  const lister = createLister(read, model)
  const writer = createWriter(rig.call, ledger, url)
  const questions = sample(asked, SEED)
  const find = (finding: string) => { ledger.find(finding) }
  const note = async (findings: AsyncIterable<string>) => { for await (const finding of findings) find(finding) }
  const done = { lists: 0, counts: 0, flushes: 0, evictions: 0 }

  const copies = ['a consumer of pages', 'another', 'a consumer of events'].map(name => createCopy(name, find))
  const pollers = copies.slice(0, 2).map((copy, i) => createPoller(read, copy, find, SEED + i))
  const ending = new AbortController()
  t.teardown(() => { ending.abort() })
  const follow = async () => { while (!ending.signal.aborted) await followEvents(await url(), copies[2]!, upTo(40), ending.signal) }
  follow().catch((error: unknown) => { find(`the consumer of events ended: ${String(error)}`) })

  const work = [
    ...Array.from({ length: WRITERS }, (_, i) => createRandomWriter(writer, ledger, model, SEED + i)),
    ...Array.from({ length: 2 }, () => async () => {
      await note(lister.walk(questions.next().value))
      done.lists += 1
    }),
    async () => {
      await note(lister.count(questions.next().value))
      // From Redis alone.
      await note(lister.count({ filters: {}, by: 'status' }))
      done.counts += 1
    },
    async () => {
      const ids = model.ids()
      const one = ids[upTo(ids.length)] ?? 1
      // Seldom: while nothing is brought to MySQL, lists ask it beside Redis.
      const flush = [{}, { scope: 'all' }, { ticket_ids: [one] }][upTo(10)]
      if (flush && (await rig.call('POST', `${await url()}/flush`, flush)).status === 200) done.flushes += 1
      await note(lister.look([one]))
      for (let i = 0; i < 10; i += 1) done.evictions += await stores.redis.eval(EVICT, 1, `${stores.prefix}ticket:${ids[upTo(ids.length)]}`) as number
    },
    ...pollers.map(({ take }) => async () => { await take() }),
  ]
  const loops = work.map(once => startLoop(once, error => { find(`a loop ended: ${String(error)}`) }))
  const pause = async () => { await Promise.all(loops.map(loop => loop.pause())) }
  t.teardown(pause)

  async function killService () {
    const instance = instances[upTo(2)]!
    await instance.kill()
    await instance.start()
  }
  async function killRedis () {
    await redis.kill()
    await redis.restart()
  }
  async function killMysql () {
    await mariadb.kill()
    await ledger.acknowledged(200)
    await mariadb.restart()
  }
  const faults = [killService, killRedis, killMysql, async () => { await Promise.all([killRedis(), killService()]) }]
  let cycle = 0

  await cycles(t, async name => {
    for (const loop of loops) loop.resume()
    copies[1]!.lose()
    for (const [fault] of faults.map(fault => [fault, upTo(2 ** 31)] as const).sort(([, a], [, b]) => a - b)) {
      await ledger.acknowledged(1000)
      await fault()
      await ledger.acknowledged(200)
    }
    await pause()
    const compare = async (when: string) => {
      const findings: string[] = []
      const take = async (found: AsyncIterable<string> | Iterable<string>) => { for await (const finding of found) findings.push(finding) }
      for (const filters of [{}, { status: ['open'] }, { assigned_to: [0, 7] }, { customer_id: 1 }, { status: ['closed', 'pending'], assigned_to: [8] }]) {
        for (const sort of ['ticket_id', '-ticket_id', 'created_at', '-created_at'] as const) await take(lister.walk({ filters, sort, limit: 100 }))
        for (const by of ['status', 'assigned_to', 'priority'] as const) await take(lister.count({ filters, by }))
      }
      await take(lister.look(model.ids()))
      t.strictSame(findings.slice(0, 20), [], `${name}, ${when}: lists, counts and tickets are those of the model`)
    }
    await compare('quiet')
    await eventually(async () => { assert.deepEqual(...await compareIndexes(stores)) })
    for (const { takeAll } of pollers) await takeAll()
    await eventually(async () => {
      const [finding] = copies[2]!.compare(model)
      if (finding) throw new Error(finding)
    })
    cycle += 1
    t.strictSame(copies.map(copy => copy.snapshots()), [1, 1 + cycle, 1], `${name}: a cursor holds over every kill, and who has lost it begins anew`)
    t.strictSame(copies.flatMap(copy => [...copy.compare(model)]).slice(0, 20), [], `${name}: consumers hold the same`)
    await rig.check(t, instances[0]!, `${name}, ${JSON.stringify(done)}, ${model.ids().length} tickets`)
    await compare('all in MySQL')
  })
  for (const [what, times] of Object.entries(done)) t.ok(times > 0, `${times} ${what}`)
})
