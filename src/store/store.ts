import { LATER, type Context } from '../util/batcher.ts'
import type { Budget } from '../util/budget.ts'
import { Problem, storeUnavailable } from '../errors.ts'
import { nextTurn } from '../util/turns.ts'
import { RedisError, toReadProblem, toWriteProblem } from '../redis/failure.ts'
import type { Reply } from '../redis/scripts.ts'
import type { Node } from '../redis/node.ts'
import type { Strategy } from '../tickets/strategy.ts'
import { partitionOf } from '../tickets/keys.ts'
import { byTicket, inOrder, type Operation } from '../tickets/operation.ts'
import type { CallOptions, Found, ReadOptions, TicketRepository, Written } from '../tickets/repository.ts'
import { createOwnerBatchers, type Part, type Partition } from './owners.ts'
import { KNOWN_FIELDS, SCRIPTS, withSettings } from './scripts.ts'
import type { Ticket } from '../tickets/fields.ts'
import { MaybeInDatabase, createWriteCodec, type WriteCodecOptions } from './write-codec.ts'

/**
 * Enough to share the cost of a call, few enough that Redis works on the first ones while the others
 * of the turn are still being read. Measured with 64 connections: with 16 or 32 both work side by side;
 * without the bound each waits for the other in turn, at three quarters of the rate.
 */
const TICKETS_PER_CALL_MAX = 32

/**
 * Bytes of one call, so that none occupies Redis or this process for long; a single ticket's that are more travel alone. A script
 * stops at as many bytes of hashes, and leaves the rest to the next call.
 */
const BYTES_PER_CALL_MAX = 32 * 1024

/**
 * What is on its way to Redis and back. Another caller waits for no more than that and one call, some milliseconds. Usual tickets, of some hundred
 * bytes, fill some calls with it: enough that Redis always has the next one.
 */
const BYTES_RUNNING_MAX = 32 * 1024

/** What a ticket is taken to have at least, also where the last ones were not there: else ids of no ticket would make way for a hundred calls. */
const USUAL_TICKET_BYTES = 500

/** Of the last replies each counts by this share for what the next tickets are taken to have. */
const LAST_SHARE = 1 / 8

/** What has not even been sent after this time comes too late for any caller. It was certainly not applied. */
const WAIT_MAX_MS = 30_000

/** Bytes that are encoded in one go, a part of a millisecond. */
const ENCODE_BYTES_MAX = 16 * 1024

export interface StoreOptions extends WriteCodecOptions {
  /** Of a Cluster; without one there is one. */
  partitions: readonly Partition[]
  /** Of what waits for Redis, in tickets and bytes. */
  writeBudget: Budget
  readBudget: Budget
  strategy: Strategy
  /** ms after which a caller is told that the outcome is unknown; a write that starts later is refused. */
  commandTimeoutMs: number
  retentionSeconds: number
  idempotencySeconds: number
  /** A change stays in the change log this long; 0: there is none. */
  changesSeconds: number
  /** A script call has applied this number of operations. */
  onWrite: (operations: number) => void
}

/** Of write.lua: the first operation of a ticket that the call has not begun with. */
const NOT_BEGUN = -13

/** Of write.lua and read.lua: a partition is refused here. */
const REFUSED = -11
const UNREADABLE = 0
type Refusal = [number, string]
const isRefusal = (result: Reply): result is Refusal => Array.isArray(result) && result[0] === REFUSED

const untrusted = () => storeUnavailable(new RedisError('refused', 'Redis was unavailable, and is not yet known to hold all that MySQL does'))

/** Operations on one ticket. They travel together, so that nothing comes between them. */
interface OnTicket { partition: Partition, operations: readonly Operation[], json: string, bytes: number }

/** What a ticket's operations have come to; a Problem is that of each of them. */
type OfTicket = (Written | Problem)[] | Problem

