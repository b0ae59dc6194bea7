import t from 'tap'
import { createService } from '../helper.js'

/** A rule of the operator's that the service does not know. */
const rule = (table: string) => `ALTER TABLE ${table} ADD CONSTRAINT no_poison CHECK (subject IS NULL OR subject <> 'poison')`

t.test('a row that MySQL refuses does not stop the others, and is tried again with growing pauses', async t => {
  const { call, sql, rows, due, lines, redis, prefix } = await createService(t)
  await call('GET', '/health/ready')
  await sql.query(rule('wp_support_tickets'))
  for (let id = 1; id <= 50; id += 1) {
    await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed', subject: id % 20 === 0 ? 'poison' : 'good' })
  }
  t.match((await call('POST', '/flush')).body, { claimed: 50, synced: 48, retried: 2, remaining: 2 })
  t.equal((await rows()).length, 48, 'the good rows are committed in the same pass')
  const line = await lines.waitFor(({ ticket_id, msg }) => ticket_id === 20 && /could not be written/.test(msg))
  t.match(line, { attempts: 1, reason: /no_poison/ })

  const wait = async () => Number(await due(20)) - Number((await redis.time())[0]) * 1000
  t.ok(await wait() > -1000 && await wait() <= 2000, 'the first pause is about a second')
  for (const attempts of [2, 3, 4]) {
    await redis.zadd(`${prefix}tickets:due`, 0, '20')
    await call('POST', '/flush')
    t.match(JSON.parse((await redis.hget(`${prefix}tickets:failures`, '20'))!), { attempts })
  }
  t.ok(await wait() > 5000, 'the fourth is longer')

  await call('PATCH', '/tickets/20', { subject: 'good' })
  t.match((await call('POST', '/flush')).body, { synced: 1 }, 'a new write brings it back at once')
  t.equal(await redis.hget(`${prefix}tickets:failures`, '20'), null, 'and clears its record')
})

t.test('a hash that is no ticket is logged and passed over', async t => {
  const { call, redis, prefix, rows, lines } = await createService(t)
  for (const id of [1, 2, 3, 4]) await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })
  await redis.hset(`${prefix}ticket:2`, 'customer_id', 'abc')
  await redis.set(`${prefix}ticket:3`, 'a string')

  for (const [method, body] of [['GET', undefined], ['PATCH', { subject: 'x' }]] as const) {
    for (const id of [2, 3]) {
      const answer = await call(method, `/tickets/${id}`, body)
      t.match(answer, { status: 500, body: { code: 'internal_error' } }, `${method} ${id}`)
      t.notMatch(answer.text, /abc|WRONGTYPE|customer_id/, 'says nothing of the inside')
    }
  }
  t.match(await lines.waitFor(({ ticket_id }) => ticket_id === 2), { level: 50 }, 'logged with the id')
  t.equal((await redis.hgetall(`${prefix}ticket:2`)).subject, undefined, 'the change was not made')
  t.equal((await call('GET', '/tickets/1')).status, 200, 'the others are well')

  const many = await call('GET', '/tickets?ids=1,2,3,9')
  t.equal(many.status, 200)
  t.match(many.body, { tickets: [{ ticket_id: 1 }], missing: [9], errors: [{ ticket_id: 2, error: { code: 'internal_error' } }, { ticket_id: 3 }] })

  t.match((await call('POST', '/flush')).body, { synced: 2, retried: 2 })
  t.strictSame((await rows()).map(row => row.ticket_id), [1, 4])
  t.match((await call('POST', '/flush', { ticket_ids: [2] })).body.results, [{ ticket_id: 2, state: 'unreadable' }])
})

t.test('a foreign program can repair or spoil one field without harm to the others of its turn', async t => {
  const { call, redis, prefix } = await createService(t)
  for (const id of [1, 2, 3]) await call('POST', `/tickets/${id}`, { customer_id: 1 })
  await redis.hdel(`${prefix}ticket:2`, 'version')
  const answers = await Promise.all([1, 2, 3].map(id => call('PATCH', `/tickets/${id}`, { subject: 'x' })))
  t.strictSame(answers.map(({ status }) => status), [200, 500, 200])
})

t.test('a ticket whose hash was deleted by another program leaves a trace', async t => {
  const { call, redis, prefix, lines, due } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await redis.del(`${prefix}ticket:1`)
  t.match((await call('POST', '/flush')).body, { claimed: 0, synced: 0, remaining: 0 })
  t.match(await lines.waitFor(({ member }) => member === '1'), { level: 50, msg: /vanished/ })
  t.equal(await due(1), null)
})
