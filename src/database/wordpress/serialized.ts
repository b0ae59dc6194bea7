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
