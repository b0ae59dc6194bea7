/** Tickets that are asked for without a look at their size before: one of them rarely takes more than 60 KB. */
const UNMEASURED_MAX = 25

/** Bytes of the tickets of one look-up: what one holds in memory, and decodes in one go. */
const BYTES_MAX = 1024 * 1024

/** A row without its custom fields. */
const ROW_BYTES = 1000

/**
 * Of these ids as many as may be asked for at once, and those that are left. There is always one to be asked for.
 * @param measure the bytes of the tickets that are there, as far as they vary
 */
export async function inBytes (ids: readonly number[], measure: (ids: readonly number[]) => Promise<Map<number, number>>): Promise<{ now: number[], left: Set<number> }> {
  if (ids.length <= UNMEASURED_MAX) return { now: [...ids], left: new Set() }
  const bytesOf = await measure(ids)
  let bytes = 0
  const now = ids.filter((id, i) => {
    bytes += (bytesOf.get(id) ?? 0) + ROW_BYTES
    return i === 0 || bytes <= BYTES_MAX
  })
  return { now, left: new Set(ids.slice(now.length)) }
}
