import type { Answer, Found, ReadOptions, TicketRepository } from '../tickets/repository.ts'
import type { Problem } from '../errors.ts'

/** Tickets of one call to Redis, and the bytes of a ticket up to which such a call reads all of them. */
const PART_TICKETS = 32
const USUAL_BYTES_MAX = 1024

export interface OrderedCall extends ReadOptions {
  /** What the tickets are read for: it bounds them in bytes, of which it tells how many there are. */
  answer: Answer & { readonly bytes: number }
}

export type Answers = ReadonlyMap<number, Found | Problem | null>

/**
 * Reads tickets so that those are left which come last when the answer is full: large ones in small parts, because the calls
 * of a large part go on side by side. Usual ones are all in the second part.
 */
export async function readInOrder (read: TicketRepository['read'], ids: readonly number[], call: OrderedCall): Promise<Answers> {
  const answers = new Map<number, Found | Problem | null>()
  let asked = 0
  for (let size = PART_TICKETS; asked < ids.length;) {
    const part = ids.slice(asked, asked + size)
    const found = await read(part, call)
    part.forEach((id, i) => { answers.set(id, found[i]!) })
    asked += part.length
    size = call.answer.bytes / asked > USUAL_BYTES_MAX ? PART_TICKETS : ids.length
  }
  return answers
}
