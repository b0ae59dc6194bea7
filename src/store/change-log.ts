import type { Keys } from '../tickets/keys.ts'
import type { LogPosition } from '../tickets/changes.ts'
import type { Scripts } from './scripts.ts'

/** A ticket that has changed, and where the log goes on after it. */
export interface LogItem { ticketId: number, position: LogPosition }

export interface LogPart {
  items: LogItem[]
  /** After all of them. */
  end: LogPosition
  hasMore: boolean
  /** Redis's clock, ms. */
  now: number
}

/** The tickets of a shard that have changed, in the order of their changes. Every call may be repeated. */
export function createChangeLog (scripts: Scripts, keys: Keys) {
  return {
    /** Where the next change will come. */
    async end (): Promise<LogPosition> {
      const [epoch, entry] = await scripts.changes([keys.changes], ['', '', 0]) as [string, string]
      return { epoch, entry, told: 0 }
    },

    /** About `limit` of those after the position; undefined: it is too old, or of another Redis. */
    async read ({ epoch: givenEpoch, entry: after, told }: LogPosition, limit: number): Promise<LogPart | undefined> {
      const reply = await scripts.changes([keys.changes], [after, givenEpoch, limit + told]) as [string, string, number, ...string[]] | 0
      if (reply === 0) return undefined
      const [epoch, now, more, ...flat] = reply
      const items: LogItem[] = []
      let last = after
      for (let i = 0; i < flat.length; i += 2) {
        const ids = flat[i + 1]!.match(/\d+/g) ?? []
        ids.forEach((id, place) => {
          if (i === 0 && place < told) return
          const isLast = place + 1 === ids.length
          items.push({ ticketId: Number(id), position: { epoch, entry: isLast ? flat[i]! : last, told: isLast ? 0 : place + 1 } })
        })
        last = flat[i]!
      }
      return { items, end: { epoch, entry: last, told: 0 }, hasMore: more > 0, now: Number(now) }
    },
  }
}

export type ChangeLog = ReturnType<typeof createChangeLog>
