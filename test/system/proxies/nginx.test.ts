import t from 'tap'
import { startNginx } from '../../../scripts/lib/nginx.mjs'
import { createService, privateDirectory } from '../../helper.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

t.test('behind an nginx that compresses, the ETag of an answer is an If-Match and an If-None-Match', async t => {
  const { app } = await createService(t)
  const service = await app.listen({ host: '127.0.0.1', port: 0 })
  const nginx = await startNginx({
    directory: privateDirectory(t),
    http: 'gzip on; gzip_proxied any; gzip_types application/json; gzip_min_length 1;',
    server: `    location / { proxy_pass ${service}; proxy_http_version 1.1; }`,
  })
  t.teardown(() => nginx.stop())
  const call = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
    await fetch(nginx.url + path, { method, headers: { 'accept-encoding': 'gzip', ...(body && JSON_TYPE), ...headers }, ...(body && { body: JSON.stringify(body) }) })

  t.equal((await call('POST', '/tickets/1', { customer_id: 1, subject: 'x' })).status, 201)
  const read = await call('GET', '/tickets/1')
  t.equal(read.headers.get('content-encoding'), 'gzip')
  const etag = read.headers.get('etag')!
  t.match(etag, /^W\/"\d+"$/, 'nginx has made it a weak one')

  t.equal((await call('GET', '/tickets/1', undefined, { 'if-none-match': etag })).status, 304)
  const changed = await call('PATCH', '/tickets/1', { subject: 'y' }, { 'if-match': etag })
  t.equal(changed.status, 200)
  const next = changed.headers.get('etag')!
  t.equal((await call('PATCH', '/tickets/1', { subject: 'z' }, { 'if-match': etag })).status, 412, 'the version before')
  t.equal((await call('GET', '/tickets/1', undefined, { 'if-none-match': etag })).status, 200)

  const batch = async (condition: string) => {
    const answer = await call('POST', '/tickets/batch', { operations: [{ op: 'update', ticket_id: 1, subject: 'b', if_match: condition }] })
    return (await answer.json() as { results: { status: number }[] }).results[0]!.status
  }
  t.equal(await batch(etag), 412)
  t.equal(await batch(next), 200)
})
