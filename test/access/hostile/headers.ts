import { ABSENT, AUTHORIZATION, EXISTING, GOOD, KEY, entry, get, patch, raw, rawPost, type HttpRequest } from './table.ts'

const without = (...headers: string[]) => ['GET /flush HTTP/1.1', 'Host: tickets.test', ...headers, '', ''].join('\r\n')

const withKey = (authorization: string) => without(`Authorization: ${authorization}`)

/** A PATCH that would close the ticket. */
const close = (headers: HttpRequest['headers']) => patch('{"status":"closed"}', headers)

/** Not too many, so that none is dropped unseen. */
const flood = (count: number) => Array.from({ length: count }, () => 'a:b')

/** What is said of a request. */
export const headers = [
  entry('no key', without(), '401 unauthorized open'),
  entry('two keys in two headers', without(AUTHORIZATION, AUTHORIZATION), '401 unauthorized open'),
  entry('a valid key and another', without(AUTHORIZATION, 'Authorization: Bearer x'), '401 unauthorized open'),
  entry('another and a valid key', without('Authorization: Bearer x', AUTHORIZATION), '401 unauthorized open'),
  entry('two keys in one header', withKey(`Bearer ${KEY}, Bearer ${KEY}`), '401 unauthorized open'),
  entry('a key without Bearer', withKey(KEY), '401 unauthorized open'),
  entry('a key as Basic', withKey(`Basic ${Buffer.from(`shop:${KEY}`).toString('base64')}`), '401 unauthorized open'),
  entry('a key in quotes', withKey(`Bearer "${KEY}"`), '401 unauthorized open'),
  entry('a key with a byte that is no ASCII', withKey(`Bearer ${KEY}\xe9`), '401 unauthorized open'),
  entry('a key in other letters', withKey(`Bearer ${KEY.toUpperCase()}`), '401 unauthorized open'),
  entry('a key that is cut off', withKey(`Bearer ${KEY.slice(0, -1)}`), '401 unauthorized open'),
  entry('a key of 10,000 characters', withKey(`Bearer ${'x'.repeat(10_000)}`), '401 unauthorized open'),
  entry('a key in the query', raw(`GET /flush?access_token=${KEY} HTTP/1.1`).replace(`${AUTHORIZATION}\r\n`, ''), '401 unauthorized open'),
  entry('a key in a cookie', without(`Cookie: authorization=${KEY}`), '401 unauthorized open'),
  entry('a key for the proxy', without(`Proxy-Authorization: Bearer ${KEY}`), '401 unauthorized open'),
  entry('a key with a space before its colon', without(`Authorization : Bearer ${KEY}`), '400 validation_failed closed'),
  entry('forged forwarding headers and no key', without('X-Forwarded-For: 127.0.0.1', 'Forwarded: for=127.0.0.1', 'X-Real-IP: 127.0.0.1', 'X-Forwarded-Host: localhost', 'X-Forwarded-Proto: https', 'X-Original-URL: /health/live', 'X-Rewrite-URL: /health/live'), '401 unauthorized open'),
  entry('a method in a header', raw(`POST /tickets/${EXISTING} HTTP/1.1`, ['X-HTTP-Method-Override: PATCH', 'X-HTTP-Method: PATCH', 'Content-Type: application/json', 'Content-Length: 35'], '{"customer_id":1,"status":"closed"}'), '409 ticket_exists open'),

  entry('no host', `GET /tickets/${EXISTING} HTTP/1.1\r\n${AUTHORIZATION}\r\n\r\n`, '400 validation_failed closed'),
  entry('two hosts', raw(`GET /tickets/${EXISTING} HTTP/1.1`, ['Host: evil.test']), '400 validation_failed closed'),
  entry('an empty host', raw(`GET /tickets/${EXISTING} HTTP/1.1`).replace('tickets.test', ''), '400 validation_failed closed'),
  ...['evil.test/tickets', 'a@b', 'a b', '<script>', 'a\\b', '[::1', 'tickets.test:x', 'tickets.test:1:2', 'a,b', '\xe9.test', 'x'.repeat(1000)].map(host =>
    entry(`the host ${host.slice(0, 40)}`, raw(`GET /tickets/${EXISTING} HTTP/1.1`).replace('tickets.test', host), '400 validation_failed closed')),
  entry('101 headers', raw(`GET /tickets/${EXISTING} HTTP/1.1`, flood(99)), '431 headers_too_large closed'),
  entry('a flood of headers before the one that counts', raw(`PATCH /tickets/${EXISTING} HTTP/1.1`, [...flood(2000), 'If-Match: "1"', 'Content-Type: application/json', 'Content-Length: 19'], '{"status":"closed"}'), '431 headers_too_large closed'),
  entry('a header of 20,000 bytes', raw('GET /flush HTTP/1.1', [`X: ${'x'.repeat(20_000)}`]), '431 headers_too_large closed'),
  entry('a name of 20,000 bytes', raw('GET /flush HTTP/1.1', [`${'x'.repeat(20_000)}: x`]), '431 headers_too_large closed'),

  ...['x', '1', '"', '"1', '1"', 'W/', '"1" "2"', '"1",', ',', '*, "1"', '"1"x', ''].map(value =>
    entry(`the If-Match ${value}`, close({ 'if-match': value }), '400 validation_failed open', { pointer: '/if-match' })),
  entry('an If-Match that is weak, and of another version', close({ 'if-match': 'W/"1"' }), '412 version_conflict open'),
  entry('an If-Match with the words of a script', close({ 'if-match': '"1,2", "\';", "[1]", "{}"' }), '412 version_conflict open'),
  entry('an If-Match of 1,500 versions', close({ 'if-match': Array(1500).fill('"1"').join() }), '412 version_conflict open'),
  entry('two If-Match', raw(`PATCH /tickets/${EXISTING} HTTP/1.1`, ['If-Match: "1"', 'If-Match: *', 'Content-Type: application/json', 'Content-Length: 19'], '{"status":"closed"}'), '400 validation_failed open'),
  entry('an If-None-Match that is none', get(`/tickets/${EXISTING}`, { 'if-none-match': '7' }), '400 validation_failed open', { pointer: '/if-none-match' }),

  ...['', ' ', '""', '"', 'a b', 'a,b', 'a\\b', '"a"b', 'a"b', 'x'.repeat(256), `"${'\\"'.repeat(256)}"`, '\xe9', '"\xe9"', 'a\tb'].map(value =>
    entry(`the Idempotency-Key ${value.slice(0, 40)}`, rawPost([`Idempotency-Key: ${value}`, `Content-Length: ${GOOD.length}`], GOOD), '400 validation_failed open', { pointer: '/idempotency-key' })),
  entry('two Idempotency-Keys', rawPost(['Idempotency-Key: a', 'Idempotency-Key: b', `Content-Length: ${GOOD.length}`], GOOD), '400 validation_failed open', { pointer: '/idempotency-key' }),
  entry('an Idempotency-Key with a control byte', rawPost(['Idempotency-Key: a\x1bb', `Content-Length: ${GOOD.length}`], GOOD), '400 validation_failed closed'),

  entry('an X-Request-Id that colours a terminal', raw('GET /tickets/0 HTTP/1.1', ['X-Request-Id: \x1b[31mred']), '400 validation_failed closed'),
  entry('an X-Request-Id on two lines', raw('GET /tickets/0 HTTP/1.1', ['X-Request-Id: a\nb']), '400 validation_failed closed'),
  ...['\x9b31mred', 'x'.repeat(65), 'a b', '', '"', '{"a":1}', 'a\tb', '\xe9', '../..'].map(id =>
    entry(`the X-Request-Id ${JSON.stringify(id).slice(0, 40)}`, raw('GET /tickets/0 HTTP/1.1', [`X-Request-Id: ${id}`]), '400 validation_failed open')),
  entry('two X-Request-Ids', raw('GET /tickets/0 HTTP/1.1', ['X-Request-Id: a', 'X-Request-Id: b']), '400 validation_failed open'),
  entry('a range of bytes', get('/tickets/0', { range: 'bytes=0-18446744073709551615' }), '400 validation_failed open'),
  entry('hop-by-hop headers that name others', raw(`POST /tickets/${ABSENT} HTTP/1.1`, ['Connection: Authorization, Content-Length', 'Content-Type: application/json', 'Content-Length: 2'], '{}'), '400 validation_failed open'),
]
