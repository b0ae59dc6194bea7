import t, { type Test } from 'tap'
import { createService, createStores, eventually, privateRedis, replicaOf } from '../helper.ts'

/** A master with one replica that is in step, and stores on the master. */
async function startReplicated (t: Test) {
  const master = await privateRedis(t, { config: { 'repl-diskless-sync-delay': 0 } })
  const replica = await privateRedis(t, { config: replicaOf(master) })
  const stores = await createStores(t, { redis: master.url })
  await eventually(async () => {
    if (!/state=online/.test(await stores.redis.info('replication'))) throw new Error('the replica is not there yet')
  })
  return { replica, stores }
}

t.test('REDIS_WAIT_REPLICAS: a write is acknowledged when the replicas have it', async t => {
  const { replica, stores } = await startReplicated(t)
  const { call, hash, lines } = await createService(t, { REDIS_WAIT_REPLICAS: 1, REDIS_COMMAND_TIMEOUT_MS: 1000 }, stores)
  const key = { 'idempotency-key': 'k' }
  t.equal((await call('POST', '/tickets/1', { customer_id: 1 })).status, 201)

  await replica.pause()
  const [change, taken, batch] = await Promise.all([
    call('PATCH', '/tickets/1', { subject: 'x' }, key),
    call('POST', '/tickets/1', { customer_id: 1 }),
    call('POST', '/tickets/batch', { operations: [{ op: 'create', ticket_id: 2, customer_id: 1 }, { op: 'update', ticket_id: 9, subject: 'x' }] }),
    call('GET', '/tickets/1').then(({ status }) => { t.equal(status, 200, 'reads do not wait') }),
  ])
  t.match(change, { status: 503, headers: { 'retry-after': /\d/ }, body: { code: 'outcome_unknown', detail: /Idempotency-Key/ } })
  t.match(taken, { status: 409 }, 'a refusal needs no confirmation')
  t.match(batch.body.results, [{ status: 503, error: { code: 'outcome_unknown' } }, { status: 404 }])
  t.ok(await lines.waitFor(({ reason }) => /0 of REDIS_WAIT_REPLICAS=1/.test(String(reason))), 'Redis itself has counted')
  t.equal((await hash(1)).subject, 'x', 'the master has it')
  t.match(await call('PATCH', '/tickets/1', { subject: 'x' }, key), { status: 503, body: { code: 'outcome_unknown' } }, 'a repetition has to be confirmed too')

  replica.resume()
  const { version } = await hash(1)
  await eventually(async () => {
    const again = await call('PATCH', '/tickets/1', { subject: 'x' }, key)
    if (again.status !== 200) throw new Error(again.text)
    t.match(again, { body: { version: Number(version) }, headers: { 'idempotency-replayed': 'true' } })
  })

  await replica.stop()
  await eventually(async () => {
    if (/state=online/.test(await stores.redis.info('replication'))) throw new Error('the replica is still there')
  })
  t.match(await call('PATCH', '/tickets/1', { subject: 'y' }), { status: 503, body: { code: 'outcome_unknown' } })
})

t.test('the confirmation covers a script that Redis had forgotten, and a replay on another connection', async t => {
  const { replica, stores } = await startReplicated(t)
  const variables = { REDIS_WAIT_REPLICAS: 1, REDIS_COMMAND_TIMEOUT_MS: 1000 }
  const one = await createService(t, variables, stores)
  const key = { 'idempotency-key': 'k' }
  await one.call('POST', '/tickets/1', { customer_id: 1 })
  await replica.pause()
  await stores.redis.script('FLUSH')
  t.match(await one.call('PATCH', '/tickets/1', { subject: 'x' }, key), { status: 503, body: { code: 'outcome_unknown' } })
  const other = await createService(t, variables, stores)
  t.match(await other.call('PATCH', '/tickets/1', { subject: 'x' }, key), { status: 503, body: { code: 'outcome_unknown' } })
})
