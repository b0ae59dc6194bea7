import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyBodyParser } from 'fastify'
import { Problem } from '../errors.ts'
import { shorten } from '../util/text.ts'

/** Half of a surrogate pair, as JSON can escape it. A pair of halves is caught too and looked at closely. */
const ESCAPED_SURROGATE = /\\u[dD][89a-fA-F]/

const BYTE_ORDER_MARK = 0xfeff

/** Deeper than any valid request. */
const DEPTH_MAX = 20

/** However deeply so much is nested, it costs little. The whole of a batch, nested, would cost seconds. */
const SHALLOW_BYTES = 16_384

/** JSON is UTF-8, whatever a charset says (RFC 8259, section 8.1), and is not taken compressed. */
function isPlain (headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type'] ?? ''
  const encoding = headers['content-encoding'] ?? 'identity'
  return encoding === 'identity' && (type === 'application/json' || /^[^;]*(;\s*charset="?utf-8"?\s*)?$/i.test(type))
}

/** So much of a header is repeated in what is said of it. */
const HEADER_MAX = 80

/** Why a body with these headers is not taken: the one that has to be another. */
export function unsupportedMediaType ({ 'content-type': type, 'content-encoding': encoding }: IncomingHttpHeaders): Problem {
  const wanted = 'must be application/json, or application/json; charset=utf-8'
  const isEncoded = encoding !== undefined && encoding !== 'identity'
  const is = (value: string) => `is "${shorten(value, HEADER_MAX)}"`
  return new Problem('unsupported_media_type', isEncoded
    ? `The header Content-Encoding ${is(encoding)}: leave it out, and send the body uncompressed.`
    : `The header Content-Type ${type === undefined ? 'is missing' : is(type)}: it ${wanted}.`)
}

/**
 * A body of JSON, without text that has no UTF-8 form: neither Redis nor MySQL could hold it, so it would come back
 * changed (RFC 8259, section 8.2). Names are the schema's to judge: `__proto__` is a member like any other, and unknown.
 * @throws {Problem} validation_failed, unsupported_media_type
 */
export const parseJson: FastifyBodyParser<Buffer> = (request, bytes, done) => {
  let value: unknown
  try {
    value = parse(request.headers, bytes)
  } catch (error) {
    done(error as Problem)
    return
  }
  done(null, value)
}

function parse (headers: IncomingHttpHeaders, bytes: Buffer): unknown {
  if (!isPlain(headers)) throw unsupportedMediaType(headers)
  const body = bytes.toString()
  // What is not UTF-8 was replaced by this character, which may also have been sent.
  if (body.includes('\ufffd') && !isUtf8(bytes)) throw new Problem('validation_failed', 'The body is not UTF-8.')
  if (bytes.length > SHALLOW_BYTES && isDeep(bytes)) throw new Problem('validation_failed', `The body is nested more than ${DEPTH_MAX} levels deep. No request is.`)
  // Whether a body may be missing is the route's schema's to say.
  if (body === '') return undefined
  const value = toValue(body)
  if (ESCAPED_SURROGATE.test(body) && !isWellFormed(value)) throw new Problem('validation_failed', 'The body holds half of a surrogate pair (\\ud800 to \\udfff), which is no character.')
  if (hasRepeatedName(body, bytes, value)) throw new Problem('validation_failed', 'The body holds a name twice in one object. Only one of the two could count.')
  return value
}

function toValue (body: string): unknown {
  try {
    // One byte order mark may be passed over (RFC 8259, section 8.1).
    return JSON.parse(body.charCodeAt(0) === BYTE_ORDER_MARK ? body.slice(1) : body)
  } catch {
    // The engine's own message would repeat what was sent.
    throw new Problem('validation_failed', 'The body is not JSON. Nothing was changed.')
  }
}

/**
 * Whether a value was lost because its name stands again in the same object (RFC 8259, section 4). Every name of the
 * text has its colon, so then there are more colons outside of strings than members.
 */
function hasRepeatedName (text: string, json: Buffer, value: unknown): boolean {
  const members = countMembers(value)
  // Colons are found faster than strings, and few strings hold one: this costs 0.3 us of a usual body, with strings 0.5.
  return countColons(text) > members && countSeparators(json) > members
}

function countColons (text: string): number {
  let count = 0
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) count += 1
  return count
}

const QUOTE = 0x22
const COLON = 0x3a
const BACKSLASH = 0x5c

/** Whether brackets stand inside each other more often than they may, also where they do not end. */
function isDeep (json: Buffer): boolean {
  let depth = 0
  let isString = false
  for (let at = 0; at < json.length && depth <= DEPTH_MAX; at += 1) {
    const byte = json[at]!
    if (byte === BACKSLASH) at += 1
    else if (byte === QUOTE) isString = !isString
    // [ and {, ] and }: they differ in one bit.
    else if (!isString && (byte | 0x20) === 0x7b) depth += 1
    else if (!isString && (byte | 0x20) === 0x7d) depth -= 1
  }
  return depth > DEPTH_MAX
}

/** The colons outside of strings. No byte of another character is one of these three. */
function countSeparators (json: Buffer): number {
  let count = 0
  let isString = false
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at]
    if (byte === QUOTE) isString = !isString
    else if (byte === COLON && !isString) count += 1
    // What is escaped ends no string.
    else if (byte === BACKSLASH) at += 1
  }
  return count
}

/** Not recursive: a hostile body is nested more deeply than the stack. */
function countMembers (value: unknown): number {
  let count = 0
  const rest = [value]
  while (rest.length > 0) {
    const next = rest.pop()
    if (Array.isArray(next)) {
      for (const item of next) if (typeof item === 'object') rest.push(item)
    } else {
      // for...in, without an array of members: this runs for every body.
      for (const name in next as Record<string, unknown>) {
        count += 1
        const member = (next as Record<string, unknown>)[name]
        if (typeof member === 'object') rest.push(member)
      }
    }
  }
  return count
}

/** Not recursive: a hostile body is nested more deeply than the stack. */
function isWellFormed (value: unknown): boolean {
  const rest = [value]
  while (rest.length > 0) {
    const next = rest.pop()
    if (typeof next === 'string' && !next.isWellFormed()) return false
    if (typeof next !== 'object' || next === null) continue
    for (const [name, member] of Object.entries(next)) {
      if (!name.isWellFormed()) return false
      rest.push(member)
    }
  }
  return true
}
