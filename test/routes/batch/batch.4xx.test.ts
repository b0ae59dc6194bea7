import t from 'tap'
import { createService } from '../../helper.ts'
import { create, key } from './operations.ts'

t.test('an envelope that is wrong is the whole request\'s error, and nothing is written', async t => {
  const { call, redis, prefix } = await createService(t)
  for (const body of [
    [create(1)], create(1), {}, { operations: {} }, { operations: [] }, { operations: null }, { operations: [create(1)], dry_run: true },
    { operations: Array.from({ length: 501 }, (_, i) => create(i + 1)) }, 'operations',
  ]) {
    t.match(await call('POST', '/tickets/batch', typeof body === 'string' ? JSON.stringify(body) : body, { 'content-type': 'application/json' }),
      { status: 400, body: { code: 'validation_failed', errors: [{ pointer: String }] } }, JSON.stringify(body).slice(0, 50))
  }
  t.match(await call('POST', '/tickets/batch'), { status: 400 })
  t.match(await call('POST', '/tickets/batch', { operations: [create(1)] }, key('a b')), { status: 400, body: { errors: [{ pointer: '/idempotency-key' }] } })
  const large = (size: number) => ({ operations: [create(1), create(2, { subject: 'x'.repeat(size) })] })
  t.match(await call('POST', '/tickets/batch', large(4 * 1024 * 1024)), { status: 413, body: { code: 'payload_too_large', detail: /4 MiB/ } })
  t.strictSame((await redis.keys(`${prefix}ticket:*`)), [])
  t.match(await call('POST', '/tickets/batch', large(2 * 1024 * 1024)), { status: 207, body: { results: [{ status: 201 }, { status: 400 }] } }, 'more than a single route takes')
})

t.test('a body that is nested deeply is refused before it is read, also where it does not end', async t => {
  const { call } = await createService(t)
  for (const [open, close] of [['[', ']'], ['{"a":', '}']] as const) {
    for (const end of [close.repeat(50_000), '']) {
      const { status, body } = await call('POST', '/tickets/batch', `{"operations":${open.repeat(50_000)}1${end}}`, { 'content-type': 'application/json' })
      t.match({ status, body }, { status: 400, body: { code: 'validation_failed', detail: /nested more than 20 levels/ } })
    }
  }
  const text = '[{'.repeat(20_000)
  t.equal((await call('POST', '/tickets/batch', { operations: [{ op: 'create', ticket_id: 1, customer_id: 1, subject: `${'['.repeat(100)}\\"` }], text })).body.errors[0].pointer, '/text', 'brackets in text are text')
})
