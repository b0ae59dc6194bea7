import type { Keys } from '../tickets/keys.ts'
import type { Scripts } from './scripts.ts'

/** Keys that one call looks at. A stored answer to a batch has up to 500 results, and all of them are read. */
const SEARCH_COUNT = 100

/** What is there of a customer in a part of the keys. */
export interface Searched {
  /** Of his tickets. */
  ids: number[]
  /** Stored answers that were removed. */
  answers: number
}

/** The Redis side of an erasure. Every call may be repeated. */
export function createErasureStore (scripts: Scripts, keys: Keys) {
  const pattern = `${keys.prefix.replaceAll(/[\\*?[\]]/g, '\\$&')}*`

  return {
    /** Looks through all keys, part by part, and removes stored answers. `upToMs`: what was created later, by Redis's clock, stays. */
    async * search (customerId: number, upToMs: number): AsyncGenerator<Searched> {
      let cursor = '0'
      do {
        const [next, answers, ...ids] = await scripts.search([keys.due], [keys.ticketPrefix, keys.idempotencyPrefix, cursor, SEARCH_COUNT, pattern, customerId, upToMs]) as [string, number, ...string[]]
        yield { ids: ids.map(Number), answers }
        cursor = next
      } while (cursor !== '0')
    },
  }
}

export type ErasureStore = ReturnType<typeof createErasureStore>
