import type { Keys } from '../tickets/keys.ts'
import type { Scripts } from './scripts.ts'

/** Keys or marks that one call looks at, so that none occupies Redis for long. */
const STEP_COUNT = 500

/** An instance that has not gone on in this time has ended, or hangs. Another one begins again. */
const LEASE_MS = 30_000

/** Builds the indexes of the unsynced tickets of a shard anew. Every call may be repeated. */
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
     * Builds the indexes, unless they are whole or another instance does.
     * @returns whether it has built them
     */
    async rebuild (owner: string, signal: AbortSignal, onBegin: () => void): Promise<boolean> {
      if (await step('begin', owner) === '') return false
      onBegin()
      return await steps(signal, 'clear', owner, pattern) &&
        await steps(signal, 'build', owner, 'due', keys.ticketPrefix) &&
        await steps(signal, 'build', owner, 'dead', keys.ticketPrefix) &&
        await step('finish', owner) === '0'
    },
  }
}

export type IndexStore = ReturnType<typeof createIndexStore>
