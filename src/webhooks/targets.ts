import { createHash } from 'node:crypto'
import type { ErrorObject } from 'ajv'
import { ConfigError } from '../config.ts'
import { createFinder, withDefaults } from '../util/ajv.ts'
import { Type, type Static } from '../util/schema.ts'
import { findAddressFault } from './address-guard.ts'

export const EVENTS = ['ticket.changed', 'ticket.deleted'] as const

export type EventType = typeof EVENTS[number]

/** Each has a loop of its own and reads the change log for itself. */
const TARGETS_MAX = 32

const SECRET_MARK = 'whsec_'

/** Of Standard Webhooks: 192 to 512 bits. */
const SECRET_BYTES_MIN = 24
const SECRET_BYTES_MAX = 64

/** No colon, which divides the parts of a key in Redis, and nothing that a secret is likely to fit. */
export const NAME_PATTERN = '^[a-z][a-z0-9-]{0,31}$'

const Entry = Type.Object({
  name: Type.String({ pattern: NAME_PATTERN }),
  url: Type.String({ minLength: 1, maxLength: 2048 }),
  secrets: Type.Array(Type.String(), { minItems: 1, maxItems: 2, uniqueItems: true }),
  events: Type.Array(Type.Enum([...EVENTS]), { minItems: 1, uniqueItems: true, default: [...EVENTS] }),
  allow_private: Type.Boolean({ default: false }),
}, { additionalProperties: false })

const findError = createFinder(Entry)

/** What each member must be, in words that follow the place of the entry. */
const RULES: Record<string, string> = {
  name: 'a name of a-z, 0-9 and -, up to 32, that begins with a letter',
  url: 'a url of up to 2048 characters',
  secrets: 'secrets, a list of one, or of two that differ while they are being rotated',
  events: `events, a list of ${EVENTS.join(' and ')} or one of them, or none`,
  allow_private: 'an allow_private that is true or false, or none',
}

/** Somebody who is told of changes. */
export interface Target {
  name: string
  url: URL
  /** One key, or two of a rotation: each signs. */
  keys: readonly Buffer[]
  events: ReadonlySet<EventType>
  /** Whether its address may be one of a private network, which alone may be called without TLS. */
  allowPrivate: boolean
  /** Changes with the configuration; says nothing of what it is made of. */
  fingerprint: string
}

/**
 * The targets of WEBHOOKS.
 * @param text JSON: `[{ name, url, secrets, events, allow_private }]`
 * @throws {ConfigError} naming the target and the rule, and never a url or a secret
 */
export function createTargets (text: string | undefined): Target[] {
  if (text === undefined) return []
  const entries = parse(text)
  if (!Array.isArray(entries) || entries.length > TARGETS_MAX) throw new ConfigError(`WEBHOOKS must be a list of targets in JSON, [{"name": ...}], of ${TARGETS_MAX} at most`)
  const targets = entries.map((entry: unknown, i) => toTarget(entry, i + 1))
  const seen = new Set<string>()
  for (const { name } of targets) {
    if (seen.has(name)) throw new ConfigError(`WEBHOOKS target ${name} is there twice: give each a name of its own`)
    seen.add(name)
  }
  return targets
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Its words repeat a part of the text.
    throw new ConfigError('WEBHOOKS is not JSON: it takes a list of targets, [{"name": ...}]. To give it in a file, set WEBHOOKS_FILE to its path')
  }
}

function toTarget (given: unknown, place: number): Target {
  const isNamed = given !== null && typeof given === 'object' && 'name' in given && typeof given.name === 'string' && new RegExp(NAME_PATTERN).test(given.name)
  const called = isNamed ? `WEBHOOKS target ${String(given.name)}` : `WEBHOOKS target number ${place}`
  const entry = withDefaults(Entry, given) as Static<typeof Entry>
  const error = findError(entry)
  if (error) throw new ConfigError(`${called} must have ${ruleOf(error)}`)
  const { name, events, allow_private: allowPrivate } = entry
  const url = URL.parse(entry.url)
  const fault = findUrlFault(url, allowPrivate)
  if (fault !== undefined) throw new ConfigError(`${called}: its url ${fault}`)
  const keys = entry.secrets.map(toKey)
  const wrong = keys.indexOf(undefined)
  if (wrong !== -1) throw new ConfigError(`${called}: secret ${wrong + 1} must be ${SECRET_MARK} and ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes in base64: printf '${SECRET_MARK}%s' "$(openssl rand -base64 32)"`)
  const fingerprint = createHash('sha256').update(JSON.stringify([url!.href, entry.secrets, events, allowPrivate])).digest('base64url').slice(0, 22)
  return { name, url: url!, keys: keys as Buffer[], events: new Set(events), allowPrivate, fingerprint }
}

/** The rule of the member that is wrong; of one that there is not, what there is. */
function ruleOf ({ keyword, instancePath, params }: ErrorObject): string {
  const rule = RULES[params.missingProperty ?? instancePath.split('/')[1] ?? '']
  return rule !== undefined && keyword !== 'additionalProperties' ? rule : `${Object.keys(RULES).join(', ')} and nothing else`
}

function findUrlFault (url: URL | null, allowPrivate: boolean): string | undefined {
  if (!url || !/^https?:$/.test(url.protocol)) return 'must be one of https, or of http with allow_private'
  if (url.protocol === 'http:' && !allowPrivate) return 'must begin with https://; http:// is for addresses of a private network, and needs "allow_private": true'
  if (url.hash !== '') return 'has a #: encode it as %23'
  try {
    decodeURIComponent(url.username + url.password)
  } catch {
    return 'has a user or a password whose special characters are not encoded (% is %25)'
  }
  const fault = findAddressFault(url.hostname, { allowPrivate, isPlain: url.protocol === 'http:' })
  return fault === 'private' ? 'names an address of this machine or of a private network: set "allow_private": true if that is meant' : fault && 'names a public address: it must begin with https://'
}

/** undefined: it is none. */
function toKey (secret: string): Buffer | undefined {
  const text = secret.startsWith(SECRET_MARK) ? secret.slice(SECRET_MARK.length) : ''
  const key = Buffer.from(text, 'base64')
  // Node passes over what is not base64.
  const isWhole = key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '')
  return isWhole && key.length >= SECRET_BYTES_MIN && key.length <= SECRET_BYTES_MAX ? key : undefined
}

/** As it may be shown: without user, password and query, which may be secrets. */
export const shownUrl = ({ url }: Target): string => url.origin + url.pathname
