import { readFileSync } from 'node:fs'
import type { InjectOptions } from 'fastify'
import t from 'tap'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { createService, type Variables } from '../helper.ts'

const shop = createApiKey('shop', 'read+write')
const { entry: API_KEYS, key } = shop
const authorization = `Bearer ${key}`
const DESK = 'https://desk.example'
const CORS_ORIGINS = `${DESK},http://localhost:8080`

const preflight = (origin: string, url = '/tickets/1', method = 'PATCH', more: Record<string, string> = {}): InjectOptions =>
  ({ method: 'OPTIONS', url, headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'authorization,content-type,if-match', ...more } })

/** The names in a header that is a list. */
const names = (value: unknown) => String(value).toLowerCase().split(', ')

interface Operation { parameters?: { in: string, name: string }[], responses: Record<string, { headers?: object }> }
const described = JSON.parse(readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')) as { paths: Record<string, Record<string, Operation>> }
const operations = Object.values(described.paths).flatMap(methods => Object.entries(methods))

t.test('a preflight of a listed origin is answered without a key, for whatever the routes know', async t => {
  const { app } = await createService(t, { API_KEYS, CORS_ORIGINS })
  for (const origin of [DESK, 'http://localhost:8080']) {
    const { statusCode, headers, body } = await app.inject(preflight(origin))
    t.match({ statusCode, body, headers }, { statusCode: 204, body: '', headers: { 'access-control-allow-origin': origin, 'access-control-max-age': /^\d+$/, vary: /Origin/ } })
    t.notOk('access-control-allow-credentials' in headers, 'a key is sent by the page, not by the browser')
    const sent = operations.flatMap(([, { parameters = [] }]) => parameters.filter(parameter => parameter.in === 'header').map(({ name }) => name.toLowerCase()))
    t.strictSame([...new Set(['authorization', 'content-type', ...sent])].filter(name => !names(headers['access-control-allow-headers']).includes(name)), [], 'every header of a request')
    t.strictSame([...new Set(operations.map(([method]) => method))].filter(method => !names(headers['access-control-allow-methods']).includes(method)), [], 'every method')
  }
})

t.test('every header of an answer can be read', async t => {
  const { app } = await createService(t, { API_KEYS, CORS_ORIGINS })
  const { headers } = await app.inject({ url: '/tickets/1', headers: { origin: DESK, authorization } })
  const answered = operations.flatMap(([, { responses }]) => Object.values(responses).flatMap(response => Object.keys(response.headers ?? {}))).map(name => name.toLowerCase())
  t.strictSame([...new Set(['etag', 'x-request-id', 'allow', ...answered])].filter(name => !names(headers['access-control-expose-headers']).includes(name)), [])
})

t.test('a page can read every answer, those that refuse among them', async t => {
  const { app, redis, prefix } = await createService(t, { API_KEYS, CORS_ORIGINS, RATE_LIMIT_MAX: 6, RATE_LIMIT_WINDOW_MS: 600_000 })
  const ask = (method: InjectOptions['method'], url: string, headers: Record<string, string> = {}, payload?: object | string) =>
    app.inject({ method, url, headers: { origin: DESK, ...headers }, ...(payload !== undefined && { payload }) })
  for (const [status, answer] of [
    [201, await ask('POST', '/tickets/1', { authorization }, { customer_id: 1 })],
    [200, await ask('GET', '/tickets/1', { authorization })],
    [404, await ask('GET', '/tickets/2', { authorization })],
    [412, await ask('PATCH', '/tickets/1', { authorization, 'if-match': '"1"' }, { subject: 'x' })],
    [415, await ask('POST', '/tickets/1', { authorization, 'content-type': 'text/plain' }, 'x')],
    [403, await ask('POST', '/flush', { authorization })],
    [429, await ask('GET', '/tickets/1', { authorization })],
    [401, await ask('GET', '/tickets/1')],
    [404, await ask('GET', '/nonsense')],
    [405, await ask('PUT', '/tickets/1')],
    [200, await ask('GET', '/health/live')],
  ] as const) {
    t.match({ status: answer.statusCode, headers: answer.headers }, { status, headers: { 'access-control-allow-origin': DESK, 'access-control-expose-headers': /ETag/, 'content-security-policy': /none/, 'x-content-type-options': 'nosniff' } }, String(status))
  }
  t.equal(Number(await redis.get(`${prefix}limit:failures:127.0.0.1`)), 3, 'no preflight, and three failures')
})

t.test('preflights are no failures: neither limited, nor counted as problems', async t => {
  for (const variables of [{ API_KEYS, CORS_ORIGINS }, { API_KEYS }, { CORS_ORIGINS }, {}] as Variables[]) {
    const { app, redis, prefix, lines } = await createService(t, { ...variables, RATE_LIMIT_MAX: 5, LOG_LEVEL: 'info' })
    for (const origin of [DESK, 'https://other.example', 'null']) {
      for (const url of ['/tickets/1', '/tickets', '/nonsense', '/flush']) {
        for (let i = 0; i < 7; i += 1) {
          const { statusCode, headers } = await app.inject(preflight(origin, url))
          t.equal(statusCode, 204)
          t.equal(headers['access-control-allow-origin'], 'CORS_ORIGINS' in variables && origin === DESK ? DESK : undefined)
        }
      }
    }
    t.strictSame(await redis.keys(`${prefix}limit:*`), [], 'nothing was counted')
    t.notMatch(await app.metrics.registry.metrics(), /tickets_(problems|auth_failures)_total\{[^}]*\} [1-9]/)
    t.notOk(lines.all.some(line => line.status === 204))
  }
})

