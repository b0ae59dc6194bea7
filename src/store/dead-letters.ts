import type { Keys } from '../tickets/keys.ts'
import type { Scripts } from './scripts.ts'

/** Dead letters that one call brings back, so that none occupies Redis for long. */
const REDRIVE_MAX = 1000

/** Bytes of the reasons of one page. */
export const PAGE_BYTES_MAX = 1024 * 1024

export interface DeadLetter {
  ticket_id: number
  attempts: number
  /** What MySQL, or the codec, said at the last attempt. */
  reason: string
  /** Unix seconds. */
  died_at: number
  position: Position
}

/** Where a page ends: the score and the id of its last dead letter. */
export interface Position { score: string, id: string }

export interface Page {
  total: number
  deadLetters: DeadLetter[]
  /** Where the next page begins; undefined: this is the last. */
  next?: Position
}

/**
 * The tickets that MySQL refused for good: the sorted set `tickets:dead`. Their hashes stay in Redis.
 * Every call may be repeated.
 */
export function createDeadLetters (scripts: Scripts, keys: Keys) {
  async function redriveSome (diedByMs: number | '', ids: readonly number[]): Promise<{ nowMs: number, redriven: number[] }> {
    const [nowMs, ...redriven] = await scripts.redrive([keys.due, keys.dead, keys.failures], [diedByMs, REDRIVE_MAX, ...ids]) as [number, ...string[]]
    return { nowMs, redriven: redriven.map(Number) }
  }

  return {
    /** A page of at most `limit`, and fewer where their reasons are long, in the order in which they died. */
    async list (limit: number, after: Position = { score: '', id: '' }, bytesMax = PAGE_BYTES_MAX): Promise<Page> {
      const [total, more, ...flat] = await scripts.dead([keys.dead, keys.failures], [after.score, after.id, limit, bytesMax]) as [number, number, ...string[]]
      const deadLetters: DeadLetter[] = []
      for (let i = 0; i < flat.length; i += 3) {
        // What else another program has put there is not the service's to show.
        if (/^\d+$/.test(flat[i]!)) deadLetters.push(toDeadLetter(flat[i]!, flat[i + 1]!, flat[i + 2]!))
      }
      const [id, score] = flat.slice(-3)
      return { total, deadLetters, ...(more === 1 && { next: { score: score!, id: id! } }) }
    },

    /** Makes these due again. Resolves with those that were dead letters. */
    redrive: async (ids: readonly number[]): Promise<number[]> => (await redriveSome('', ids)).redriven,

    /** Makes all due again that were dead letters when it began. Resolves with their number. */
    async redriveAll (): Promise<number> {
      let { nowMs: diedByMs, redriven } = await redriveSome('', [])
      let count = redriven.length
      while (redriven.length === REDRIVE_MAX) {
        redriven = (await redriveSome(diedByMs, [])).redriven
        count += redriven.length
      }
      return count
    },
  }
}

export type DeadLetters = ReturnType<typeof createDeadLetters>

/** @param failure the JSON of retry.lua; empty: it is gone */
export function toFailure (failure: string): Pick<DeadLetter, 'attempts' | 'reason'> {
  const { attempts = 0, error = 'unknown: the record of the failures is gone' } = failure === '' ? {} : JSON.parse(failure) as { attempts?: number, error?: string }
  return { attempts, reason: error }
}

function toDeadLetter (id: string, score: string, failure: string): DeadLetter {
  return { ticket_id: Number(id), ...toFailure(failure), died_at: Math.floor(Number(score) / 1000), position: { score, id } }
}
