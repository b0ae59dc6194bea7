import type { InjectOptions } from 'fastify'
import t from 'tap'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { createService, type Service } from '../helper.ts'

const keys = { read: createApiKey('reader', 'read'), write: createApiKey('writer', 'write'), erase: createApiKey('eraser', 'erase'), ops: createApiKey('team', 'ops') }
const API_KEYS = Object.values(keys).map(({ entry }) => entry).join()

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

/** Every route, and who may call it. */
const ACCESS: Record<string, keyof typeof keys | 'public'> = {
  'GET /tickets/:id': 'read',
  'GET /tickets': 'read',
  'GET /tickets/counts': 'read',
  'GET /changes': 'read',
  'POST /tickets/:id': 'write',
  'PATCH /tickets/:id': 'write',
  'POST /tickets/batch': 'write',
  'DELETE /tickets/:id': 'erase',
  'POST /erasures': 'erase',
  'GET /erasures/:id': 'erase',
  'POST /flush': 'ops',
  'GET /flush': 'ops',
  'GET /flush/:id': 'ops',
  'GET /flush/dead': 'ops',
  'POST /flush/dead/retry': 'ops',
  'POST /resync': 'ops',
  'GET /resync': 'ops',
  'GET /journal': 'ops',
  'POST /journal/:seq/apply': 'ops',
  'POST /journal/:seq/discard': 'ops',
  'GET /webhooks': 'ops',
  'GET /webhooks/:name': 'ops',
  'POST /webhooks/:name/retry': 'ops',
  'GET /metrics': 'ops',
  'GET /health/live': 'public',
  'GET /health/ready': 'public',
  'GET /openapi.json': 'public',
  'GET /docs': 'public',
  'GET /docs/*': 'public',
  'GET /ops': 'public',
}

const [METHODS, PATHS] = [Object.keys(ACCESS).map(route => route.split(' ')[0]!), Object.keys(ACCESS).map(route => route.split(' ')[1]!.replace(/:\w+/, '7').replace('*', ''))]

/** What stands in the route table, without HEAD, which comes with GET, and the files of the pages. */
const routesOf = ({ app }: Service) => app.routes
  .flatMap(({ method, url, config }) => [method].flat().map(name => [`${name} ${url}`, config?.access] as const))
  .filter(([route]) => !route.startsWith('HEAD ') && !route.includes('/ops/'))

t.test('the route table: every route says who may call it', async t => {
  const service = await createService(t, { API_KEYS })
  t.strictSame(Object.fromEntries(routesOf(service)), ACCESS)
  t.ok(service.app.routes.every(({ config }) => config?.access !== undefined))
})

t.test('a route that does not say it keeps the service from starting', async t => {
  const { app } = await createService(t, { API_KEYS })
  const { buildApp } = await import('../../src/app.ts')
  const { loadConfig } = await import('../../src/config.ts')
  const other = await buildApp(loadConfig({ REDIS_URL: 'redis://127.0.0.1:1', MYSQL_URL: 'mysql://x@127.0.0.1:1/x', LOG_LEVEL: 'silent' }))
  t.teardown(() => other.close())
  other.get('/secrets', async () => 'x')
  await t.rejects(async () => { await other.ready() }, { message: 'GET /secrets does not say who may call it: give it an access' })
  t.ok(app)
})

t.test('each route with no key, a wrong key, and each scope', async t => {
  const service = await createService(t, { API_KEYS })
  for (const [i, [route, access]] of Object.entries(ACCESS).entries()) {
    t.test(route, async t => {
      const answer = async (headers: Record<string, string>) => (await service.app.inject({ method: METHODS[i] as InjectOptions['method'], url: PATHS[i]!, headers }))
      if (access === 'public') {
        t.equal((await answer({})).statusCode, 200)
        t.equal((await answer(bearer('wrong'))).statusCode, 200)
        return
      }
      for (const [headers, challenge] of [[{}, 'Bearer realm="ticket-metadata-service"'], [bearer('tms_wrong'), 'Bearer realm="ticket-metadata-service", error="invalid_token"']] as const) {
        // Failures of one address are limited, which is for another test.
        await service.redis.del(`${service.prefix}limit:failures:127.0.0.1`)
        const refused = await answer(headers)
        t.equal(refused.statusCode, 401)
        t.equal(refused.headers['www-authenticate'], challenge)
        t.equal(refused.json().code, 'unauthorized')
      }
      for (const scope of ['read', 'write', 'erase', 'ops'] as const) {
        const { statusCode, headers, json } = await answer(bearer(keys[scope].key))
        if (scope === access) {
          t.notOk([401, 403, 429, 500].includes(statusCode), `${scope}: ${statusCode}`)
        } else {
          t.equal(statusCode, 403)
          t.match(json(), { code: 'forbidden', detail: `The key of ${{ read: 'reader', write: 'writer', erase: 'eraser', ops: 'team' }[scope]} lacks the scope ${access}.` })
          t.equal(headers['www-authenticate'], `Bearer realm="ticket-metadata-service", error="insufficient_scope", scope="${access}"`)
        }
      }
    })
  }
})

