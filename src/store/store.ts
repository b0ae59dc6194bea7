import { LATER } from '../util/batcher.ts'
import type { Budget } from '../util/budget.ts'
import { Problem, storeUnavailable } from '../errors.ts'
import { nextTurn } from '../util/turns.ts'
import { RedisError, toWriteProblem } from '../redis/failure.ts'
import type { Reply } from '../redis/scripts.ts'
import type { Node } from '../redis/node.ts'
import type { Strategy } from '../tickets/strategy.ts'
import { partitionOf, type Partitioning } from '../tickets/partitioning.ts'
import { byTicket, inOrder } from '../tickets/by-ticket.ts'
import type { Operation } from '../tickets/operation.ts'
import type { CallOptions, TicketRepository, Written } from '../tickets/repository.ts'
import { BYTES_PER_CALL_MAX, createOwnerBatchers, learnWhy, type Part, type Partition, type Refusal } from './owners.ts'
import { createTicketReader } from './reader.ts'
import { KNOWN_FIELDS, SCRIPTS, withSettings } from './scripts.ts'
import { createWriteCodec, type WriteCodecOptions } from './write-codec.ts'

/** Bytes that are encoded in one go, a part of a millisecond. */
const ENCODE_BYTES_MAX = 16 * 1024

export interface StoreOptions extends WriteCodecOptions {
  /** Of a Cluster; without one there is one. */
  partitions: readonly Partition[]
  partitioning: Partitioning
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

/** Of write.lua: the partition is refused. */
const REFUSED = -11
const isRefusal = (result: Reply): result is Refusal => Array.isArray(result) && result[0] === REFUSED

const untrusted = () => storeUnavailable(new RedisError('refused', 'Redis was unavailable, and is not yet known to hold all that MySQL does'))

/** Operations on one ticket. They travel together, so that nothing comes between them. */
interface OnTicket { partition: Partition, operations: readonly Operation[], json: string, bytes: number }

/** What a ticket's operations have come to; a Problem is that of each of them. */
type OfTicket = (Written | Problem)[] | Problem

/** The Redis side: every write is part of one script call, every read of another. What it does not hold is MaybeInDatabase. */
export function createTicketStore (options: StoreOptions): TicketRepository {
  const { partitions, partitioning, strategy } = options
  const { encode, toAnswer, decode } = createWriteCodec(options)

  const partitionOfTicket = (id: number) => partitions[partitionOf(id, partitioning)]!

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
    sizeOf: ({ bytes }) => bytes,
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
    if (next > 0) options.onWrite(next)
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

  return { write, read: createTicketReader(partitionOfTicket, decode, options.readBudget) }
}

const hasChangedNothing = (ofTicket: OfTicket | typeof LATER) => !Array.isArray(ofTicket) || ofTicket.every(answer => answer instanceof Problem)
