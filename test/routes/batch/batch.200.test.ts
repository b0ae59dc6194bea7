import t from 'tap'
import { createService } from '../../helper.ts'
import { create, update, key } from './operations.ts'

t.test('creates and updates, a result each, in the order given', async t => {
  const { call } = await createService(t)
  await call('POST', '/tickets/9', { customer_id: 1 })
  const answer = await call('POST', '/tickets/batch', {
    operations: [create(3), update(9, { status: 'closed' }), create(1, { subject: 'x', custom_fields: { a: true } }), update(3, { assigned_to: 7 })],
  })
  t.equal(answer.status, 200)
  t.equal(answer.headers['retry-after'], undefined)
  t.match(answer.body.results.map(({ ticket_id, status }: Record<string, unknown>) => [ticket_id, status]), [[3, 201], [9, 200], [1, 201], [3, 200]])
  const members = (result: object) => Object.keys(result).join()
  t.strictSame(answer.body.results.map(members), [0, 1, 0, 1].map(isUpdate => isUpdate ? 'ticket_id,status,version,previous_version,previous_updated_at' : 'ticket_id,status,version'))
  const { tickets } = (await call('GET', '/tickets?ids=1,3,9')).body
  t.match(tickets, [{ subject: 'x', custom_fields: { a: true } }, { assigned_to: 7 }, { status: 'closed' }])
  t.strictSame(tickets.map(({ version }: { version: number }) => version), [2, 3, 1].map(i => answer.body.results[i].version), 'the versions that were answered')
})

t.test('an update says what the ticket had before it', async t => {
  const { call, redis, prefix } = await createService(t)
  const first = await call('POST', '/tickets/1', { customer_id: 1 })
  // As if that had been a while ago.
  await redis.hset(`${prefix}ticket:1`, 'updated_at', 1_700_000_000)
  const [one, two] = (await call('POST', '/tickets/batch', { operations: [update(1, { status: 'closed' }), update(1, { status: 'open' })] })).body.results
  t.match(one, { previous_version: first.body.version, previous_updated_at: 1_700_000_000 })
  t.match(two, { previous_version: one.version })
  t.ok(two.previous_updated_at > 1_700_000_000)
  t.equal((await call('GET', '/tickets/1')).body.version, two.version)
})

t.test('an update of a ticket that only MySQL holds says so, too', async t => {
  const { call, redis, prefix } = await createService(t)
  const first = await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:1`)
  const { body } = await call('POST', '/tickets/batch', { operations: [update(1, { subject: 'x' })] })
  t.match(body.results, [{ status: 200, previous_version: first.body.version, previous_updated_at: first.body.updated_at }])
})

t.test('500 operations', async t => {
  const { call, redis, prefix } = await createService(t)
  const answer = await call('POST', '/tickets/batch', { operations: Array.from({ length: 500 }, (_, i) => create(500 - i)) })
  t.equal(answer.status, 200)
  t.strictSame(answer.body.results.map(({ ticket_id }: { ticket_id: number }) => ticket_id), Array.from({ length: 500 }, (_, i) => 500 - i))
  t.equal(await redis.zcard(`${prefix}tickets:due`), 500)
})

t.test('operations on one ticket are applied in their order, wherever it is', async t => {
  const { call, redis, prefix, hash } = await createService(t)
  for (const id of [50, 51]) await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:50`, `${prefix}ticket:51`)
  const steps = Array.from({ length: 490 }, (_, i) => update(1, { custom_fields: { n: i } }))
  const statuses = (answer: { body: { results: { status: number }[] } }) => answer.body.results.map(({ status }) => status)

  const long = await call('POST', '/tickets/batch', { operations: [create(1), ...steps, update(1, { status: 'closed' }), update(1, { status: 'open' })] })
  t.equal(long.status, 200)
  const versions = long.body.results.map(({ version }: { version: number }) => version)
  t.strictSame(versions, versions.toSorted((a: number, b: number) => a - b))
  t.match(await hash(1), { status: 'open', 'custom_fields.n': '489', closed_at: undefined })

  t.strictSame(statuses(await call('POST', '/tickets/batch', { operations: [update(2, { subject: 'too early' }), create(2), update(2, { category: 'x' }), create(2)] })), [404, 201, 200, 409])
  t.equal((await hash(2)).subject, undefined)
  t.strictSame(statuses(await call('POST', '/tickets/batch', { operations: [update(60, { subject: 'too early' }), create(60, { subject: 'first' })] })), [404, 201],
    'the update asks MySQL, and the create waits for it')
  t.equal((await hash(60)).subject, 'first')
  t.strictSame(statuses(await call('POST', '/tickets/batch', { operations: [create(50), update(50, { subject: 'a' }), update(51, { subject: 'b' }), create(51), update(50, { category: 'c' })] })), [409, 200, 200, 409, 200])
  t.match(await hash(50), { subject: 'a', category: 'c' })
})

t.test('so they are when many others stand between them', async t => {
  const { call, hash } = await createService(t)
  const others = Array.from({ length: 100 }, (_, i) => create(100 + i))
  const { body } = await call('POST', '/tickets/batch', { operations: [update(500, { subject: 'too early' }), ...others, create(500, { subject: 'first' })] })
  t.strictSame([body.results[0].status, body.results.at(-1).status], [404, 201])
  t.equal((await hash(500)).subject, 'first')
})

t.test('many changes of a large ticket cost Redis little, and their key too', async t => {
  const { call, redis, prefix } = await createService(t)
  const custom_fields = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, '€'.repeat(1024)]))
  await call('POST', '/tickets/1', { customer_id: 1, custom_fields })
  const { status, body } = await call('POST', '/tickets/batch', { operations: Array.from({ length: 500 }, (_, n) => update(1, { assigned_to: n + 1 })) }, key('large'))
  t.equal(status, 200)
  t.equal(new Set(body.results.map(({ version }: { version: number }) => version)).size, 500)
  t.ok(Number(await redis.memory('USAGE', `${prefix}idem::large`)) < 200_000, 'of each result the version is kept')
})

t.test('thousands of operations on one ticket are marked as one is', async t => {
  const { app, due, call, row } = await createService(t, { REDIS_COMMAND_TIMEOUT_MS: '20000' })
  await call('POST', '/tickets/1', { customer_id: 1 })
  const answers = await app.tickets.repository.write(Array.from({ length: 9000 }, (_, n) => ({ op: 'update', ticket_id: 1, fields: { status: n % 2 ? 'closed' : 'open' } })))
  t.match(answers.at(-1), { ticket: { status: 'closed' } })
  t.ok(Number(await due(1)) < Infinity, 'it is due')
  await call('POST', '/flush')
  t.match(await row(1), { status: 'closed' })
})
