import { hash } from 'node:crypto'
import { fromTexts, toTexts, type Row } from '../../tickets/codec.ts'
import type { Ticket } from '../../tickets/fields.ts'

/** Characters of a value that is compared as it is, with what is to be written: of a longer one the hash. */
export const COMPARED_MAX = 256

/** As MySQL counts and hashes it, SHA2(..., 256). */
const toCompared = (value: string): string => value.length > COMPARED_MAX && [...value].length > COMPARED_MAX ? hash('sha256', value) : value

/** A row of wp_postmeta. */
export interface MetaRow { meta_id: number | string | null, post_id: number, meta_key: string, meta_value: string | null }

/** The meta of one post by key, rows of one key in the order of meta_id: the first is what WordPress takes for the value. */
export type PostMeta = ReadonlyMap<string, MetaRow[]>

/** The meta of many posts, by post id. `rows` are in the order of meta_id. */
export function byPost (rows: readonly MetaRow[]): Map<number, PostMeta> {
  const posts = new Map<number, Map<string, MetaRow[]>>()
  for (const row of rows) {
    const post = posts.get(Number(row.post_id)) ?? new Map<string, MetaRow[]>()
    const ofKey = post.get(row.meta_key) ?? []
    ofKey.push(row)
    posts.set(Number(row.post_id), post.set(row.meta_key, ofKey))
  }
  return posts
}

const textOf = (post: PostMeta | undefined, key: string): string | null => {
  const value = post?.get(key)?.[0]!.meta_value ?? null
  return value === null ? null : fromMetaValue(value)
}

/**
 * The ticket that a post's meta is.
 * @param keys meta key by field
 * @throws {CorruptTicketError} naming the field
 */
export function fromMeta (id: number, post: PostMeta, keys: ReadonlyMap<string, string>): Ticket {
  const texts: Row = {}
  for (const [field, key] of keys) texts[field] = textOf(post, key)
  return fromTexts(id, texts)
}

/** The version that a post bears; undefined: none, or one that is no version, which any ticket may replace. */
export function versionOf (post: PostMeta | undefined, key: string): number | undefined {
  const text = textOf(post, key) ?? ''
  return /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined
}

/**
 * What makes a post's meta the ticket's, with one row for each field.
 * @param post with its values as `toCompared` has them
 * @returns rows to write, without a meta_id where there is none yet, and the meta_ids to delete
 */
export function toChanges (ticket: Ticket, post: PostMeta | undefined, keys: ReadonlyMap<string, string>) {
  const texts = toTexts(ticket)
  const changes = { write: [] as MetaRow[], remove: [] as MetaRow['meta_id'][] }
  for (const [field, key] of keys) {
    const rows = post?.get(key) ?? []
    const text = texts.get(field)
    const kept = text === undefined ? 0 : 1
    changes.remove.push(...rows.slice(kept).map(row => row.meta_id))
    if (text === undefined) continue
    const value = toMetaValue(text)
    if (rows[0]?.meta_value !== toCompared(value)) changes.write.push({ meta_id: rows[0]?.meta_id ?? null, post_id: ticket.ticket_id, meta_key: key, meta_value: value })
  }
  return changes
}

/**
 * What PHP's unserialize may take for its own: a letter, digits, and so on; N; alone. WordPress looks
 * at more before it believes it (is_serialized), by rules that grow with its versions.
 */
const LOOKS_SERIALIZED = /^[ \t\n\r\0\v]*(N;|[A-Za-z]:[0-9.E+-]+[:;])/

const SERIALIZED_TEXT = /^[ \t\n\r\0\v]*s:(\d+):"(.*)";[ \t\n\r\0\v]*$/s

/**
 * A text as WordPress stores it in wp_postmeta.meta_value. get_post_meta() gives what looks serialized to
 * unserialize(): a customer's text would become another value, or an object of any class of the site.
 * As WordPress does itself (maybe_serialize), such a text is serialized once more.
 */
export const toMetaValue = (text: string): string =>
  LOOKS_SERIALIZED.test(text) ? `s:${Buffer.byteLength(text)}:"${text}";` : text

/** The text that get_post_meta() would give; what is serialized and no text stays as it is stored. */
export function fromMetaValue (value: string): string {
  const [, length, text] = SERIALIZED_TEXT.exec(value) ?? []
  return text !== undefined && Buffer.byteLength(text) === Number(length) ? text : value
}
