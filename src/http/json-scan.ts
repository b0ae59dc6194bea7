/** Deeper than any valid request. */
const DEPTH_MAX = 20

/**
 * More than any valid request holds: a batch of 500 operations, each with all its fields and 50 custom fields, has 31,001. Two
 * million values of two bytes each, or names of which none is like another, would occupy the parser for more than a second.
 */
const VALUES_MAX = 32_000

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c

/**
 * Looks at the bytes of a JSON text before it is parsed, from its beginning and part by part, so that a long one can be
 * looked at over several turns of the event loop. No byte of a character outside of ASCII is one that counts here.
 */
export class JsonScan {
  /** Colons outside of strings: the names of all members, those that stand twice too. */
  colons = 0
  #depth = 0
  #values = 0
  #isString = false
  #isEscaped = false

  /** @returns why no request is like it; undefined: it may be one, so far */
  read (json: Uint8Array, from = 0, to = json.length): string | undefined {
    // Locals: this runs for every byte.
    let [colons, depth, values, isString, at] = [this.colons, this.#depth, this.#values, this.#isString, from + Number(this.#isEscaped)]
    for (; at < to && depth <= DEPTH_MAX && values <= VALUES_MAX; at += 1) {
      const byte = json[at]!
      // What is escaped ends no string.
      if (byte === BACKSLASH) at += 1
      else if (byte === QUOTE) isString = !isString
      else if (isString) continue
      else if (byte === COLON) colons += 1
      // Of the members of an object or a list each but the first has its comma, and the first the bracket.
      else if (byte === COMMA) values += 1
      // [ and {, ] and }: they differ in one bit.
      else if ((byte | 0x20) === 0x7b) {
        depth += 1
        values += 1
      } else if ((byte | 0x20) === 0x7d) depth -= 1
    }
    this.colons = colons
    this.#depth = depth
    this.#values = values
    this.#isString = isString
    this.#isEscaped = at > to
    if (depth > DEPTH_MAX) return `The body is nested more than ${DEPTH_MAX} levels deep. No request is.`
    if (values > VALUES_MAX) return `The body holds more than ${VALUES_MAX} values. No request does.`
    return undefined
  }
}
