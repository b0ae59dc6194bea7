import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { ConfigError } from '../config.ts'

/** What a key may do: read tickets; create and change them; delete them; operate the service. None contains another. */
export const SCOPES = ['read', 'write', 'erase', 'ops'] as const

export type Scope = typeof SCOPES[number]

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The scope that callers of the route need; `public`: none, not even a key. Every route says it. */
    access?: Scope | 'public'
  }
}

export interface ApiKey {
  /** Who has it. Two keys may bear one name: the old and the new one of a rotation. */
  name: string
  scopes: ReadonlySet<Scope>
}

/** Finds a key that a caller sends. */
export type Keyring = (key: string) => ApiKey | undefined

/** Tells people, and programs that look for secrets in code, what it is. */
const MARK = 'tms_'

/** Too many to be guessed, so that a plain hash keeps them as well as a slow one would. */
const KEY_BYTES = 32

const ENTRY = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63}):([a-z+]+):([0-9a-f]{64})$/

/** In hex. */
const sha256 = (key: string): string => hash('sha256', key)

/**
 * A new key, and the entry of API_KEYS that lets it in.
 * @throws {ConfigError} when the name or the scopes will not do
 */
export function createApiKey (name: string, scopes: string): { key: string, entry: string } {
  const key = MARK + randomBytes(KEY_BYTES).toString('base64url')
  const entry = `${name}:${scopes}:${sha256(key)}`
  parse(entry, 'NAME SCOPES')
  return { key, entry }
}

/**
 * The keys of API_KEYS.
 * @param entries each `name:scopes:sha256-hex`, with scopes like `read+write`
 * @throws {ConfigError} naming the entry by its place and never by its text, which may be a key that was put there by mistake
 */
export function createKeyring (entries: readonly string[]): Keyring {
  const keys = entries.map((entry, i) => parse(entry, `API_KEYS entry ${i + 1}`))
  keys.forEach(({ digest }, i) => {
    const first = keys.findIndex(other => other.digest.equals(digest))
    if (first < i) throw new ConfigError(`API_KEYS entry ${i + 1} has the same key as entry ${first + 1}: give each caller a key of its own`)
  })
  function find (text: string): ApiKey | undefined {
    const given = Buffer.from(sha256(text))
    let found: ApiKey | undefined
    // All are compared, each in constant time: how long it takes says nothing of which is near.
    for (const key of keys) {
      if (timingSafeEqual(key.digest, given)) found = key
    }
    return found
  }

  // No more than there are entries: a text of each. A Map looks for a hash of the whole text, which V8 seeds anew in
  // each process: how long that takes says nothing of which is near either.
  const known = new Map<string, ApiKey>()
  return text => {
    const found = known.get(text) ?? find(text)
    if (found) known.set(text, found)
    return found
  }
}

function parse (entry: string, place: string): ApiKey & { digest: Buffer } {
  const [, name, scopes, digest] = ENTRY.exec(entry) ?? []
  if (!name) throw new ConfigError(`${place} must be name:scopes:sha256-hex, as npm run key prints it, with a name of letters, digits, . _ and -`)
  const names = scopes!.split('+')
  const unknown = names.find(scope => !(SCOPES as readonly string[]).includes(scope))
  if (unknown !== undefined) throw new ConfigError(`${place} names a scope that does not exist. There are ${SCOPES.join(', ')}, joined by +`)
  return { name, scopes: new Set(names as Scope[]), digest: Buffer.from(digest!) }
}
