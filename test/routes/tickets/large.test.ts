import t, { type Test } from 'tap'
import { Problem } from '../../../src/errors.ts'
import { SCRIPTS } from '../../../src/store/scripts.ts'
import { createService, createStores, privateRedis, type Service } from '../../helper.ts'

/** Some 50 KB a ticket, as much as one may have. */
const custom_fields = Object.fromEntries(Array.from({ length: 49 }, (_, i) => [`f${i}`, 'x'.repeat(1024)]))

const COUNT = 120

const ids = Array.from({ length: COUNT }, (_, i) => i + 1)

async function createAll ({ call }: Pick<Service, 'call'>) {
  for (let from = 0; from < COUNT; from += 50) {
    const operations = ids.slice(from, from + 50).map(id => ({ op: 'create', ticket_id: id, customer_id: 1, custom_fields, status: 'closed' }))
    if ((await call('POST', '/tickets/batch', { operations })).status !== 200) throw new Error('not created')
  }
}

/** Reads them all as a client does; resolves with the answers. */
async function readAll ({ call }: Pick<Service, 'call'>) {
  const answers = []
  for (let left = [...ids, COUNT + 1]; left.length > 0;) {
    const answer = await call('GET', `/tickets?ids=${left.join()}`)
    if (answer.status !== 200) throw new Error(answer.text)
    answers.push(answer)
    left = answer.body.unprocessed ?? []
  }
  return answers
}

/** The answers bound their size, and together have each ticket once. */
function check (t: Test, answers: Awaited<ReturnType<typeof readAll>>) {
  t.ok(answers.length > 1 && answers.length < 4, `${answers.length} answers`)
  t.ok(answers.every(({ text }) => text.length < 5.5 * 1024 * 1024), answers.map(({ text }) => text.length).join())
  t.strictSame(answers.flatMap(({ body }) => body.tickets.map(({ ticket_id }: { ticket_id: number }) => ticket_id)).sort((a, b) => a - b), ids)
  t.match(answers[0]!.body.tickets[0], { ticket_id: 1, customer_id: 1, status: 'closed', custom_fields })
  t.strictSame(answers.flatMap(({ body }) => body.missing), [COUNT + 1])
}

t.test('GET /tickets?ids= of large tickets says what is left', async t => {
  const server = await privateRedis(t)
  const service = await createService(t, {}, await createStores(t, { redis: server.url }))
  await createAll(service)
  check(t, await readAll(service))

  t.test('also those that MySQL holds', async t => {
    const { call, redis, prefix } = service
    await call('POST', '/flush', { scope: 'due' })
    await redis.del(ids.map(id => `${prefix}ticket:${id}`))
    const answers = await readAll(service)
    check(t, answers)
    t.strictSame(answers.map(({ body }) => body.from_mysql?.length ?? 0), answers.map(({ body }) => body.tickets.length))
  })

  t.test('and while Redis is unavailable', async t => {
    await server.stop()
    const all = []
    for (let left = ids; left.length > 0;) {
      const { status, body, text } = await service.call('GET', `/tickets?ids=${left.join()}`)
      t.equal(status, 200)
      t.ok(text.length < 5.5 * 1024 * 1024)
      all.push(...body.tickets)
      left = body.unprocessed ?? []
    }
    t.equal(all.length, COUNT)
  })
})

t.test('usual tickets are read in one answer', async t => {
  const { call } = await createService(t)
  await call('POST', '/tickets/batch', { operations: ids.map(id => ({ op: 'create', ticket_id: id, customer_id: 1 })) })
  const { body } = await call('GET', `/tickets?ids=${ids.join()}`)
  t.equal(body.tickets.length, COUNT)
  t.notOk('unprocessed' in body)
})

t.test('a script stops at a number of bytes', async t => {
  const service = await createService(t)
  const { app, call, prefix } = service
  await createAll(service)
  const [shard] = app.redis.shards
  const read = async (bytesMax: number) => {
    const reply = await shard!.call(node => node.run(SCRIPTS.read, [], [bytesMax, prefix, ids.join(' ')])) as string
    return (JSON.parse(reply) as (string[] | null)[]).filter(found => found !== null).length
  }
  t.equal(await read(1), 1, 'the first is always read')
  t.equal(await read(32 * 1024), 1, 'a ticket of 50 KB travels alone')
  t.equal(await read(64 * 1024), 2, 'which may make it as large as one more ticket')

  let calls = 0
  app.redis.calls.on('ended', name => { if (name === 'write') calls += 1 })
  const changed = await Promise.all(ids.slice(0, 64).map(id => call('PATCH', `/tickets/${id}`, { subject: 'x' })))
  t.ok(changed.every(({ status, body }) => status === 200 && body.subject === 'x'))
  t.strictSame(new Set(changed.map(({ body }) => body.ticket_id)).size, 64)
  t.ok(calls >= 20, `64 changes with 3 MB of answers took ${calls} calls`)
  t.equal((await call('PATCH', '/tickets/1', { subject: 'y' })).body.version, (await call('GET', '/tickets/1')).body.version)

  calls = 0
  const small = await call('POST', '/tickets/batch', { operations: Array.from({ length: 64 }, (_, i) => ({ op: 'create', ticket_id: 1000 + i, customer_id: 1 })) })
  t.equal(small.status, 200)
  t.ok(calls <= 3, `64 usual creates took ${calls}`)
})

t.test('a client that is gone is read nothing more for', async t => {
  const service = await createService(t)
  const { app } = service
  await createAll(service)
  let isGone = false
  const read = new Set<number>()
  const answers = await app.tickets.repository.read(ids, {
    answer: {
      isFull: () => isGone,
      add: ticket => {
        isGone = read.add(ticket.ticket_id).size >= 10
        return ticket
      },
    },
  })
  t.ok(read.size >= 10 && read.size < 60, `${read.size} were read`)
  t.equal(answers.filter(answer => answer instanceof Problem && answer.code === 'overloaded').length, COUNT - read.size)
})
