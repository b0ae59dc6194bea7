/** What one caller waits for: the entries from `next` on. */
interface Line<Entry> { entries: Entry[], next: number }

/** A queue in which each caller has a line of its own and they take turns, so that none waits for the line of another. */
export function createFairQueue<Entry extends { size: number }> () {
  const lines = new Map<string, Line<Entry>>()
  // Those in which something waits; the first has its turn.
  const turns: Line<Entry>[] = []

  /** As many as there are API keys. */
  function lineOf (caller: string): Line<Entry> {
    let line = lines.get(caller)
    if (!line) lines.set(caller, line = { entries: [], next: 0 })
    return line
  }

  const queue = {
    /** Entries that wait, and the sum of their sizes. */
    length: 0,
    size: 0,

    push (caller: string, entry: Entry) {
      const line = lineOf(caller)
      if (line.entries.length === 0) turns.push(line)
      line.entries.push(entry)
      queue.length += 1
      queue.size += entry.size
    },

    /** Puts entries that were taken back to where they were. The caller's is the next turn, or the last. */
    putBack (caller: string, entries: readonly Entry[], isNext: boolean) {
      const line = lineOf(caller)
      if (line.entries.length > 0) turns.splice(turns.indexOf(line), 1)
      if (isNext) turns.unshift(line)
      else turns.push(line)
      line.entries = [...entries, ...line.entries.slice(line.next)]
      line.next = 0
      queue.length += entries.length
      for (const { size } of entries) queue.size += size
    },

    /** The entry whose turn it is; there must be one. */
    first: (): Entry => turns[0]!.entries[turns[0]!.next]!,

    /** Takes it, and gives the turn to the next caller. */
    shift (): Entry {
      const line = turns[0]!
      const entry = line.entries[line.next]!
      line.next += 1
      queue.length -= 1
      queue.size -= entry.size
      if (line.next === line.entries.length) {
        line.entries = []
        line.next = 0
        turns.shift()
      } else if (turns.length > 1) {
        turns.push(turns.shift()!)
      }
      return entry
    },
  }
  return queue
}
