import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Test } from 'tap'
import { createApiKey } from '../../../src/auth/api-keys.ts'
import { createService } from '../../helper.ts'
import { browserTest, listen, openPage } from './browser.ts'

interface Answer { status: number, headers: Record<string, string>, body: { version?: number, code?: string, subject?: string } }

/** An empty page of an origin of its own: another site than 127.0.0.1, where the service is. */
async function servePage (t: Test): Promise<string> {
  const server = createServer((_request, response) => { response.setHeader('content-type', 'text/html').end('<!doctype html><link rel="icon" href="data:,"><title>desk</title>') })
  t.teardown(() => { server.close().closeAllConnections() })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://localhost:${(server.address() as { port: number }).port}`
}

/** What a page sees that calls the service. */
async function openDesk (t: Test, desk: string, service: string, expected?: RegExp) {
  const page = await openPage(t, desk, { origins: [service], ...(expected && { expected }) })
  await page.goto('/')
  return async (method: string, path: string, headers: Record<string, string> = {}, body?: object) => await page.evaluate(async ({ url, method, headers, body }): Promise<Answer> => {
    const answer = await fetch(url, { method, headers: { ...headers, ...(body && { 'content-type': 'application/json' }) }, ...(body && { body: JSON.stringify(body) }) })
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.json() as Answer['body'] }
  }, { url: service + path, method, headers, body })
}

browserTest('a page of CORS_ORIGINS creates, reads and changes a ticket, and reads why it is refused', async t => {
  const { key, entry } = createApiKey('shop', 'read+write')
  const desk = await servePage(t)
  const { app } = await createService(t, { API_KEYS: entry, CORS_ORIGINS: desk })
  const call = await openDesk(t, desk, await listen(app), /status of (401|403|409|412)/)
  const authorization = { Authorization: `Bearer ${key}` }

  const created = await call('POST', '/tickets/1', { ...authorization, 'Idempotency-Key': '"a"' }, { customer_id: 1 })
  t.match(created, { status: 201, headers: { location: '/tickets/1', 'x-request-id': /./ } })
  t.match(await call('POST', '/tickets/1', { ...authorization, 'Idempotency-Key': '"a"' }, { customer_id: 1 }), { status: 201, headers: { 'idempotency-replayed': 'true' } })
  const read = await call('GET', '/tickets/1', authorization)
  t.match(read, { status: 200, headers: { etag: `"${created.body.version}"`, 'x-ticket-source': 'redis' } })
  const condition = { ...authorization, 'If-Match': read.headers.etag! }
  t.match(await call('PATCH', '/tickets/1', condition, { subject: 'x' }), { status: 200, body: { subject: 'x' } })
  t.match(await call('PATCH', '/tickets/1', condition, { subject: 'y' }), { status: 412, body: { code: 'version_conflict' } })
  t.match(await call('POST', '/tickets/1', authorization, { customer_id: 1 }), { status: 409 })
  t.match(await call('GET', '/tickets/1'), { status: 401, headers: { 'www-authenticate': /Bearer/ }, body: { code: 'unauthorized' } })
  t.match(await call('POST', '/flush', authorization, {}), { status: 403, body: { code: 'forbidden' } })
})

browserTest('a page of another origin reads nothing and changes nothing', async t => {
  const [desk, other] = [await servePage(t), await servePage(t)]
  const { app, hash } = await createService(t, { CORS_ORIGINS: desk })
  const url = await listen(app)
  const stranger = await openDesk(t, other, url, /CORS|ERR_FAILED|status of 403/)
  await t.rejects(stranger('POST', '/tickets/1', {}, { customer_id: 1 }), /Failed to fetch/)
  await t.rejects(stranger('GET', '/tickets/1'), /Failed to fetch/)
  t.strictSame(await hash(1), {})
  const call = await openDesk(t, desk, url)
  t.match(await call('POST', '/tickets/1', {}, { customer_id: 1 }), { status: 201 }, 'the one that is listed needs no key where there are none')
})
