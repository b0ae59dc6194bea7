/** What one caller holds of a budget. */
export interface Account { items: number, size: number }

/** Why something was refused: `caller` holds its share already; `all` together hold so much that nobody gets that much; or it has waited until it was too `late`. */
export const REFUSALS = ['caller', 'all', 'late'] as const

export type Refusal = typeof REFUSALS[number]

/** Whoever is no caller: the service's own work. No API key has a name with a colon. */
export const OWN_WORK = ':own'

/**
 * Bounds what is in memory or waits for an answer, in items and in size, in all and for each caller: an outage does not
 * fill the memory, and no caller takes the room of the others. Several queues may share one.
 */
export interface Budget {
  /** undefined when it would be too much; nothing was taken then. */
  take: (caller: string, items: number, size: number) => Account | undefined
  /** Takes what is there already and cannot be refused any more. */
  charge: (account: Account, items: number, size: number) => void
  give: (account: Account, items: number, size: number) => void
  /** Whether the caller holds its share or more. */
  isSpent: (account: Account) => boolean
  /** Something that was taken is refused all the same. */
  refuse: (refusal: Refusal) => void
}

/**
 * A caller may hold as much as is still free: alone all of `itemsMax` and `sizeMax`, beside another that asks for as much two
 * thirds of that, and so on; all together never twice as much. So there is room for whoever comes next, however many there
 * are, and no share has to be set. It is how switches share their memory among ports: dynamic queue length thresholds
 * (Choudhury and Hahne, 1998, https://doi.org/10.1109/90.664262).
 */
export function createBudget (itemsMax: number, sizeMax = Infinity, onRefused: (refusal: Refusal) => void = () => {}): Budget {
  const accounts = new Map<string, Account>()
  const total: Account = { items: 0, size: 0 }

  /** What a caller may hold when all hold these. */
  const itemsShare = (items: number) => 2 * itemsMax - items
  const sizeShare = (size: number) => 2 * sizeMax - size

  function charge (account: Account, items: number, size: number) {
    account.items += items
    account.size += size
    total.items += items
    total.size += size
  }

  return {
    take (caller, items, size) {
      let account = accounts.get(caller)
      // As many as there are API keys.
      if (!account) accounts.set(caller, account = { items: 0, size: 0 })
      const itemsLeft = itemsShare(total.items + items) - items
      const sizeLeft = sizeShare(total.size + size) - size
      if (account.items > itemsLeft || account.size > sizeLeft) {
        onRefused(itemsLeft < 0 || sizeLeft < 0 ? 'all' : 'caller')
        return undefined
      }
      charge(account, items, size)
      return account
    },

    charge,
    give: (account, items, size) => { charge(account, -items, -size) },
    isSpent: account => account.items >= itemsShare(total.items) || account.size >= sizeShare(total.size),
    refuse: onRefused,
  }
}