/** The Redis side: every write is part of one script call, every read of another. What it does not hold is MaybeInDatabase. */
export function createTicketStore (options: StoreOptions): TicketRepository {
  const { partitions, strategy } = options
  const { encode, toAnswer, decode } = createWriteCodec(options)

  const partitionOfTicket = (id: number) => partitions[partitionOf(id, partitions.length)]!

  const script = withSettings(SCRIPTS.write, {
    RETENTION_SECONDS: options.retentionSeconds,
    DUE_IN: [[false, false], [false, true], [true, false], [true, true]]
      .map(([wasClosed, isClosed]) => strategy(wasClosed!, isClosed!, 0))
      .map(delay => delay === Infinity ? 'inf' : delay),
    CLOSED_STATUSES: `,${options.closedStatuses.join()},`,
    IDEMPOTENCY_SECONDS: options.idempotencySeconds,
    KNOWN_FIELDS,
    HASH_BYTES_MAX: BYTES_PER_CALL_MAX,
    CHANGES_SECONDS: options.changesSeconds,
  })

  const enqueue = createOwnerBatchers<OnTicket, OfTicket>({
    itemsMax: TICKETS_PER_CALL_MAX,
    sizeMax: BYTES_PER_CALL_MAX,
    sizeOf: ({ bytes }) => bytes,
    runningSizeMax: BYTES_RUNNING_MAX,
    waitMaxMs: WAIT_MAX_MS,
    budget: options.writeBudget,
    async ask (parts) {
      try {
        return await parts[0]!.partition.shard.call(node => writeAt(node, parts))
      } catch (error) {
        const problem = toWriteProblem(error)
        return parts.flatMap(({ items }) => items.map(() => problem))
      }
    },
  })

  async function writeAt (node: Node, parts: readonly Part<OnTicket>[]): Promise<(OfTicket | typeof LATER)[]> {
    const sentAt = performance.now()
    // It may have become another server since they were asked for.
    const trusted = parts.filter(({ partition }) => partition.isTrusted())
    const results = trusted.length > 0 ? await callWrite(node, trusted) : []
    let next = 0
    const answers = parts.flatMap<OfTicket | typeof LATER>(part => {
      if (!trusted.includes(part)) return part.items.map(untrusted)
      const first = next
      const ofPart = part.items.map(({ operations }) => results[next] === NOT_BEGUN ? LATER : operations.map(operation => toAnswer(operation, results[next++]!)))
      learnWhy(part.partition, results.slice(first, next).find(isRefusal))
      return ofPart
    })
    options.onWrite(next)
    // What was refused has changed nothing, so that there is nothing to confirm.
    if (!node.waitForReplicas || answers.every(hasChangedNothing)) return answers
    const unconfirmed = await node.waitForReplicas(sentAt + options.commandTimeoutMs - performance.now())
    if (!unconfirmed) return answers
    return answers.map(ofTicket => Array.isArray(ofTicket) ? ofTicket.map(answer => answer instanceof Problem ? answer : unconfirmed) : ofTicket)
  }

  async function callWrite (node: Node, parts: readonly Part<OnTicket>[]): Promise<Reply[]> {
    const deadline = node.clock.deadline(options.commandTimeoutMs)
    const reply = await node.run(script, [], [deadline, ...parts.flatMap(({ partition, items }) => [partition.keys.prefix, `[${items.map(({ json }) => json).join()}]`])])
    if (typeof reply === 'string') return JSON.parse(reply) as Reply[]
    node.clock.remeasure()
    throw storeUnavailable(new RedisError('late', 'the write reached Redis after its deadline'))
  }

  async function write (operations: readonly Operation[], options?: CallOptions): Promise<(Written | Problem)[]> {
    const tickets = byTicket(operations)
    const encoded: OnTicket[] = []
    let inOneGo = 0
    for (const operations of tickets) {
      // A batch of megabytes does not hold up the requests of others.
      if (inOneGo > ENCODE_BYTES_MAX) {
        await nextTurn()
        inOneGo = 0
      }
      const json = `[${operations.map(encode).join()}]`
      const bytes = Buffer.byteLength(json)
      inOneGo += bytes
      encoded.push({ partition: partitionOfTicket(operations[0]!.ticket_id), operations, json, bytes })
    }
    return inOrder(operations, tickets, await enqueue(encoded, options))
  }

  // How large a ticket is, is known when it has been read: the next are taken to be like the last ones.
  let ticketBytes = USUAL_TICKET_BYTES

  const enqueueRead = createOwnerBatchers<{ partition: Partition, id: number }, Found | Problem, Context & ReadOptions>({
    itemsMax: TICKETS_PER_CALL_MAX,
    sizeMax: BYTES_PER_CALL_MAX,
    sizeOf: () => ticketBytes,
    runningSizeMax: BYTES_RUNNING_MAX,
    waitMaxMs: WAIT_MAX_MS,
    budget: options.readBudget,
    onResult: (found, { answer }) => !answer || found instanceof Problem ? found : { ...found, ticket: answer.add(found.ticket) },
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
    const reply = await node.run(SCRIPTS.read, [], [BYTES_PER_CALL_MAX, ...parts.flatMap(({ partition, items }) => [partition.keys.prefix, items.length, ...items.map(({ id }) => id)])])
    const found = JSON.parse(reply as string) as (string[] | [number, string] | string | null)[]
    const tickets = found.filter(held => held !== null).length
    ticketBytes = Math.max(USUAL_TICKET_BYTES, ticketBytes + ((reply as string).length / tickets - ticketBytes) * LAST_SHARE)
    let next = 0
    return parts.flatMap(({ partition, items }) => items.map(({ id }) => {
      const held = found[next++]!
      if (held === null) return LATER
      if (typeof held === 'string') return new MaybeInDatabase(id, 'not_held', held)
      if (held[0] !== UNREADABLE) return toFound(decode(id, held as string[]))
      learnWhy(partition, held as [number, string])
      return toReadProblem(new RedisError('refused', `ticket ${id}: ${held[1]}`))
    }))
  }

  return {
    write,
    read: (ids, options) => enqueueRead(ids.map(id => ({ partition: partitionOfTicket(id), id })), options),
  }
}

const hasChangedNothing = (ofTicket: OfTicket | typeof LATER) => !Array.isArray(ofTicket) || ofTicket.every(answer => answer instanceof Problem)

/**
 * A script says that a partition is refused, and not where its slot is now. One key is asked for: the answer tells the shard. Nobody waits
 * for it, and what it fails with is counted as every failure of the shard.
 */
function learnWhy ({ shard, keys }: Partition, refusal: Refusal | undefined) {
  if (!refusal) return
  shard.call(async ({ client }) => {
    await client.exists(keys.due)
    throw new RedisError('refused', refusal[1])
  }).catch(() => {})
}

const toFound = (ticket: Ticket | Problem): Found | Problem => ticket instanceof Problem ? ticket : { ticket, source: 'redis' }
