import { ABSENT, AUTHORIZATION, GOOD, KEY, entry, raw, rawPost } from './table.ts'

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const END = '0\r\n\r\n'

/** What a proxy before the service could take for one request, and the service for two, or the other way round. */
const SMUGGLED = `POST /tickets/${ABSENT} HTTP/1.1\r\nHost: tickets.test\r\n${AUTHORIZATION}\r\nContent-Type: application/json\r\nContent-Length: ${GOOD.length}\r\n\r\n${GOOD}`

/** Where a request begins and ends. */
export const framing = [
  entry('a length and chunks', rawPost(['Content-Length: 4', 'Transfer-Encoding: chunked'], `${END}${SMUGGLED}`), '400 validation_failed closed'),
  entry('chunks and a length', rawPost(['Transfer-Encoding: chunked', 'Content-Length: 4'], `${END}${SMUGGLED}`), '400 validation_failed closed'),
  entry('two lengths that differ', rawPost(['Content-Length: 0', `Content-Length: ${SMUGGLED.length}`], SMUGGLED), '400 validation_failed closed'),
  entry('two lengths that are the same', rawPost([`Content-Length: ${GOOD.length}`, `Content-Length: ${GOOD.length}`], GOOD), '400 validation_failed closed'),
  entry('two lengths in one header', rawPost([`Content-Length: ${GOOD.length}, ${GOOD.length}`], GOOD), '400 validation_failed closed'),
  ...['+17', '-1', '0x11', '1e1', '17 17', '99999999999999999999', '', 'seventeen'].map(length =>
    entry(`a length of "${length}"`, rawPost([`Content-Length: ${length}`], GOOD), '400 validation_failed closed')),
  ...['xchunked', 'chunked, identity', 'identity', 'gzip, chunked', '"chunked"', 'chunked\x0b', 'chunked, chunked'].map(encoding =>
    entry(`the transfer encoding ${JSON.stringify(encoding)}`, rawPost([`Transfer-Encoding: ${encoding}`], `${END}${SMUGGLED}`), '400 validation_failed closed')),
  entry('two transfer encodings', rawPost(['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], `${END}${SMUGGLED}`), '400 validation_failed closed'),
  entry('a transfer encoding with a space before its colon', rawPost(['Transfer-Encoding : chunked'], `${END}${SMUGGLED}`), '400 validation_failed closed'),
  entry('a transfer encoding on a second line', rawPost(['Transfer-Encoding:', ' chunked'], `${END}${SMUGGLED}`), '400 validation_failed closed'),
  entry('a header that goes on in the next line', raw('GET /flush HTTP/1.1', ['X-Folded: a', ' b']), '400 validation_failed closed'),
  entry('a header without a colon', raw('GET /flush HTTP/1.1', ['Nonsense']), '400 validation_failed closed'),
  entry('a header without a name', raw('GET /flush HTTP/1.1', [': x']), '400 validation_failed closed'),
  entry('a header with a NUL', raw('GET /flush HTTP/1.1', ['X-Nul: a\0b']), '400 validation_failed closed'),
  entry('a header with a bare carriage return', raw('GET /flush HTTP/1.1', ['X-Return: a\rb: c']), '400 validation_failed closed'),
  entry('a name with a byte that is no letter', raw('GET /flush HTTP/1.1', ['X-\xe9: a']), '400 validation_failed closed'),
  entry('lines that end without a carriage return', SMUGGLED.replaceAll('\r\n', '\n'), '400 validation_failed closed'),
  entry('a space before the first header', `GET /flush HTTP/1.1\r\n Host: tickets.test\r\n${AUTHORIZATION}\r\n\r\n`, '400 validation_failed closed'),

  entry('a chunk of a size that is no number', rawPost(['Transfer-Encoding: chunked'], `zz\r\n${GOOD}\r\n${END}`), '400 validation_failed closed'),
  entry('a chunk of a negative size', rawPost(['Transfer-Encoding: chunked'], `-1\r\n${GOOD}\r\n${END}`), '400 validation_failed closed'),
  entry('a chunk of a size that no number holds', rawPost(['Transfer-Encoding: chunked'], `fffffffffffffffff\r\n${GOOD}\r\n${END}`), '400 validation_failed closed'),
  entry('a chunk that is longer than its size', rawPost(['Transfer-Encoding: chunked'], `5\r\n${GOOD}\r\n${END}`), '400 validation_failed closed'),
  entry('a flood of chunk extensions', rawPost(['Transfer-Encoding: chunked'], `${chunk(GOOD).replace('\r\n', `;${'x'.repeat(20_000)}\r\n`)}${END}`), '413 payload_too_large closed'),
  entry('chunks of more than 1 MiB', rawPost(['Transfer-Encoding: chunked'], `100001\r\n${' '.repeat(0x100001)}`), '413 payload_too_large closed'),
  entry('chunks that end before the last', rawPost(['Transfer-Encoding: chunked'], chunk(GOOD)), '400 validation_failed closed', { isHalfClosed: true }),
  entry('a body that is shorter than its length', rawPost(['Content-Length: 100'], GOOD), '400 validation_failed closed', { isHalfClosed: true }),
  entry('a body that is longer than its length', rawPost([`Content-Length: ${GOOD.length - 1}`], GOOD), '- - closed'),
  entry('a length of more than 1 MiB', rawPost(['Content-Length: 1048577']), '413 payload_too_large closed'),
  entry('a length of more than 4 MiB for a batch', raw('POST /tickets/batch HTTP/1.1', ['Content-Type: application/json', 'Content-Length: 4194305']), '413 payload_too_large closed'),
  entry('a length that no number holds exactly', rawPost(['Content-Length: 9007199254740993']), '413 payload_too_large closed'),
  entry('a body without a length, which is another request', rawPost([], GOOD), '- - closed'),
  entry('a length after the body', rawPost(['Transfer-Encoding: chunked', 'Trailer: Content-Length'], `${chunk(GOOD)}0\r\nContent-Length: 5\r\n\r\n`), '400 validation_failed closed'),
  entry('a key and a host after the body', raw('POST /tickets/0 HTTP/1.1', ['Content-Type: application/json', 'Transfer-Encoding: chunked'], `${chunk(GOOD)}0\r\nAuthorization: Bearer x\r\nHost: evil.test\r\n\r\n`), '400 validation_failed open'),
  entry('a key that comes after the body', raw('POST /tickets/0 HTTP/1.1', ['Content-Type: application/json', 'Transfer-Encoding: chunked'], `${chunk(GOOD)}0\r\n${AUTHORIZATION}\r\n\r\n`).replace(`${AUTHORIZATION}\r\n`, ''), '401 unauthorized open'),
  entry('a request in the body of a GET', raw('GET /tickets/0 HTTP/1.1', [`Content-Length: ${SMUGGLED.length}`], SMUGGLED), '400 validation_failed open'),
  entry('nonsense after a good request', `${raw('GET /tickets/7 HTTP/1.1')}NONSENSE\r\n\r\n`, '- - closed'),

  entry('no HTTP', 'hello\r\n\r\n', '400 validation_failed closed'),
  entry('bytes of TLS', Buffer.from('16030100c8010000c40303', 'hex'), '400 validation_failed closed'),
  entry('the beginning of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '400 validation_failed closed'),
  entry('HTTP/0.9', 'GET /flush\r\n\r\n', '400 validation_failed closed'),
  entry('HTTP/2.0 in words', raw('GET /flush HTTP/2.0'), '400 validation_failed closed'),
  entry('HTTP/9.9', raw('GET /flush HTTP/9.9'), '400 validation_failed closed'),
  entry('HTTP/1.0 with chunks', raw(`POST /tickets/${ABSENT} HTTP/1.0`, ['Content-Type: application/json', 'Transfer-Encoding: chunked'], `${chunk(GOOD)}${END}`), '400 validation_failed closed'),
  entry('a method that nobody knows', raw('HACK /flush HTTP/1.1'), '400 validation_failed closed'),
  entry('a method in small letters', raw('get /flush HTTP/1.1'), '400 validation_failed closed'),
  entry('a line feed in the path', raw('GET /fl\nush HTTP/1.1'), '400 validation_failed closed'),
  entry('a NUL in the path', raw('GET /tickets/7\0 HTTP/1.1'), '400 validation_failed closed'),
  entry('a byte of no character in the path', raw('GET /tickets/\x9b7 HTTP/1.1'), '400 validation_failed closed'),
  entry('two spaces before the path', raw('GET  /tickets/0 HTTP/1.1'), '400 validation_failed open'),
  entry('CONNECT', raw('CONNECT evil.test:443 HTTP/1.1'), '- - closed'),
  entry('TRACE', raw('TRACE /flush HTTP/1.1'), '405 method_not_allowed open'),
  entry('DELETE of a path that nothing deletes', raw('DELETE /flush HTTP/1.1'), '405 method_not_allowed open'),
  ...['PUT', 'OPTIONS', 'PROPFIND', 'LINK', 'PURGE'].map(method =>
    entry(method, raw(`${method} /tickets/7 HTTP/1.1`), '405 method_not_allowed open')),
  entry('an upgrade to WebSocket', raw('GET /resync/no HTTP/1.1', ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x', 'Sec-WebSocket-Version: 13']), '404 not_found open'),
  entry('an upgrade to HTTP/2', raw('GET /tickets/0 HTTP/1.1', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']), '400 validation_failed open'),
  entry('an expectation that nobody knows', rawPost(['Expect: a miracle', 'Content-Length: 2'], '{}'), '400 validation_failed open'),
  entry('100-continue with a key that nobody has', `POST /tickets/${ABSENT} HTTP/1.1\r\nHost: tickets.test\r\nAuthorization: Bearer ${KEY}x\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: ${GOOD.length}\r\n\r\n${GOOD}`, '401 unauthorized open'),
]
