/** Characters of one statement; after escaping it stays below MariaDB's smallest usual max_allowed_packet, 16 MiB. */
export const STATEMENT_SIZE_MAX = 1024 * 1024

/** Cuts what is to be written into parts of bounded size; what is larger by itself is a part of its own. */
export function * inParts<T> (items: readonly T[], sizeOf: (item: T) => number, sizeMax: number): Generator<T[]> {
  let part: T[] = []
  let size = 0
  for (const item of items) {
    const itemSize = sizeOf(item)
    if (part.length > 0 && size + itemSize > sizeMax) {
      yield part
      part = []
      size = 0
    }
    part.push(item)
    size += itemSize
  }
  if (part.length > 0) yield part
}
