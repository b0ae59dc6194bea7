import { GOOD, entry, patch, post, raw, type HttpRequest } from './table.ts'

const nested = (depth: number) => `{"customer_id":1,"custom_fields":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`

const operations = (...items: string[]) => post(`{"operations":[${items.join()}]}`, {}, '/tickets/batch')

/** What is no JSON, or not one JSON. */
const malformed: [string, string | Buffer][] = [
  ['half an object', '{"customer_id":1'],
  ['two objects', `${GOOD}${GOOD}`],
  ['an object and a comma', `${GOOD},`],
  ['a comma at the end', '{"customer_id":1,}'],
  ['a comment', '{"customer_id":1/**/}'],
  ['single quotes', '{\'customer_id\':1}'],
  ['a name without quotes', '{customer_id:1}'],
  ['NaN', '{"customer_id":NaN}'],
  ['Infinity', '{"customer_id":Infinity}'],
  ['a number with a leading zero', '{"customer_id":01}'],
  ['a hexadecimal number', '{"customer_id":0x1}'],
  ['a number with a plus', '{"customer_id":+1}'],
  ['a raw NUL in a text', '{"customer_id":1,"subject":"a\0b"}'],
  ['a raw line feed in a text', '{"customer_id":1,"subject":"a\nb"}'],
  ['a NUL after the body', `${GOOD}\0`],
  ['an escape that is none', '{"customer_id":1,"subject":"\\x41"}'],
  ['half an escape', '{"customer_id":1,"subject":"\\u12"}'],
  ['nothing but a space', ' '],
  ['two byte order marks', Buffer.from(`\ufeff\ufeff${GOOD}`)],
  ['UTF-16', Buffer.from(GOOD, 'utf16le')],
  ['100,000 lists in each other, left open', '['.repeat(100_000)],
  ['100,000 lists in each other', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['100,000 objects in each other', nested(100_000)],
  ['half of a surrogate pair', '{"customer_id":1,"subject":"\\ud800"}'],
  ['the other half', '{"customer_id":1,"subject":"a\\udc00\\ud800"}'],
  ['half of a surrogate pair as bytes', Buffer.concat([Buffer.from('{"customer_id":1,"subject":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')])],
  ['a byte of no character', Buffer.from('{"customer_id":1,"subject":"\xff"}', 'latin1')],
  ['half of a surrogate pair as a name', '{"customer_id":1,"custom_fields":{"\\udfff":1}}'],
  ['a name that stands twice', '{"customer_id":1,"customer_id":2}'],
  ['a name that stands twice, once escaped', '{"customer_id":1,"customer\\u005fid":2}'],
  ['a name that stands twice among custom fields', '{"customer_id":1,"custom_fields":{"a":1,"b":":","a":2}}'],
  ['a name that stands twice, with a space before a colon', '{"customer_id" :1,"customer_id":2}'],
  ['a name that stands twice, with line feeds before colons', '{"customer_id"\n:\n1,"subject"\n:"a : b","subject"\t:"b"}'],
  ['a name that stands twice in each of many objects', `[${'{"a":1,"a":{}},'.repeat(1000)}{}]`],
  ['a name that stands twice, after texts with colons and quotes', '{"customer_id":1,"subject":"a\\":\\\\","category":"::","subject":"b"}'],
]

/** JSON, and no ticket. */
const invalid: [string, string, string][] = [
  ['the name __proto__', '{"customer_id":1,"__proto__":{"status":"closed"}}', '/__proto__'],
  ['the name __proto__, escaped', '{"customer_id":1,"\\u005f_proto__":{"status":"closed"}}', '/__proto__'],
  ['the name __proto__ among custom fields', '{"customer_id":1,"custom_fields":{"__proto__":"x"}}', '/custom_fields/__proto__'],
  ['a constructor with a prototype', '{"customer_id":1,"custom_fields":{"constructor":{"prototype":{"a":1}}}}', '/custom_fields/constructor'],
  ['null', 'null', ''],
  ['a number', '1', ''],
  ['a text', '"x"', ''],
  ['a list', `[${GOOD}]`, ''],
  ['5,000 lists in each other', '['.repeat(5000) + ']'.repeat(5000), ''],
  ['1,000 objects in each other', nested(1000), '/custom_fields/a'],
  ['the customer 1e400', '{"customer_id":1e400}', '/customer_id'],
  ['the customer -0', '{"customer_id":-0}', '/customer_id'],
  ['the customer 1e-400', '{"customer_id":1e-400}', '/customer_id'],
  ['the customer 9007199254740993', '{"customer_id":9007199254740993}', '/customer_id'],
  ['a customer of 400 digits', `{"customer_id":${'9'.repeat(400)}}`, '/customer_id'],
  ['the customer 1.0000001', '{"customer_id":1.0000001}', '/customer_id'],
  ['a customer as text', '{"customer_id":"1"}', '/customer_id'],
  ['a customer as list', '{"customer_id":[1]}', '/customer_id'],
  ['a subject that is an object', '{"customer_id":1,"subject":{"toString":1}}', '/subject'],
  ['a subject of 256 emoji', `{"customer_id":1,"subject":"${'🎫'.repeat(256)}"}`, '/subject'],
  ['custom fields as list', '{"customer_id":1,"custom_fields":[1]}', '/custom_fields'],
  ['a custom field named constructor, of an object', '{"customer_id":1,"custom_fields":{"constructor":{}}}', '/custom_fields/constructor'],
  ['a custom field of 1e400', '{"customer_id":1,"custom_fields":{"a":1e400}}', '/custom_fields/a'],
  ['a custom field of -1e400', '{"customer_id":1,"custom_fields":{"a":-1e400}}', '/custom_fields/a'],
  ['a custom field with a dot', '{"customer_id":1,"custom_fields":{"a.b":1}}', '/custom_fields/a.b'],
  ['a custom field without a name', '{"customer_id":1,"custom_fields":{"":1}}', '/custom_fields/'],
  ['a custom field with a line feed after its name', '{"customer_id":1,"custom_fields":{"a\\n":1}}', '/custom_fields/a\n'],
  ['a custom field with a Cyrillic name', '{"customer_id":1,"custom_fields":{"\u0430":1}}', '/custom_fields/\u0430'],
  ['a field of JavaScript', '{"customer_id":1,"toString":1}', '/toString'],
  ['a field with its name in other letters', '{"customer_id":1,"Status":"open"}', '/Status'],
  ['the year 10000', '{"customer_id":1,"created_at":253402300800}', '/created_at'],
]

/** [what it is, Content-Type, other headers] */
const types: [string, string | undefined, Record<string, string>?][] = [
  ['no content type', undefined],
  ['text/plain', 'text/plain'],
  ['a form', 'application/x-www-form-urlencoded'],
  ['a form with files', 'multipart/form-data; boundary=x'],
  ['application/jsonx', 'application/jsonx'],
  ['application/json5', 'application/json5'],
  ['application/merge-patch+json', 'application/merge-patch+json'],
  ['text/plain, of which a parameter is JSON', 'text/plain; x=application/json'],
  ['two content types in one', 'application/json, text/plain'],
  ['two content types in one, the other way round', 'text/plain, application/json'],
  ['a content type with a tab', 'application/json\tx'],
  ['a content type without a slash', 'json'],
  ['a content type of any kind', '*/*'],
  ['an empty content type', ''],
]

/** JSON, in what is not UTF-8. */
const encodings: typeof types = [
  ['JSON in UTF-16', 'application/json;charset=utf-16'],
  ['JSON in UTF-7', 'application/json; charset=utf-7'],
  ['JSON in two charsets', 'application/json; charset=utf-8; charset=utf-16'],
  ['a content type of 8,000 bytes', `application/json;${'x'.repeat(8000)}`],
  ['gzip', 'application/json', { 'content-encoding': 'gzip' }],
  ['two encodings', 'application/json', { 'content-encoding': 'identity, gzip' }],
]

function ofType (type: string | undefined, headers: Record<string, string> = {}): HttpRequest {
  const request = post(GOOD, headers)
  if (type === undefined) delete request.headers!['content-type']
  else request.headers!['content-type'] = type
  return request
}

/** What is sent in a body, and under what name. */
export const bodies = [
  ...malformed.map(([name, body]) => entry(`a body of ${name}`, post(body), '400 validation_failed closed')),
  entry('a change of a name that stands twice', patch('{"status":"open","status":"closed"}'), '400 validation_failed closed'),
  entry('a batch with a name that stands twice in an operation', operations('{"op":"create","ticket_id":8,"customer_id":1,"ticket_id":9}'), '400 validation_failed closed'),
  entry('an empty body', post(''), '400 validation_failed open'),
  ...invalid.map(([name, body, pointer]) => entry(`a body of ${name}`, post(body), '400 validation_failed open', { pointer })),
  entry('a change to __proto__', patch('{"__proto__":null}'), '400 validation_failed open', { pointer: '/__proto__' }),
  entry('a change of nothing', patch('{}'), '400 validation_failed open', { pointer: '' }),
  entry('a change that removes the customer', patch('{"customer_id":null}'), '400 validation_failed open', { pointer: '/customer_id' }),
  entry('a field whose name is 100,000 characters long', post(`{"customer_id":1,"${'x'.repeat(100_000)}":1}`), '400 validation_failed open'),
  entry('a custom field whose name is 100,000 characters long', post(`{"customer_id":1,"custom_fields":{"${'x'.repeat(100_000)}":1}}`), '400 validation_failed open'),
  entry('a text that would be cut in the middle of an emoji', post(`{"customer_id":"${'x'.repeat(39)}🎫🎫"}`), '400 validation_failed open', { pointer: '/customer_id' }),
  entry('more than 1 MiB', post(`{"customer_id":1,"subject":"${'x'.repeat(1024 * 1024)}"}`), '413 payload_too_large closed'),

  entry('a batch without operations', post('{}', {}, '/tickets/batch'), '400 validation_failed open', { pointer: '/operations' }),
  entry('a batch of nothing', operations(), '400 validation_failed open', { pointer: '/operations' }),
  entry('a batch of 501', operations(...Array.from({ length: 501 }, (_, i) => `{"op":"create","ticket_id":${i + 100},"customer_id":1}`)), '400 validation_failed open', { pointer: '/operations' }),
  entry('a batch that is an object', post('{"operations":{"0":{},"length":1}}', {}, '/tickets/batch'), '400 validation_failed open', { pointer: '/operations' }),
  entry('a batch of what is no operation', operations('null', '1', '"create"', '[]', '{}', '{"op":"delete","ticket_id":7}', '{"op":"__proto__"}', '{"op":"constructor"}', '{"op":["create"]}'), '207 - open'),
  entry('a batch of operations on what is no ticket', operations(...['0', '-1', '1.5', '"7"', '1e400', '9007199254740992', 'null', '[7]', '{}', 'true'].map(id => `{"op":"create","ticket_id":${id},"customer_id":1}`)), '207 - open'),
  entry('a batch with an If-Match that is none', operations('{"op":"update","ticket_id":7,"status":"closed","if_match":"7"}', '{"op":"update","ticket_id":7,"status":"closed","if_match":"\\""}', '{"op":"update","ticket_id":7,"if_match":"*"}'), '207 - open'),
  entry('a batch of operations that are nested 50,000 deep', operations(`{"op":"create","ticket_id":8,"customer_id":${'['.repeat(50_000)}${']'.repeat(50_000)}}`), '400 validation_failed closed'),
  entry('a batch that is nested 5,000 deep, and is to be made once', { ...operations('['.repeat(5000) + ']'.repeat(5000)), headers: { ...operations().headers, 'idempotency-key': 'deep' } }, '207 - open'),
  entry('a flush of another scope', post('{"scope":"everything"}', {}, '/flush'), '400 validation_failed open', { pointer: '/scope' }),
  entry('a flush of a ticket and a scope', post('{"scope":"all","ticket_ids":[7]}', {}, '/flush'), '400 validation_failed open', { pointer: '/scope' }),
  entry('a flush of the same ticket twice', post('{"ticket_ids":[7,7]}', {}, '/flush'), '400 validation_failed open', { pointer: '/ticket_ids' }),
  entry('a flush of null', post('null', {}, '/flush'), '400 validation_failed open', { pointer: '' }),
  entry('a revival of 300,000 tickets', post(`{"ticket_ids":[${'1,'.repeat(300_000)}1]}`, {}, '/flush/dead/retry'), '400 validation_failed open', { pointer: '/ticket_ids' }),

  ...types.map(([name, type, headers]) => entry(name, ofType(type, headers), '415 unsupported_media_type open')),
  ...encodings.map(([name, type, headers]) => entry(name, ofType(type, headers), '415 unsupported_media_type closed')),
  entry('two headers of content types', raw('POST /tickets/8 HTTP/1.1', ['Content-Type: application/json', 'Content-Type: text/plain', `Content-Length: ${GOOD.length}`], GOOD), '415 unsupported_media_type open'),
  entry('a content type without a body', raw('POST /tickets/8 HTTP/1.1', ['Content-Type: application/json', 'Content-Length: 0']), '400 validation_failed open'),
]
