import type { Keys } from '../tickets/keys.ts'
import type { Scripts } from './scripts.ts'

/** Keys or marks that one call looks at, so that none occupies Redis for long. */
const STEP_COUNT = 500

/** An instance that has not gone on in this time has ended, or hangs. Another one begins again. */
const LEASE_MS = 30_000

/** The indexes of the unsynced tickets of a shard: builds them anew, or removes them. Every call may be repeated. */
export function createIndexStore (scripts: Scripts, keys: Keys) {
  const pattern = `${keys.index.replaceAll(/[\\*?[\]{}]/g, char => '{}'.includes(char) ? char : `\\${char}`)}:*`

  const step = async (action: string, owner: string, ...args: (string | number)[]) =>
    await scripts.reindex([keys.due, keys.dead, keys.index], [action, owner, LEASE_MS, ...args]) as string

  /** All steps of an action. Resolves with whether this instance is still the one that does it. */
  async function steps (signal: AbortSignal, action: string, owner: string, ...args: string[]): Promise<boolean> {
    let cursor = '0'
    do {
      signal.throwIfAborted()
      cursor = await step(action, owner, cursor, STEP_COUNT, ...args)
    } while (cursor !== '0' && cursor !== '')
    return cursor === '0'
  }

  return {
    /**
     * Says that the indexes are wanted for `wantedMs` from now, and builds them, unless they are whole or another instance does.
     * @returns whether it has built them
     */
    async rebuild (owner: string, wantedMs: number, signal: AbortSignal, onBegin: () => void): Promise<boolean> {
      if (await step('begin', owner, wantedMs) === '') return false
      onBegin()
      if (!await steps(signal, 'clear', owner, pattern)) return false
      // A ticket that dies, or is brought back, meanwhile is in one of them when that is looked through.
      for (const marks of ['dead', 'due', 'dead']) if (!await steps(signal, 'build', owner, marks, keys.ticketPrefix)) return false
      return await step('finish', owner) === '0'
    },

    /**
     * Has nothing put into the indexes any more, and removes them, unless they are, or another instance wants them or does.
     * @returns whether it has removed them
     */
    drop: async (owner: string, signal: AbortSignal): Promise<boolean> =>
      await step('drop', owner) !== '' && await steps(signal, 'clear', owner, pattern) && await step('finish', owner) === '0',
  }
}

export type IndexStore = ReturnType<typeof createIndexStore>
