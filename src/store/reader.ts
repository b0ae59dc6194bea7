import { Problem } from '../errors.ts'
import { RedisError, toReadProblem } from '../redis/failure.ts'
import type { Node } from '../redis/node.ts'
import type { Ticket } from '../tickets/fields.ts'
import type { Found, ReadOptions, TicketRepository } from '../tickets/repository.ts'
import { LATER, type Context } from '../util/batcher.ts'
import type { Budget } from '../util/budget.ts'
import { BYTES_PER_CALL_MAX, createOwnerBatchers, learnWhy, type Part, type Partition, type Refusal } from './owners.ts'
import { SCRIPTS } from './scripts.ts'
import { MaybeInDatabase } from './write-codec.ts'

/** What a ticket is taken to have at least, also where the last ones were not there: else ids of no ticket would make way for a hundred calls. */
const USUAL_TICKET_BYTES = 500

/** Of the last replies each counts by this share for what the next tickets are taken to have. */
const LAST_SHARE = 1 / 8

/** Of read.lua: the ticket cannot be read here. */
const UNREADABLE = 0

const isUnreadable = (held: string[] | Refusal): held is Refusal => held[0] === UNREADABLE

/** Reads tickets: those that are asked for in one turn are part of one script call for each server. */
export function createTicketReader (partitionOfTicket: (id: number) => Partition, decode: (id: number, flat: string[]) => Ticket | Problem, budget: Budget): TicketRepository['read'] {
  // How large a ticket is, is known when it has been read: the next are taken to be like the last ones.
  let ticketBytes = USUAL_TICKET_BYTES

  const enqueueRead = createOwnerBatchers<{ partition: Partition, id: number }, Found | Problem, Context & ReadOptions>({
    sizeOf: () => ticketBytes,
    budget,
    onResult: keep,
    async ask (parts) {
      try {
        return await parts[0]!.partition.shard.call(node => readAt(node, parts))
      } catch (error) {
        const problem = toReadProblem(error)
        return parts.flatMap(({ items }) => items.map(() => problem))
      }
    },
  })

  async function readAt (node: Node, parts: readonly Part<{ id: number }>[]): Promise<(Found | Problem | typeof LATER)[]> {
    const reply = await node.run(SCRIPTS.read, [], [BYTES_PER_CALL_MAX, ...parts.flatMap(({ partition, items }) => [partition.keys.prefix, items.map(({ id }) => id).join(' ')])])
    const found = JSON.parse(reply as string) as (string[] | Refusal | string | null)[]
    const tickets = found.filter(held => held !== null).length
    ticketBytes = Math.max(USUAL_TICKET_BYTES, ticketBytes + ((reply as string).length / tickets - ticketBytes) * LAST_SHARE)
    let next = 0
    return parts.flatMap(({ partition, items }) => items.map(({ id }) => {
      const held = found[next++]!
      if (held === null) return LATER
      if (typeof held === 'string') return new MaybeInDatabase(id, 'not_held', held)
      if (!isUnreadable(held)) return toFound(decode(id, held))
      learnWhy(partition, held)
      return toReadProblem(new RedisError('refused', `ticket ${id}: ${held[1]}`))
    }))
  }

  const read = (ids: readonly number[], options?: ReadOptions) => enqueueRead(ids.map(id => ({ partition: partitionOfTicket(id), id })), options)

  async function readUntold (ids: readonly number[], told: NonNullable<ReadOptions['told']>, options: ReadOptions) {
    const rest = ids.filter(id => !told.has(id))
    const found = rest.length > 0 ? await read(rest, options) : []
    let next = 0
    return ids.map(id => told.has(id) ? keep(told.get(id)!, options) : found[next++]!)
  }

  return (ids, options) => options?.told ? readUntold(ids, options.told, options) : read(ids, options)
}

const keep = (found: Found | Problem, { answer }: ReadOptions): Found | Problem => !answer || found instanceof Problem ? found : { ...found, ticket: answer.add(found.ticket) }

export const toFound = (ticket: Ticket | Problem): Found | Problem => ticket instanceof Problem ? ticket : { ticket, source: 'redis' }
