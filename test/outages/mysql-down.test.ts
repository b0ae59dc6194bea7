import t from 'tap'
import { createService, createStores, eventually, privateMariadb } from '../helper.ts'

t.test('MySQL becomes unavailable and comes back', async t => {
  const mariadb = await privateMariadb(t)
  const stores = await createStores(t, { mysql: mariadb.url })
  const service = await createService(t, {}, stores)
  const { call, redis, prefix } = service
  await call('POST', '/tickets/10', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  t.match((await call('GET', '/health/ready')).body, { status: 'ready', mysql: { state: 'up' } })
  await redis.del(`${prefix}ticket:10`)
  await mariadb.kill()

  const ready = await call('GET', '/health/ready')
  t.equal(ready.status, 200, 'the service still takes requests')
  t.match(ready.body, { status: 'degraded', redis: { state: 'up' }, mysql: { state: 'down', reason: /./ } })

  t.equal((await call('POST', '/tickets/11', { customer_id: 1, status: 'closed' })).status, 201, 'writes go on')
  t.equal((await call('PATCH', '/tickets/11', { subject: 'x' })).status, 200)
  t.equal((await call('GET', '/tickets/11')).status, 200, 'reads go on')
  const since = await service.due(11)
  const flush = await call('POST', '/flush')
  t.match(flush, { status: 503, headers: { 'retry-after': /\d/ }, body: { code: 'store_unavailable', detail: /MySQL/ } })
  t.match((await call('GET', '/flush')).body, { unsynced: 1, due: 1, last_flush: { error: 'store_unavailable' } }, 'the claim was given back')
  t.equal(await service.due(11), since, 'and the backlog grows old')
  t.equal(await redis.exists(`${prefix}tickets:failures`), 0, 'nothing is counted against the ticket')

  for (const [method, url, body] of [['GET', '/tickets/10', undefined], ['PATCH', '/tickets/10', { subject: 'x' }], ['GET', '/tickets/99', undefined], ['GET', '/tickets?ids=11,10', undefined]] as const) {
    t.match(await call(method, url, body), { status: 503, body: { code: 'store_unavailable' } }, `${method} ${url}: 503, because 404 would be a guess`)
  }
  t.match(await call('POST', '/tickets/9', { customer_id: 1 }), { status: 503, body: { code: 'store_unavailable' } }, 'so would 201 for an id that MySQL may hold')
  t.equal(await redis.exists(`${prefix}ticket:9`), 0)

  await mariadb.restart()
  const { body } = await eventually(async () => {
    const answer = await call('POST', '/flush')
    if (answer.status !== 200) throw new Error(answer.text)
    return answer
  })
  t.match(body, { remaining: 0 }, 'here or by the timer')
  t.match(await call('GET', '/tickets/10'), { status: 200, headers: { 'x-ticket-source': 'mysql' } })
  t.equal((await call('GET', '/tickets/99')).status, 404)
  t.match((await call('GET', '/health/ready')).body, { status: 'ready' })
})

t.test('a ticket with the largest id does not make creates of others wait for MySQL', async t => {
  const mariadb = await privateMariadb(t)
  const { call } = await createService(t, {}, await createStores(t, { mysql: mariadb.url }))
  const largest = 100_000_000_005
  for (const id of [7, largest, Number.MAX_SAFE_INTEGER]) t.equal((await call('POST', `/tickets/${id}`, { customer_id: 1, status: 'closed' })).status, 201)
  t.match((await call('POST', '/flush')).body, { synced: 3 })
  await mariadb.kill()
  for (const id of [8, largest + 1]) t.equal((await call('POST', `/tickets/${id}`, { customer_id: 1 })).status, 201, 'above the highest of its range')
  t.equal((await call('POST', '/tickets/555000', { customer_id: 1 })).status, 201, 'nothing is known of its range')
  t.equal((await call('POST', '/tickets/6', { customer_id: 1 })).status, 503, 'MySQL may hold it')
})

t.test('the timer recovers by itself', async t => {
  const mariadb = await privateMariadb(t)
  const service = await createService(t, { FLUSH_INTERVAL_MS: 50 }, await createStores(t, { mysql: mariadb.url }))
  await mariadb.kill()
  await service.call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await service.lines.waitFor(({ msg }) => /the flush failed/.test(msg))
  await mariadb.restart()
  await eventually(async () => {
    const { synced_version, version } = (await service.call('GET', '/tickets/1')).body
    if (synced_version !== version) throw new Error('not synced yet')
  })
  t.pass('synced without being asked')
})

t.test('a flush that somebody asks for ends the pause of the timer, when it succeeds', async t => {
  const stores = await createStores(t)
  // MySQL answers, so that its return is no event.
  const { sql, call: callFirst } = await createService(t, {}, stores)
  t.equal((await callFirst('POST', '/tickets/2', { customer_id: 1, status: 'closed' })).status, 201)
  await sql.query('RENAME TABLE wp_support_tickets TO away')
  const { call, lines } = await createService(t, { FLUSH_INTERVAL_MS: 60_000, SYNC_STRATEGY: 'event' }, stores)
  t.ok(Number((await lines.waitFor(({ msg }) => /the flush failed/.test(msg))).pause_ms) >= 30_000)
  await sql.query('RENAME TABLE away TO wp_support_tickets')
  t.equal((await call('POST', '/flush')).status, 200)
  await call('POST', '/tickets/1', { customer_id: 1 })
  await eventually(async () => {
    const { synced_version, version } = (await call('GET', '/tickets/1')).body
    if (synced_version !== version) throw new Error('not synced yet')
  })
  t.pass('the write has woken the timer')
})

t.test('flushes that wait for a frozen MySQL are bounded, share what they can, and do not hold up the stop', async t => {
  const mariadb = await privateMariadb(t)
  const { app, call } = await createService(t, {}, await createStores(t, { mysql: mariadb.url }))
  await call('POST', '/tickets/1', { customer_id: 1, status: 'closed' })
  await mariadb.pause()
  const flushes = [
    ...Array.from({ length: 20 }, () => call('POST', '/flush')),
    ...Array.from({ length: 20 }, (_, i) => call('POST', '/flush', { ticket_ids: Array.from({ length: 500 }, (_, j) => i * 500 + j + 1) })),
  ]
  const first = await Promise.race(flushes)
  t.match(first, { status: 503, headers: { 'retry-after': /\d/ }, body: { code: 'overloaded' } }, 'past the bound at once')
  const closed = app.close()
  const codes = (await Promise.all(flushes)).map(({ body }) => body.code)
  t.strictSame([...new Set(codes)].sort(), ['overloaded', 'store_unavailable'])
  t.ok(codes.slice(0, 20).every(code => code === 'store_unavailable'), 'those for what is due share their pass')
  t.ok(codes.slice(20).filter(code => code === 'store_unavailable').length <= 11, 'one runs, and the 5,000 tickets of ten wait')
  await closed
  mariadb.resume()
})

t.test('a MySQL that is too slow for a whole batch gets less at once', async t => {
  const mariadb = await privateMariadb(t)
  const { call, sql, rows } = await createService(t, { FLUSH_LEASE_MS: 1500 }, await createStores(t, { mysql: mariadb.url }))
  await call('POST', '/tickets/batch', { operations: Array.from({ length: 200 }, (_, i) => ({ op: 'create', ticket_id: i + 1, customer_id: 1, status: 'closed' })) })
  await sql.query('CREATE TRIGGER slow BEFORE INSERT ON wp_support_tickets FOR EACH ROW DO SLEEP(0.008)')
  await eventually(async () => {
    const { body } = await call('POST', '/flush')
    if (body.remaining !== 0) throw new Error(JSON.stringify(body))
  })
  t.equal((await rows()).length, 200)
})

t.test('a start without MySQL: Redis serves alone, the schema comes later', async t => {
  const mariadb = await privateMariadb(t)
  const stores = await createStores(t, { mysql: mariadb.url })
  await mariadb.stop()
  const { call, lines } = await createService(t, { FLUSH_INTERVAL_MS: 50 }, stores)
  t.match(await lines.waitFor(({ msg }) => /MySQL cannot be used/.test(msg)), { err: { cause: { message: /ECONNREFUSED/ } } }, 'the log says why')

  t.equal((await call('POST', '/tickets/1', { customer_id: 1 })).status, 201)
  t.match(await lines.waitFor(({ ticket_id }) => ticket_id === 1), { level: 40, msg: /without asking MySQL/ })
  t.equal((await call('PATCH', '/tickets/1', { status: 'closed' })).status, 200)
  t.equal((await call('GET', '/tickets/1')).status, 200)
  t.equal((await call('POST', '/tickets/1', { customer_id: 1 })).status, 409)
  t.match(await call('GET', '/health/ready'), { status: 200, body: { status: 'degraded' } })

  await mariadb.restart()
  await eventually(async () => {
    const { synced_version, version } = (await call('GET', '/tickets/1')).body
    if (synced_version !== version) throw new Error('not synced yet')
  })
  t.match((await call('GET', '/health/ready')).body, { status: 'ready' })
})

t.test('a frozen MySQL does not hold up writes', async t => {
  const mariadb = await privateMariadb(t)
  const { call } = await createService(t, {}, await createStores(t, { mysql: mariadb.url }))
  await call('POST', '/tickets/1', { customer_id: 1 })
  await call('POST', '/flush', { scope: 'all' })
  await mariadb.pause()
  const answers = await Promise.all([
    ...Array.from({ length: 20 }, (_, i) => call('POST', `/tickets/${i + 2}`, { customer_id: 1, status: 'closed' })),
    call('PATCH', '/tickets/1', { subject: 'x' }),
  ])
  t.ok(answers.every(({ status }) => status < 300), 'all answered')
  t.match(await call('GET', '/tickets/999'), { status: 503, body: { code: 'store_unavailable' } }, 'a look-up ends at its deadline')
  mariadb.resume()
  await eventually(async () => {
    const { body } = await call('POST', '/flush', { scope: 'all' })
    if (body.remaining !== 0) throw new Error(JSON.stringify(body))
  })
  t.match((await call('GET', '/flush')).body, { unsynced: 0 })
})
