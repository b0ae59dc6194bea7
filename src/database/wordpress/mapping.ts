import { TEXT_FIELDS } from '../../tickets/codec.ts'
import { isReservedMetaKey, isReservedStatus } from '../../util/wordpress-names.ts'

/** Characters of wp_posts.post_status. */
const POST_STATUS_MAX = 20

/** WordPress's own rule for it, sanitize_key(). */
const POST_STATUS = /^[a-z0-9_-]+$/

/** Whether WordPress takes it for a status of a post, and does nothing with the post because of it. */
export const isPostStatus = (text: string): boolean => POST_STATUS.test(text) && text.length <= POST_STATUS_MAX && !isReservedStatus(text)

/** No longer than what the index on wp_postmeta.meta_key holds of a key. */
const META_KEY = /^[A-Za-z0-9_.:-]{1,191}$/

/** `name=value` of each, by name. A status may hold a =, no value does: the last one divides. */
function pairs (texts: readonly string[], names: readonly string[], list: string): Map<string, string> {
  const map = new Map<string, string>()
  for (const text of texts) {
    const at = text.lastIndexOf('=')
    const [name, value] = [text.slice(0, at).trim(), text.slice(at + 1).trim()]
    if (at === -1 || value === '') throw new Error(`holds ${text}, which is not of the form name=value`)
    if (!names.includes(name)) throw new Error(`names ${name}, which is not one of ${list}`)
    if (map.has(name)) throw new Error(`names ${name} twice`)
    map.set(name, value)
  }
  return map
}

/**
 * The post_status of each status; one that is not named is the same in both.
 * @throws an Error that says what WORDPRESS_STATUS_MAP does wrong
 */
export function toStatusMap (texts: readonly string[], statuses: readonly string[]): Map<string, string> {
  const named = pairs(texts, statuses, 'TICKET_STATUSES')
  const map = new Map(statuses.map(status => [status, named.get(status) ?? status]))
  for (const [status, value] of map) {
    if (!POST_STATUS.test(value)) throw new Error(`must give ${status} another post_status than ${value}: only a-z, 0-9, _ and - may be in it`)
    if (isReservedStatus(value)) throw new Error(`must give ${status} another post_status than ${value}, of which WordPress deletes, publishes or hides posts by itself`)
    if (!isPostStatus(value)) throw new Error(`must give ${status} a post_status of at most ${POST_STATUS_MAX} characters; ${value} has ${value.length}`)
  }
  return map
}

/**
 * The meta key of each field; `_ticket_<field>` where none is named.
 * @throws an Error that says what WORDPRESS_META_KEYS does wrong
 */
export function toMetaKeys (texts: readonly string[]): Map<string, string> {
  const named = pairs(texts, TEXT_FIELDS, `the fields ${TEXT_FIELDS.join(', ')}`)
  const fields = new Map<string, string>()
  for (const field of TEXT_FIELDS) {
    const key = named.get(field) ?? `_ticket_${field}`
    if (!META_KEY.test(key)) throw new Error(`gives ${field} the key ${key}: it must be 1 to 191 letters, digits, _ . : or -`)
    if (isReservedMetaKey(key)) throw new Error(`gives ${field} the key ${key}, in which WordPress itself keeps something of the post`)
    // WordPress compares keys as its collation does, without regard to case.
    const other = fields.get(key.toLowerCase())
    if (other) throw new Error(`gives ${other} and ${field} the same key, ${key}`)
    fields.set(key.toLowerCase(), field)
  }
  return new Map(TEXT_FIELDS.map(field => [field, named.get(field) ?? `_ticket_${field}`]))
}