t.test('who is refused is refused before the body is read, and nothing is written', async t => {
  const { app, redis, prefix } = await createService(t, { API_KEYS })
  for (const [headers, status] of [[{}, 401], [bearer(keys.read.key), 403]] as const) {
    const { statusCode } = await app.inject({ method: 'POST', url: '/tickets/1', headers: { 'content-type': 'application/json', ...headers }, payload: '{"no json' })
    t.equal(statusCode, status)
  }
  t.equal(await redis.exists(`${prefix}ticket:1`), 0)
})

t.test('what is no single key of Authorization: Bearer is none', async t => {
  const { app, redis, prefix } = await createService(t, { API_KEYS })
  const { key } = keys.read
  for (const authorization of [key, `Basic ${key}`, `Bearer${key}`, `Bearer ${key} x`, `Bearer ${key},`, `Bearer ${key}, Bearer ${key}`, `Bearer "${key}"`, 'Bearer ', 'Bearer', '', `Bearer ${key}\u00e9`, `Bearer ${'x'.repeat(10_000)}`]) {
    await redis.del(`${prefix}limit:failures:127.0.0.1`)
    t.equal((await app.inject({ url: '/tickets/1', headers: { authorization } })).statusCode, 401, authorization.slice(0, 80))
  }
  t.equal((await app.inject({ url: `/tickets/1?access_token=${key}` })).statusCode, 401, 'a key has no place in a URL')
  for (const authorization of [`Bearer ${key}`, `bearer ${key}`, `Bearer   ${key}`]) {
    t.equal((await app.inject({ url: '/tickets/1', headers: { authorization } })).statusCode, 404, authorization)
  }
})

t.test('without keys nobody needs one, but no other site gets in through a browser', async t => {
  const { app } = await createService(t)
  const status = async (headers: Partial<Record<string, string>>) => (await app.inject({ method: 'POST', url: '/flush', headers })).statusCode
  for (const headers of [{}, { host: '127.0.0.1:3000' }, { host: '[::1]:3000' }, { host: 'localhost' }, { 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }, { origin: 'http://127.0.0.1:3000' }]) {
    t.equal(await status(headers), 200, JSON.stringify(headers))
  }
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { host: 'rebound.example' }, { host: 'localhost.example:3000' }, { host: '127.0.0.1.example' }, { origin: 'https://shop.example' }, { origin: 'null' }, { origin: 'http://localhost.example:3000' }]) {
    t.equal(await status(headers), 403, JSON.stringify(headers))
  }
  const { title, detail } = (await app.inject({ url: '/tickets/1', headers: { origin: 'https://shop.example' } })).json()
  t.match(detail, /another site/)
  t.notMatch(title, /key/i, 'there is none')
  t.equal((await app.inject({ url: '/health/live', headers: { host: 'tickets.internal' } })).statusCode, 200, 'health is for everybody')
})

t.test('the service describes itself on loopback, or where it is told to', async t => {
  for (const [variables, status] of [[{}, 200], [{ HOST: '0.0.0.0' }, 404], [{ HOST: '0.0.0.0', DOCS: 'on' }, 200], [{ DOCS: 'off' }, 404]] as const) {
    const { app } = await createService(t, { API_KEYS, ...variables })
    for (const url of ['/docs/', '/openapi.json']) t.equal((await app.inject(url)).statusCode, status, `${JSON.stringify(variables)} ${url}`)
  }
})
