/** Deeper than any valid request. */
const DEPTH_MAX = 20

/**
 * Members, objects and lists, and items of lists: more than any valid request holds. A batch of 500 operations, each with all its
 * fields and 50 custom fields, has 31,503. A body of 4 MiB has room for so many that to parse and hash them would take seconds.
 */
const VALUES_MAX = 32_000

/**
 * Lists that stand in the body itself are counted apart: plain items cost little, and the schema says how many there may be. This is more
 * than a body of 1 MiB has room for; two million numbers, in a batch, would take 50 ms to be parsed.
 */
const OWN_LIST_DEPTH = 2
const ITEMS_MAX = 600_000

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c

/** { and }. [ and ] differ from them in one bit. */
const OPENING = 0x7b
const CLOSING = 0x7d
const BRACE_BIT = 0x20

/** A string that is longer has its end looked for by `indexOf`, which costs as much as this many bytes here and then far less. */
const LOOKED_AT_MAX = 32

/** Where the byte stands next; the end of `bytes` when it does not. */
function indexOf (bytes: Buffer, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from)
  return at === -1 ? bytes.length : at
}

/**
 * Looks at the bytes of a JSON text before it is parsed, from its beginning and part by part, so that a long one can be
 * looked at over several turns of the event loop. No byte of a character outside of ASCII is one that counts here.
 */
export class JsonScan {
  /** Colons outside of strings: the names of all members, those that stand twice too. */
  colons = 0
  #depth = 0
  #values = 0
  #items = 0
  /** A bit for each level that is a list. */
  #lists = 0
  #isString = false
  #isEscaped = false

  /** @returns why no request is like it; undefined: it may be one, so far */
  read (json: Buffer, from = 0, to = json.length): string | undefined {
    // Locals: this runs for every byte.
    let [colons, depth, values, items, lists] = [this.colons, this.#depth, this.#values, this.#items, this.#lists]
    let [isString, at] = [this.#isString, from + Number(this.#isEscaped)]
    const part = json.subarray(0, to)
    // Where the next ones are, as far as that is known: no byte is looked for twice, whatever a string holds.
    let [quote, backslash, looked] = [-1, -1, 0]
    for (; at < to && depth <= DEPTH_MAX && values <= VALUES_MAX && items <= ITEMS_MAX; at += 1) {
      const byte = json[at]!
      // What is escaped ends no string.
      if (byte === BACKSLASH) at += 1
      else if (byte === QUOTE) {
        isString = !isString
        looked = 0
      } else if (isString) {
        looked += 1
        if (looked <= LOOKED_AT_MAX) continue
        if (quote < at) quote = indexOf(part, QUOTE, at)
        if (backslash < at) backslash = indexOf(part, BACKSLASH, at)
        at = Math.min(quote, backslash) - 1
        looked = 0
      } else if (byte === COLON) {
        colons += 1
        values += 1
      } else if (byte === COMMA) {
        const isList = (lists & (1 << depth)) !== 0
        if (isList && depth > OWN_LIST_DEPTH) values += 1
        else if (isList) items += 1
      } else if ((byte | BRACE_BIT) === OPENING) {
        depth += 1
        values += 1
        if (byte === OPENING) lists &= ~(1 << depth)
        else lists |= 1 << depth
      } else if ((byte | BRACE_BIT) === CLOSING) depth -= 1
    }
    this.colons = colons
    this.#depth = depth
    this.#values = values
    this.#items = items
    this.#lists = lists
    this.#isString = isString
    this.#isEscaped = at > to
    if (depth > DEPTH_MAX) return `The body is nested more than ${DEPTH_MAX} levels deep. No request is.`
    if (values > VALUES_MAX) return `The body holds more than ${VALUES_MAX} values. No request does.`
    if (items > ITEMS_MAX) return `The body holds a list of more than ${ITEMS_MAX} items. No request does.`
    return undefined
  }
}
