/**
 * A small memory of what was found out a moment ago. The oldest goes when it is full.
 * @param forMs how long something is remembered
 */
export function createRecent<Key, Value> (entriesMax: number, forMs: number) {
  const entries = new Map<Key, { value: Value, until: number }>()

  return {
    /** undefined: it is not known, or not any more. */
    get (key: Key): Value | undefined {
      const entry = entries.get(key)
      if (entry && entry.until > performance.now()) return entry.value
      entries.delete(key)
      return undefined
    },

    set (key: Key, value: Value) {
      // At the end, so that the first is the oldest.
      entries.delete(key)
      entries.set(key, { value, until: performance.now() + forMs })
      if (entries.size > entriesMax) entries.delete(entries.keys().next().value!)
    },
  }
}
