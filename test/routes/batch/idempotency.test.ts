import t from 'tap'
import { createService } from '../../helper.ts'
import { create, update, key } from './operations.ts'

t.test('a batch of which the answer was lost is repeated with its key', async t => {
  const { call, redis, prefix, hash } = await createService(t)
  await call('POST', '/tickets/9', { customer_id: 1, status: 'closed' })
  await call('POST', '/flush')
  await redis.del(`${prefix}ticket:9`)
  const operations = [create(1), update(1, { subject: 'x' }), update(77, { subject: 'x' }), update(9, { subject: 'y' }), create(9), create(0)]
  const first = await call('POST', '/tickets/batch', { operations }, key('b'))
  t.match(first, { status: 207, body: { results: [201, 200, 404, 200, 409, 400].map(status => ({ status })) } })
  t.equal(first.headers['idempotency-replayed'], undefined)
  await call('PATCH', '/tickets/1', { subject: 'z' })
  const again = await call('POST', '/tickets/batch', { operations }, key('b'))
  t.equal(again.headers['idempotency-replayed'], 'true')
  const known = ({ error: _, ...result }: Record<string, unknown>) => result
  t.strictSame(again.body.results.map(known), first.body.results.map(known))
  t.ok(again.body.results[1].previous_version, 'what the ticket had before the first request')
  t.equal((await hash(1)).subject, 'z')

  for (const other of [[create(5)], [...operations, create(5)], operations.toReversed()]) {
    t.match(await call('POST', '/tickets/batch', { operations: other }, key('b')), { status: 422, body: { code: 'idempotency_mismatch' } })
  }
  t.match(await call('POST', '/tickets/5', { customer_id: 1 }, key('b')), { status: 422 })
  t.strictSame(await hash(5), {}, 'nothing of them was applied')
})

t.test('of batches that race with one key one is applied', async t => {
  const { call, hash } = await createService(t)
  const operations = Array.from({ length: 100 }, (_, i) => create(i + 1))
  // Once their range is known, creates do not ask MySQL, so that those of a batch stay together.
  t.equal((await call('POST', '/tickets/1000', { customer_id: 1 })).status, 201)
  const same = await Promise.all([1, 2, 3].map(() => call('POST', '/tickets/batch', { operations }, key('same'))))
  t.ok(same.every(({ status }) => status === 200))
  t.equal(same.filter(({ headers }) => headers['idempotency-replayed']).length, 2)

  const changes = await Promise.all([1, 2, 3].map(n => call('POST', '/tickets/batch', { operations: operations.map(({ ticket_id }) => update(ticket_id, { custom_fields: { n } })) }, key('other'))))
  t.strictSame(changes.map(({ status }) => status).sort(), [200, 422, 422])
  const winner = changes.findIndex(({ status }) => status === 200) + 1
  for (const id of [1, 50, 100]) t.equal((await hash(id))['custom_fields.n'], String(winner))
})

t.test('a result that an older service has kept is answered without what it does not say', async t => {
  const { call, redis, prefix } = await createService(t)
  await call('POST', '/tickets/1', { customer_id: 1 })
  const operations = [update(1, { subject: 'x' })]
  const first = await call('POST', '/tickets/batch', { operations }, key('b'))
  const kept = `${prefix}idem::b`
  const [version] = JSON.parse((await redis.hget(kept, '0'))!) as [string, string]
  t.equal(Number(version), first.body.results[0].version, 'what an older service reads')
  await redis.hset(kept, '0', JSON.stringify([version]))
  const again = await call('POST', '/tickets/batch', { operations }, key('b'))
  t.strictSame(again.body.results, [{ ticket_id: 1, status: 200, version: Number(version) }])
})
