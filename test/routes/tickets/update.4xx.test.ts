import t from 'tap'
import { createService } from '../../helper.ts'

t.test('404: there is no such ticket', async t => {
  const { call, hash } = await createService(t)
  const { status, body } = await call('PATCH', '/tickets/1', { subject: 'x' })
  t.equal(status, 404)
  t.equal(body.code, 'ticket_not_found')
  t.strictSame(await hash(1), {}, 'nothing was written')
})

t.test('If-Match', async t => {
  const { call } = await createService(t)
  const { headers } = await call('POST', '/tickets/1', { customer_id: 1 })
  const change = (ifMatch: string) => call('PATCH', '/tickets/1', { subject: ifMatch.slice(0, 50) }, { 'if-match': ifMatch })

  const stale = String(headers.etag)
  const changed = await change(stale)
  t.equal(changed.status, 200, 'the version fits')

  const conflict = await change(stale)
  t.equal(conflict.status, 412)
  t.equal(conflict.body.code, 'version_conflict')
  t.strictSame((await call('GET', '/tickets/1')).body, changed.body, 'nothing was changed')

  t.equal((await change(`W/${stale}`)).status, 412, 'a weak tag of another version')
  const weakly = await change(`W/${String(changed.headers.etag)}`)
  t.equal(weakly.status, 200, 'a weak tag of this version, as a proxy makes it that compresses')
  t.equal((await change('"other"')).status, 412, 'a tag that is no version')
  t.equal((await change(`"1,${weakly.body.version},2"`)).status, 412, 'a comma in a tag')
  t.equal((await change('*')).status, 200, 'any')
  const { etag } = (await call('GET', '/tickets/1')).headers
  const listed = await change(`"1", ${String(etag)}`)
  t.equal(listed.status, 200, 'one of a list')
  t.equal((await change(`"1", W/${String(listed.headers.etag)}`)).status, 200, 'a weak one of a list')
  t.equal((await change('123')).status, 400, 'without its quotes')
})

t.test('the merge cannot pass 50 custom fields', async t => {
  const { call } = await createService(t)
  const fields = (from: number, count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${from + i}`, i]))
  const { body } = await call('POST', '/tickets/1', { customer_id: 1, custom_fields: fields(0, 49) })
  const refused = await call('PATCH', '/tickets/1', { subject: 'no', custom_fields: fields(49, 2) })
  t.equal(refused.status, 400)
  t.match(refused.body, { code: 'validation_failed', errors: [{ pointer: '/custom_fields' }] })
  t.strictSame((await call('GET', '/tickets/1')).body, body, 'nothing was changed')
  t.equal((await call('PATCH', '/tickets/1', { custom_fields: { f0: null, ...fields(49, 2) } })).status, 200, 'removing one makes room')
})
