import t from 'tap'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { createService } from '../helper.ts'

const { key, entry } = createApiKey('shop', 'read+write')

const DATA = { 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; frame-ancestors 'none'", 'cache-control': 'no-store', 'x-request-id': /./ }
const PAGE = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-request-id': /./,
  'content-security-policy': /^default-src 'none';script-src 'self';style-src 'self'[^;]*;.*connect-src 'self';.*form-action 'none';frame-ancestors 'none'$/,
}

t.test('every answer says what a browser may do with it', async t => {
  const { app } = await createService(t, { API_KEYS: entry })
  const authorization = `Bearer ${key}`
  for (const [url, headers, status, expected] of [
    ['/tickets/1', { authorization }, 404, DATA],
    ['/tickets/x', { authorization }, 400, DATA],
    ['/tickets/1', {}, 401, DATA],
    ['/flush', { authorization }, 403, DATA],
    ['/nonsense', {}, 404, DATA],
    ['/health/live', {}, 200, DATA],
    ['/openapi.json', {}, 200, DATA],
    ['/docs/', {}, 200, PAGE],
    ['/ops', {}, 200, PAGE],
  ] as const) {
    const answer = await app.inject({ url, headers })
    t.equal(answer.statusCode, status, url)
    t.match(answer.headers, expected, url)
    t.notOk('strict-transport-security' in answer.headers, 'TLS is the proxy\'s')
    t.notOk('x-powered-by' in answer.headers || 'server' in answer.headers)
  }
})
