import { createHash } from 'node:crypto'
import { join } from 'node:path'
import calculateSlot from 'cluster-key-slot'
import t, { type Test } from 'tap'
import { startCluster } from '../../../scripts/lib/redis-cluster.mjs'
import { createService, createStores, eventually, privateDirectory, type Service, type Variables } from '../../helper.ts'
import { startReceiver, status, webhooks } from '../../webhooks/receiver.ts'

const ids = Array.from({ length: 200 }, (_, i) => i + 1)

t.test('a Cluster: partitions by hash tag, and one service over all of them', async t => {
  const directory = privateDirectory(t)
  const cluster = await startCluster({ directory: join(directory, 'cluster') })
  t.teardown(() => cluster.stop())
  const stores = await createStores(t)
  // A partition for each id: so few tickets are in all of them.
  const variables: Variables = { ...cluster.variables, REDIS_PARTITION_BLOCK: 1, KEY_PREFIX: '', MYSQL_URL: stores.variables.MYSQL_URL!, SYNC_STRATEGY: 'periodic', FLUSH_BATCH_SIZE: 100 }
  const service = await createService(t, variables, stores)
  const { call, rows } = service
  // One partition after the other. What is written to one that has none yet gets its entries with them.
  await eventually(async () => { if ((await call('GET', '/tickets')).status !== 200) throw new Error('the indexes are not built') })

  t.equal((await call('POST', '/tickets/batch', { operations: ids.map(id => ({ op: 'create', ticket_id: id, customer_id: id })) })).status, 200)
  const master = await cluster.masterOf('{7}')
  t.match(await cluster.call(master, 'HGET', '{7}ticket:71', 'customer_id'), '71')
  t.equal(await cluster.call(master, 'ZCARD', '{7}tickets:due'), 13)
  const indexed = await Promise.all(Array.from({ length: 16 }, async (_, n) => [
    await cluster.call(await cluster.masterOf(`{${n}}`), 'HGET', `{${n}}tickets:index`, 'status:open').then(Number), await cluster.call(await cluster.masterOf(`{${n}}`), 'ZCARD', `{${n}}tickets:due`),
  ]))
  t.ok(indexed.every(([entries, marks]) => entries === marks), `each partition has the entries of its own tickets: ${JSON.stringify(indexed)}`)
  t.match((await call('GET', '/flush')).body, { unsynced: 200, due: 200, oldest_due_age_ms: Number })
  t.match((await call('GET', `/tickets?ids=${ids.join()},999`)).body, { tickets: ids.map(ticket_id => ({ ticket_id })), missing: [999] })
  t.match((await call('POST', '/flush', { ticket_ids: [5, 6, 7] })).body, { claimed: 3, synced: 3, results: [{ state: 'synced' }, { state: 'synced' }, { state: 'synced' }] })
  t.match((await call('POST', '/flush')).body, { claimed: 197, synced: 197, remaining: 0 })
  t.equal((await rows()).length, 200)
  t.equal((await call('POST', '/tickets/71', { customer_id: 1 })).status, 409)
  t.equal((await call('POST', '/tickets/100000', { customer_id: 1 })).status, 201)

  t.test('dead letters are listed over all partitions, in the order in which they died', async t => {
    await stores.sql.query('ALTER TABLE wp_support_tickets ADD CONSTRAINT no_poison CHECK (subject IS NULL OR subject <> \'poison\')')
    const strict = await createService(t, { ...variables, FLUSH_MAX_ATTEMPTS: 1 }, stores)
    for (const id of [3, 1, 2, 64, 65]) {
      await call('PATCH', `/tickets/${id}`, { subject: 'poison' })
      t.match((await strict.call('POST', '/flush', { ticket_ids: [id] })).body, { dead: 1 })
    }
    const first = (await call('GET', '/flush/dead?limit=2')).body
    t.match(first, { total: 5, tickets: [{ ticket_id: 3 }, { ticket_id: 1 }], next: String })
    const second = (await call('GET', `/flush/dead?limit=2&after=${first.next}`)).body
    t.match(second, { total: 5, tickets: [{ ticket_id: 2 }, { ticket_id: 64 }], next: String })
    t.match((await call('GET', `/flush/dead?limit=2&after=${second.next}`)).body, { tickets: [{ ticket_id: 65 }], next: null })
    t.match((await call('POST', '/flush/dead/retry', { ticket_ids: [1, 64, 5] })).body, { redriven: 2, missing: [5] })
    t.match((await call('POST', '/flush/dead/retry')).body, { redriven: 3 })
    await stores.sql.query('ALTER TABLE wp_support_tickets DROP CONSTRAINT no_poison')
    t.match((await call('POST', '/flush')).body, { dead: 0, synced: 5 })
  })

  t.test('MySQL has lost its rows: all partitions are compared, and pushed again', async t => {
    await stores.sql.query('DELETE FROM wp_support_tickets')
    await call('POST', '/flush')
    t.match(await service.lines.waitFor(({ msg }) => /does not hold what it had acknowledged/.test(msg)), { level: 50 })
    await eventually(async () => {
      const { body } = await call('GET', '/resync')
      if (body.state !== 'idle') throw new Error(JSON.stringify(body))
      t.match(body, { reason: 'mysql_lost', marked: 201 })
    })
    await eventually(async () => {
      const found = (await rows()).length
      if (found < 201) throw new Error(`${found} rows`)
    })
    t.match((await call('POST', '/resync', { ticket_ids: [1, 2, 999] })).body, { marked: 0, results: [{ ticket_id: 1, state: 'in_step' }, { ticket_id: 2 }, { ticket_id: 999, state: 'not_found' }] })
  })

  t.test('a node of a Cluster is no server of its own', async t => {
    await t.rejects(createService(t, { ...variables, REDIS_MODE: 'standalone' }, stores), { name: 'ConfigError', message: /REDIS_MODE=cluster/ })
  })

  t.test('an eviction policy that becomes unsafe at one master is noticed', async t => {
    const [, second] = await cluster.masters()
    await cluster.call(second!, 'CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random')
    const states = async (wanted: string) => await eventually(async () => {
      const { body } = await call('GET', '/health/ready')
      if (body.redis.state !== wanted) throw new Error(JSON.stringify(body))
      return body
    })
    t.match(await states('unsafe'), { status: 'degraded', redis: { reason: 'maxmemory-policy allkeys-random' } })
    await cluster.call(second!, 'CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    t.match(await states('up'), { status: 'ready' })
  })

  /** All ids after a cursor, and the last cursor. */
  async function follow (t: Test, since: string | undefined, limit: number, { call }: Pick<Service, 'call'> = service) {
    const told: number[] = []
    for (let cursor = since; ;) {
      const { status, body } = await call('GET', `/changes?limit=${limit}${cursor === undefined ? '' : `&since=${cursor}`}`)
      t.equal(status, 200)
      told.push(...body.changes.map((change: { ticket_id: number }) => change.ticket_id))
      cursor = body.next_cursor as string
      if (!body.has_more) return { told, cursor }
    }
  }
  let changesCursor = ''

  t.test('changes of all partitions, by one cursor', async t => {
    const all = await follow(t, undefined, 50)
    t.strictSame(all.told, [...ids, 100_000])
    for (const id of [64, 1, 71]) await call('PATCH', `/tickets/${id}`, { subject: 'changed' })
    const { told, cursor } = await follow(t, all.cursor, 1)
    t.strictSame(told.toSorted((a, b) => a - b), [1, 64, 71])
    t.strictSame((await follow(t, all.cursor, 1000)).told.length, 3)
    changesCursor = cursor
  })

  t.test('LISTS=off: a snapshot walks through all partitions; an instance with lists goes on with it', async t => {
    const unlisted = await createService(t, { ...variables, LISTS: 'off' }, stores)
    t.match(await unlisted.call('GET', '/tickets'), { status: 501, body: { code: 'not_supported' } })
    t.equal((await call('GET', '/tickets')).status, 200, 'and takes the indexes from nobody')
    // Those that wait, and those that MySQL alone tells.
    const changed = ids.filter(id => id % 3 === 0)
    t.equal((await call('POST', '/tickets/batch', { operations: changed.map(id => ({ op: 'update', ticket_id: id, subject: 'unsynced' })) })).status, 200)
    for (const limit of [7, 1000]) t.strictSame([...new Set((await follow(t, undefined, limit, unlisted)).told)].sort((a, b) => a - b), [...ids, 100_000], `limit ${limit}`)

    const { body: first } = await unlisted.call('GET', '/changes?limit=7')
    const rest = await follow(t, first.next_cursor, 1000)
    const told = new Set([...first.changes.map((change: { ticket_id: number }) => change.ticket_id), ...rest.told])
    t.strictSame([...told].sort((a, b) => a - b), [...ids, 100_000])
    await unlisted.app.close()
  })

  t.test('webhooks: told of all partitions, and what is known of a target is in one slot', async t => {
    const receiver = await startReceiver(t)
    const told = await createService(t, { ...variables, WEBHOOKS: webhooks({ url: receiver.url }, { name: 'search', url: receiver.url, events: ['ticket.deleted'] }), WEBHOOK_RETRY_SECONDS: '0,0' }, stores)
    const tag = `{${createHash('sha1').update('crm').digest().readUInt32BE() % 16}}`
    const home = await cluster.masterOf(tag)
    await eventually(async () => { if (await cluster.call(home, 'HGET', `${tag}webhook:crm`, 'cursor') === null) throw new Error('it has not begun') })
    t.equal((await call('POST', '/tickets/batch', { operations: ids.map(id => ({ op: 'update', ticket_id: id, subject: 'told' })) })).status, 200)
    await receiver.arrived(200)
    t.strictSame(receiver.ids().sort((a, b) => a - b), ids, 'each once')
    receiver.answer(status(500))
    await call('PATCH', '/tickets/7', { subject: 'fails' })
    await eventually(async () => {
      const { body } = await told.call('GET', '/webhooks/crm')
      if (body.dead !== 1) throw new Error(JSON.stringify(body))
      t.match(body.dead_deliveries, [{ ticket_id: 7, attempts: 3 }])
    })
    t.equal(await cluster.call(home, 'ZCARD', `${tag}webhook:crm:dead`), 1)
    receiver.answer()
    t.match((await told.call('POST', '/webhooks/crm/retry')).body, { redriven: 1 })
    await receiver.arrived(204)
    t.match((await told.call('GET', '/webhooks')).body.webhooks, [{ name: 'crm' }, { name: 'search', waiting: 0, dead: 0 }])
    await told.app.close()
  })

  t.test('a partition of which a part may be elsewhere is refused as a whole, and the others of the call are written', async t => {
    const source = await cluster.masterOf('{7}')
    const target = (await cluster.masters()).find(node => node !== source)!
    const [sourceId, targetId] = await Promise.all([source, target].map(async node => String(await cluster.call(node, 'CLUSTER', 'MYID'))))
    const slot = calculateSlot('{7}')
    const other = await (async () => {
      for (const id of ids) if (id % 16 !== 7 && await cluster.masterOf(`{${id % 16}}`) === source) return id
      throw new Error('the master has one partition')
    })()
    // Its marks are here, and no flush takes them: the dead letters, of which it has none, may be elsewhere.
    await cluster.call(source, 'ZADD', '{7}tickets:due', '+inf', 7)
    await cluster.call(target, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceId!)
    await cluster.call(source, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetId!)
    const { body } = await call('POST', '/tickets/batch', { operations: [71, other, 135].map(id => ({ op: 'update', ticket_id: id, subject: 'moving' })) })
    t.match(body.results, [{ ticket_id: 71, status: 202 }, { ticket_id: other, status: 200 }, { ticket_id: 135, status: 202 }])
    t.not(await cluster.call(source, 'HGET', '{7}ticket:71', 'subject'), 'moving')
    t.match((await call('GET', `/tickets?ids=71,${other}`)).body, { tickets: [{ ticket_id: 71, subject: 'moving' }, { ticket_id: other, subject: 'moving' }] })
    for (const node of [source, target]) await cluster.call(node, 'CLUSTER', 'SETSLOT', slot, 'STABLE')
    await eventually(async () => {
      const { body } = await call('GET', '/health/ready')
      if (body.journal !== 'idle') throw new Error(JSON.stringify(body))
    })
    t.equal(await cluster.call(source, 'HGET', '{7}ticket:71', 'subject'), 'moving')
  })

  t.test('slots are moved: what is in them is where they are', async t => {
    const [from, to] = await cluster.masters()
    await call('PATCH', '/tickets/1', { subject: 'before' })
    await cluster.moveSlots(from!, to!, 1000)
    await eventually(async () => {
      const { status, text } = await call('POST', '/tickets/batch', { operations: ids.map(id => ({ op: 'update', ticket_id: id, subject: 'moved' })) })
      const { body: { status: state, journal } } = await call('GET', '/health/ready')
      if (status !== 200 || state !== 'ready' || journal !== 'idle') throw new Error(text)
    })
    t.match((await call('GET', `/tickets?ids=${ids.join()}`)).body, { tickets: ids.map(ticket_id => ({ ticket_id, subject: 'moved' })) })
    t.match((await call('GET', '/journal')).body, { pending: 0, conflicts: 0 })
    t.strictSame([...new Set((await follow(t, changesCursor, 1000)).told)].sort((a, b) => a - b), ids, 'a cursor of before goes on')
  })

  t.test('a master dies: the others go on, its partitions are journaled until its replica has taken over', async t => {
    const dying = await cluster.masterOf('{7}')
    const other = await (async () => {
      for (const id of ids) if (await cluster.masterOf(`{${id % 16}}`) !== dying) return id
      throw new Error('there is one master')
    })()
    const strict = await createService(t, { ...variables, FALLBACK: 'off' }, stores)
    await dying.kill()
    await eventually(async () => {
      const { body } = await call('GET', '/health/ready')
      if (body.status !== 'degraded') throw new Error(JSON.stringify(body))
      t.match(body, { redis: { state: 'down', reason: String } })
    })
    t.match(await strict.call('GET', '/health/ready'), { status: 200, body: { status: 'degraded', journal: 'off' } }, 'most requests can be answered')
    t.equal((await strict.call('PATCH', '/tickets/7', { subject: 'x' })).status, 503)
    t.match((await call('GET', '/flush')).body, { unreachable_partitions: Number, unsynced: Number })
    t.equal((await call('PATCH', '/tickets/7', { subject: 'kept' })).status, 202)
    t.equal((await call('PATCH', `/tickets/${other}`, { subject: 'direct' })).status, 200)
    await eventually(async () => {
      const { body } = await call('GET', '/health/ready')
      if (body.status !== 'ready') throw new Error(JSON.stringify(body))
    })
    t.match((await call('GET', '/tickets/7')).body, { subject: 'kept' })
    t.match((await call('GET', '/journal')).body, { pending: 0, conflicts: 0 })
  })

  t.test('neither REDIS_PARTITIONS nor REDIS_PARTITION_BLOCK can be changed', async t => {
    t.equal(await cluster.call(await cluster.masterOf('{7}'), 'GET', '{7}tickets:partitions'), '16', 'as versions without blocks have written it')
    const message = /were written with REDIS_PARTITIONS=16 and REDIS_PARTITION_BLOCK=1, and this is /
    for (const changed of [{ REDIS_PARTITIONS: 32 }, { REDIS_PARTITION_BLOCK: 64 }] as Variables[]) {
      await t.rejects(createService(t, { ...variables, ...changed }, stores), { name: 'ConfigError', message })
    }
  })

  t.test('by default 64 consecutive ids are in one partition, and are written, listed, followed, pushed and found again there', async t => {
    await service.app.close()
    for (const master of await cluster.masters()) await cluster.call(master, 'FLUSHALL')
    const { sql, variables: own } = await createStores(t)
    const start = () => createService(t, { ...cluster.variables, KEY_PREFIX: '', MYSQL_URL: own.MYSQL_URL!, SYNC_STRATEGY: 'periodic' }, { ...stores, sql })
    const { app, call } = await start()
    await eventually(async () => { if ((await call('GET', '/tickets')).status !== 200) throw new Error('the indexes are not built') })
    t.equal((await call('POST', '/tickets/batch', { operations: ids.map(id => ({ op: 'create', ticket_id: id, customer_id: id, assigned_to: 7 })) })).status, 200)
    const held = await Promise.all([0, 1, 2, 3, 4].map(async n => await cluster.call(await cluster.masterOf(`{${n}}`), 'ZCARD', `{${n}}tickets:due`)))
    t.strictSame(held, [63, 64, 64, 9, 0])
    t.equal(await cluster.call(await cluster.masterOf('{1}'), 'GET', '{1}tickets:partitions'), '16/64')
    t.match((await call('GET', '/tickets/counts?group_by=assigned_to')).body, { counts: { 7: 200 } })
    const listed = await call('GET', '/tickets?assigned_to=7&limit=100&sort=ticket_id')
    t.strictSame(listed.body.tickets.map(({ ticket_id: id }: { ticket_id: number }) => id), ids.slice(0, 100))
    t.strictSame((await follow(t, undefined, 50, { call })).told.sort((a, b) => a - b), ids)
    t.match((await call('POST', '/flush')).body, { claimed: 200, synced: 200 })
    for (const index of [0, 1, 2, 3]) {
      const found: number[] = []
      for await (const page of app.tickets.database.changedSince(0, { index, count: 16, block: 64 })) found.push(...page.keys())
      t.strictSame(found.sort((a, b) => a - b), ids.filter(id => Math.floor(id / 64) === index), 'of MySQL a partition compares the same tickets')
    }

    const home = await cluster.masterOf('{1}')
    await cluster.call(home, 'HSET', '{1}tickets:index', 'state', '2')
    t.equal((await call('GET', '/tickets')).status, 503, 'indexes of a version with other ones are not believed')
    const upgraded = await start()
    await eventually(async () => { if ((await call('GET', '/tickets')).status !== 200) throw new Error('the indexes are not built anew') })
    t.equal(await cluster.call(home, 'HGET', '{1}tickets:index', 'state'), '6')
    await upgraded.app.close()
    await app.close()
  })
})
