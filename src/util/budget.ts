/**
 * What may wait for an answer, in items and in size, so that an outage does not fill the memory.
 * Several queues may share one.
 */
export interface Budget {
  /** False when it would be too much; nothing was taken then. */
  take: (items: number, size: number) => boolean
  give: (items: number, size: number) => void
}

export function createBudget (itemsMax: number, sizeMax = Infinity): Budget {
  let items = 0
  let size = 0
  return {
    take (moreItems, moreSize) {
      if (items + moreItems > itemsMax || size + moreSize > sizeMax) return false
      items += moreItems
      size += moreSize
      return true
    },
    give (fewerItems, lessSize) {
      items -= fewerItems
      size -= lessSize
    },
  }
}
