import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyBodyParser, FastifyRequest } from 'fastify'
import { Problem } from '../errors.ts'
import { callerOf } from '../auth/caller.ts'
import { shorten } from '../util/text.ts'
import { createSemaphore } from '../util/semaphore.ts'
import { inTurns } from '../util/turns.ts'
import { JsonScan } from './json-scan.ts'

/** Half of a surrogate pair, as JSON can escape it. A pair of halves is caught too and looked at closely. */
const ESCAPED_SURROGATE = /\\u[dD][89a-fA-F]/

const BYTE_ORDER_MARK = 0xfeff

/** Whatever so much holds, it is parsed in a moment. The whole of a batch could take seconds. */
const SHORT_BYTES = 16_384

/**
 * Of long bodies that are worked on at a time, as much as the largest has; the others wait as the bytes that came. Parsed, they would all
 * be moved by the garbage collector again and again while Redis works on one after the other.
 */
const WORKED_ON_BYTES_MAX = 4 * 1024 * 1024
const startWork = createSemaphore(WORKED_ON_BYTES_MAX)

/** What is looked at in one go before a long body is parsed. */
const PART_BYTES = 65_536

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
  // Fastify waits for a promise that it is given.
  if (bytes.length > SHORT_BYTES) return parseInTurn(request, bytes)
  let value: unknown
  try {
    value = parseShort(request.headers, bytes)
  } catch (error) {
    done(error as Problem)
    return
  }
  done(null, value)
}

function parseShort (headers: IncomingHttpHeaders, bytes: Buffer): unknown {
  const body = toText(headers, bytes)
  // Whether a body may be missing is the route's schema's to say.
  if (body === '') return undefined
  const value = toValue(body)
  checkText(body, value)
  const members = countMembers(value)
  // Colons are found faster than strings, and few strings hold one: this costs 0.3 us of a usual body, with strings 0.5.
  if (countColons(body) > members) checkNames(scan(bytes).colons, members)
  return value
}

async function parseInTurn (request: FastifyRequest, bytes: Buffer): Promise<unknown> {
  request.endWork = await startWork(callerOf(request), bytes.length)
  return await parseLong(request.headers, bytes)
}

/** The same, with turns of the event loop for others between the steps. To parse what was looked at is one of them. */
async function parseLong (headers: IncomingHttpHeaders, bytes: Buffer): Promise<unknown> {
  const body = toText(headers, bytes)
  const json = new JsonScan()
  let value: unknown
  const looks = Array.from({ length: Math.ceil(bytes.length / PART_BYTES) }, (_, part) => () => {
    const fault = json.read(bytes, part * PART_BYTES, Math.min((part + 1) * PART_BYTES, bytes.length))
    if (fault !== undefined) throw new Problem('validation_failed', fault)
  })
  await inTurns([
    ...looks,
    () => { value = toValue(body) },
    () => { checkText(body, value) },
    () => { checkNames(json.colons, countMembers(value)) },
  ], step => { step() })
  return value
}

/** @throws {Problem} validation_failed, unsupported_media_type */
function toText (headers: IncomingHttpHeaders, bytes: Buffer): string {
  if (!isPlain(headers)) throw unsupportedMediaType(headers)
  const body = bytes.toString()
  // What is not UTF-8 was replaced by this character, which may also have been sent.
  if (body.includes('\ufffd') && !isUtf8(bytes)) throw new Problem('validation_failed', 'The body is not UTF-8.')
  return body
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

/** @throws {Problem} validation_failed */
function checkText (body: string, value: unknown) {
  if (ESCAPED_SURROGATE.test(body) && !isWellFormed(value)) throw new Problem('validation_failed', 'The body holds half of a surrogate pair (\\ud800 to \\udfff), which is no character.')
}

/**
 * A value was lost when its name stands again in the same object (RFC 8259, section 4). Every name of the text has its
 * colon, so then there are more colons outside of strings than members.
 * @throws {Problem} validation_failed
 */
function checkNames (colons: number, members: number) {
  if (colons > members) throw new Problem('validation_failed', 'The body holds a name twice in one object. Only one of the two could count.')
}

function scan (bytes: Buffer): JsonScan {
  const json = new JsonScan()
  json.read(bytes)
  return json
}

function countColons (text: string): number {
  let count = 0
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) count += 1
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
    // Lists may be long.
    if (Array.isArray(next)) for (const item of next) rest.push(item)
    else if (typeof next === 'object' && next !== null) {
      for (const [name, member] of Object.entries(next)) {
        if (!name.isWellFormed()) return false
        rest.push(member)
      }
    }
  }
  return true
}
