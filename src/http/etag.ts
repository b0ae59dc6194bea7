import { invalid } from '../errors.ts'

/** The strong entity tag of a version (RFC 9110, section 8.8.3). */
export const toEtag = (version: number): string => `"${version}"`

const LIST = /^\s*(W\/)?"[^"]*"\s*(,\s*(W\/)?"[^"]*"\s*)*$/

/**
 * A version, and what proxies that compress an answer add to its tag: nginx the mark of a weak one, before the quotes; Apache
 * and Caddy the coding, within them.
 */
const VERSION = /^(\d+)(?:-gzip|-br|-zstd)?$/

/**
 * The versions of an If-Match or If-None-Match header; '*' for any. A tag that is no version is none of them.
 * @throws {Problem} validation_failed when it is not a list of entity tags
 */
function parse (pointer: string, header: string): string[] | '*' {
  if (header.trim() === '*') return '*'
  if (!LIST.test(header)) throw invalid(pointer, 'must be the ETag of an earlier answer with its quotes, like "1764000000000", or *')
  return [...header.matchAll(/"([^"]*)"/g)].flatMap(([, tag]) => VERSION.exec(tag!)?.[1] ?? [])
}

/**
 * The versions that If-Match allows; undefined: any. RFC 9110, section 13.1.1, lets a weak tag allow none, because two
 * representations may share it. Here a tag is a version, and no proxy changes that: the version alone is compared.
 *
 * @param pointer where the value stands in the request
 */
export function ifMatch (header: string | undefined, pointer = '/if-match'): string[] | undefined {
  const versions = header === undefined ? '*' : parse(pointer, header)
  return versions === '*' ? undefined : versions
}

/** Whether the caller holds this version already (RFC 9110, section 13.1.2). */
export function ifNoneMatch (header: string | undefined, version: number): boolean {
  if (header === undefined) return false
  const versions = parse('/if-none-match', header)
  return versions === '*' || versions.includes(String(version))
}
