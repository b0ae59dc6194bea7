import { createHash, hash, type Hash } from 'node:crypto'
import { configure } from 'safe-stable-stringify'
import { invalid } from '../errors.ts'
import type { ApiKey } from '../auth/api-keys.ts'
import { callerOf } from '../auth/caller.ts'
import type { Idempotency } from '../tickets/operation.ts'
import { Type } from '../util/schema.ts'
import { inTurns } from '../util/turns.ts'

/** No valid request is nested as deeply; what is deeper does not tell invalid ones apart. */
const DEPTH_MAX = 10

const stringify = configure({ maximumDepth: DEPTH_MAX })

/** Of a member of a list. */
const stringifyMember = configure({ maximumDepth: DEPTH_MAX - 1 })

/** Of the key itself, without quotes. */
const KEY_LENGTH_MAX = 255

/** A String of RFC 8941, section 3.3.3, as the draft asks for. */
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/

/** What most clients send. A comma parts two headers of the same name. */
const BARE = /^[!#-+\--[\]-~]+$/

/**
 * The header of a write (draft-ietf-httpapi-idempotency-key-header). The draft wants the key quoted;
 * without quotes it may hold anything that is visible but quotes, commas and backslashes. It has no example: Swagger UI would send
 * that with every request, and the second one would be refused.
 */
export const IdempotencyKey = Type.String({
  description: `A new key for every request that is meant as a new one, up to ${KEY_LENGTH_MAX} characters, quoted or not, such as "8e03978e-40d5-43e8-bc93-6894a57f9324". Keys are the caller's own: those of another API key's name do not count. The same request with the same key again is not applied again, and answers the first result with Idempotency-Replayed: true; instead of a result of more than 2 KiB, the ticket as it is now`,
})

/** The header of an answer. */
export const IdempotencyReplayed = { type: 'string', enum: ['true'], description: 'The answer is that of an earlier request with the same Idempotency-Key' }

/** @throws {Problem} validation_failed */
function parse (header: string): string {
  const quoted = QUOTED.exec(header.trim())?.[1]
  const key = quoted?.replaceAll(/\\(.)/g, '$1') ?? header.trim()
  if (quoted === undefined && !BARE.test(key)) throw invalid('/idempotency-key', 'must be one key, like "8e03978e-40d5-43e8-bc93-6894a57f9324"; a key with a space, a comma or a backslash in it needs its quotes')
  if (key === '' || key.length > KEY_LENGTH_MAX) throw invalid('/idempotency-key', `must have 1 to ${KEY_LENGTH_MAX} characters`)
  return key
}

type Keyed = { headers: { 'idempotency-key'?: string }, caller: ApiKey | null }

/**
 * The key of a request under its caller's name; undefined without the header. Keys are each caller's own: two API keys of one
 * name are one caller, so that the key of a rotation can change between two attempts. No name holds a colon.
 *
 * @throws {Problem} validation_failed when the header holds no key
 */
export function idempotencyKey (request: Keyed): string | undefined {
  const header = request.headers['idempotency-key']
  return header === undefined ? undefined : `${callerOf(request)}:${parse(header)}`
}

/**
 * What makes the operation of a request one that is applied once; undefined without the header.
 *
 * @param content all that tells this request from others, valid; the order of its members does not count
 * @throws {Problem} validation_failed when the header holds no key
 */
export function idempotency (request: Keyed, content: unknown): Idempotency | undefined {
  const key = idempotencyKey(request)
  if (key === undefined) return undefined
  return { key, fingerprint: hash('sha256', stringify(content)!, 'base64url'), index: 0 }
}

/** Up to this length a text is hashed at once, which takes half the time of an object that is made for it, and no noticeable part of a turn. */
const AT_ONCE_LENGTH_MAX = 65_536

/** The fingerprint that `idempotency` gives to the whole list, made member by member. */
export async function fingerprintOf (list: readonly unknown[]): Promise<string> {
  let text = '['
  let begun: Hash | undefined
  await inTurns(list, (member, i) => {
    text += i === 0 ? stringifyMember(member)! : `,${stringifyMember(member)!}`
    if (text.length < AT_ONCE_LENGTH_MAX) return
    begun = (begun ?? createHash('sha256')).update(text)
    text = ''
  })
  text += ']'
  return begun ? begun.update(text).digest('base64url') : hash('sha256', text, 'base64url')
}