t.test('an OPTIONS that is no preflight is what it was: a method that no route knows', async t => {
  for (const variables of [{ CORS_ORIGINS }, {}] as Variables[]) {
    const { call } = await createService(t, variables)
    for (const headers of [{}, { origin: 'http://localhost:8080' }, { 'access-control-request-method': 'GET' }] as Record<string, string>[]) {
      t.match(await call('OPTIONS', '/flush', undefined, headers), { status: 405, headers: { allow: 'GET, HEAD, POST', 'content-type': 'application/problem+json' }, body: { code: 'method_not_allowed' } }, JSON.stringify([variables, headers]))
      t.match(await call('OPTIONS', '/nonsense', undefined, headers), { status: 404, body: { code: 'not_found' } })
    }
  }
})

t.test('other origins get no such headers, and without CORS_ORIGINS nobody does', async t => {
  const listed = await createService(t, { API_KEYS, CORS_ORIGINS })
  for (const origin of ['https://desk.example.evil.test', 'http://desk.example', 'https://desk.example:444', 'https://Desk.example', 'null', 'https://desk.example, https://desk.example']) {
    t.notOk('access-control-allow-origin' in (await listed.app.inject(preflight(origin))).headers, origin)
    t.notOk('access-control-allow-origin' in (await listed.app.inject({ url: '/tickets/1', headers: { origin, authorization } })).headers, origin)
  }
  const off = await createService(t, { API_KEYS })
  for (const answer of [await off.app.inject(preflight(DESK)), await off.app.inject({ url: '/health/live', headers: { origin: DESK } })]) {
    t.strictSame(Object.keys(answer.headers).filter(name => name.startsWith('access-control') || name === 'vary'), [])
  }
})

t.test('without keys, the pages of CORS_ORIGINS get in and no others, and only under a name of this machine', async t => {
  const { app } = await createService(t, { CORS_ORIGINS })
  const status = async (headers: Record<string, string>) => (await app.inject({ method: 'POST', url: '/flush', headers })).statusCode
  for (const headers of [{ origin: DESK }, { origin: DESK, 'sec-fetch-site': 'cross-site' }, { origin: 'http://localhost:8080', 'sec-fetch-site': 'same-site' }] as Record<string, string>[]) t.equal(await status(headers), 200, JSON.stringify(headers))
  for (const headers of [{ origin: 'https://other.example' }, { 'sec-fetch-site': 'cross-site' }, { origin: 'http://localhost:8081', 'sec-fetch-site': 'same-site' }, { origin: 'null', 'sec-fetch-site': 'cross-site' }, { origin: DESK, host: 'rebound.example' }] as Record<string, string>[]) {
    t.equal(await status(headers), 403, JSON.stringify(headers))
  }
})
