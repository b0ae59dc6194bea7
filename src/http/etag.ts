import { invalid } from '../errors.ts'

/** The strong entity tag of a version (RFC 9110, section 8.8.3). */
export const toEtag = (version: number): string => `"${version}"`

interface EntityTag { weak: boolean, value: string }

const LIST = /^\s*(W\/)?"[^"]*"\s*(,\s*(W\/)?"[^"]*"\s*)*$/

/**
 * The entity tags of an If-Match or If-None-Match header; '*' for any.
 * @throws {Problem} validation_failed when it is not a list of entity tags
 */
function parse (pointer: string, header: string): EntityTag[] | '*' {
  if (header.trim() === '*') return '*'
  if (!LIST.test(header)) throw invalid(pointer, 'must be the ETag of an earlier answer with its quotes, like "1764000000000", or *')
  return [...header.matchAll(/(W\/)?"([^"]*)"/g)].map(([, weak, value]) => ({ weak: weak !== undefined, value: value! }))
}

/**
 * The versions that If-Match allows; undefined: any. The comparison is strong: a weak tag allows none
 * (RFC 9110, section 13.1.1), nor does one that is no version.
 *
 * @param pointer where the value stands in the request
 */
export function ifMatch (header: string | undefined, pointer = '/if-match'): string[] | undefined {
  const tags = header === undefined ? '*' : parse(pointer, header)
  return tags === '*' ? undefined : tags.filter(({ weak, value }) => !weak && /^\d+$/.test(value)).map(({ value }) => value)
}

/** Whether the caller holds this version already; the comparison is weak (RFC 9110, section 13.1.2). */
export function ifNoneMatch (header: string | undefined, version: number): boolean {
  if (header === undefined) return false
  const tags = parse('/if-none-match', header)
  return tags === '*' || tags.some(({ value }) => value === String(version))
}
